/**
 * What browsers say about network and page: reasons to look after the connection, never proof. Does nothing where there
 * is no window (on a server, in a worker without these events).
 */

/** What may have happened. */
export type Hint =
  /** There may be a network again. */
  | "online"
  /** There may be none. */
  | "offline"
  /** The page is seen again, came out of the cache for going back and forth, or was thawed. */
  | "awake"
  /** The page goes into that cache, where an open connection is not allowed. */
  | "asleep";

/** Something to listen to: `window` and `document`, or what stands in for them in a test. */
export interface HintTargets {
  readonly window?:
    | (Pick<EventTarget, "addEventListener" | "removeEventListener"> & {
        readonly navigator?: { readonly onLine?: boolean };
      })
    | undefined;
  readonly document?:
    | (Pick<EventTarget, "addEventListener" | "removeEventListener"> & { readonly visibilityState?: string })
    | undefined;
}

/** The page's own. */
export function pageTargets(): HintTargets {
  return globalThis as HintTargets;
}

/** Tells of hints until the function that it returns is called. */
export function watchHints({ window, document }: HintTargets, tell: (hint: Hint) => void): () => void {
  const listener = ({ type, persisted }: Event & { readonly persisted?: boolean }): void => {
    if (type === "online" || type === "offline") {
      tell(type);
    } else if (persisted ?? document?.visibilityState !== "hidden") {
      // `persisted` is said of pages that go into the cache, or come out of it.
      tell(type === "pagehide" ? "asleep" : "awake");
    }
  };
  const each = (change: "addEventListener" | "removeEventListener"): void => {
    for (const type of ["online", "offline", "pageshow", "pagehide"]) {
      window?.[change](type, listener);
    }
    for (const type of ["visibilitychange", "resume"]) {
      document?.[change](type, listener);
    }
  };
  each("addEventListener");
  if (window?.navigator?.onLine === false) {
    tell("offline");
  }
  return () => each("removeEventListener");
}
