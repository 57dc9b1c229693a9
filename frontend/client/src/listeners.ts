/** Functions that want to be told. One that throws does not keep the others from being told: its error is reported. */

/** Takes a listener back. */
export type Unsubscribe = () => void;

/** Listeners for one kind of thing. The same function may be there twice, and is then called twice. */
interface Group {
  all: readonly { readonly listener: (value: never) => void }[];
  /** What is being told, and what happened meanwhile: everybody hears of everything in the same order. */
  readonly untold: unknown[];
}

/** Listeners, by the name of what they listen to. */
export class Listeners {
  readonly #groups = new Map<string, Group>();

  /** Whether somebody listens. */
  has(name: string): boolean {
    return this.#groups.has(name);
  }

  /** Adds a listener, until the function that it returns is called. */
  add(name: string, listener: (value: never) => void): Unsubscribe {
    const group = this.#groups.get(name) ?? { all: [], untold: [] };
    const entry = { listener };
    group.all = [...group.all, entry];
    this.#groups.set(name, group);
    return () => {
      group.all = group.all.filter((other) => other !== entry);
      if (group.all.length === 0 && this.#groups.get(name) === group) {
        this.#groups.delete(name);
      }
    };
  }

  /** Tells all that are there now, in the order in which they came. */
  tell(name: string, value: unknown): void {
    const group = this.#groups.get(name);
    if (group?.untold.push(value) === 1) {
      for (; group.untold.length > 0; group.untold.shift()) {
        for (const { listener } of group.all) {
          guarded(listener, group.untold[0] as never);
        }
      }
    }
  }
}

/** Calls what others have written: its errors are theirs, and go where those of tasks of their own go. */
export function guarded<Value>(listener: (value: Value) => void, value: Value): void {
  try {
    listener(value);
  } catch (error) {
    (globalThis.reportError ?? console.error)(error);
  }
}
