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
  readonly window: Pick<EventTarget, "addEventListener" | "removeEventListener"> | undefined;
  readonly document:
    | (Pick<EventTarget, "addEventListener" | "removeEventListener"> & { readonly visibilityState?: string })
    | undefined;
}

/** The page's own. */
export function pageTargets(): HintTargets {
  const { window, document } = globalThis as { window?: HintTargets["window"]; document?: HintTargets["document"] };
  return { window, document };
}

/** Tells of hints until the function that it returns is called. */
export function watchHints({ window, document }: HintTargets, tell: (hint: Hint) => void): () => void {
  const seen = () => document?.visibilityState !== "hidden" && tell("awake");
  const entries: [HintTargets["window"], string, (event: Event) => void][] = [
    [window, "online", () => tell("online")],
    [window, "offline", () => tell("offline")],
    [window, "pageshow", (event) => (event as PageTransitionEvent).persisted && tell("awake")],
    [window, "pagehide", (event) => (event as PageTransitionEvent).persisted && tell("asleep")],
    [document, "visibilitychange", seen],
    [document, "resume", seen],
  ];
  for (const [target, type, listener] of entries) {
    target?.addEventListener(type, listener);
  }
  return () => {
    for (const [target, type, listener] of entries) {
      target?.removeEventListener(type, listener);
    }
  };
}
