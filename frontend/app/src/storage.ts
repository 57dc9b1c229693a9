/** What the browser keeps for this page. Where it keeps nothing (private windows, full disks) the page works without. */

/** Reads a value. */
export function recall(storage: () => Storage, key: string): string | undefined {
  try {
    return storage().getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a value, or forgets it. */
export function keep(storage: () => Storage, key: string, value: string | undefined): void {
  try {
    if (value === undefined) {
      storage().removeItem(key);
    } else {
      storage().setItem(key, value);
    }
  } catch {
    // It is kept until the page is left.
  }
}
