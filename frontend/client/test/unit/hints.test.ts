import { describe, expect, it } from "vitest";
import { type Hint, watchHints } from "../../src/hints.js";

function bench(onLine?: boolean) {
  const window = Object.assign(new EventTarget(), onLine === undefined ? {} : { navigator: { onLine } });
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const hints: Hint[] = [];
  const stop = watchHints({ window, document }, (hint) => hints.push(hint));
  const say = (target: EventTarget, type: string, persisted?: boolean) => {
    target.dispatchEvent(Object.assign(new Event(type), persisted === undefined ? {} : { persisted }));
    return hints.splice(0);
  };
  return { window, document, hints, stop, say };
}

describe("hints", () => {
  it("are what the page says of its network", () => {
    const { say, window } = bench();
    expect([say(window, "online"), say(window, "offline")]).toEqual([["online"], ["offline"]]);
  });

  it("are what it says of being seen", () => {
    const { document, say } = bench();
    expect([say(document, "visibilitychange"), say(document, "resume")]).toEqual([["awake"], ["awake"]]);
    document.visibilityState = "hidden";
    expect([say(document, "visibilitychange"), say(document, "resume")]).toEqual([[], []]);
  });

  it("are what it says of the cache for going back and forth", () => {
    const { document, say, window } = bench();
    expect([say(window, "pageshow", true), say(window, "pagehide", true)]).toEqual([["awake"], ["asleep"]]);
    expect([say(window, "pageshow", false), say(window, "pagehide", false)]).toEqual([[], []]);
    document.visibilityState = "hidden";
    expect(say(window, "pagehide", true)).toEqual(["asleep"]);
  });

  it("begin with what is known already", () => {
    expect([bench(false).hints, bench(true).hints]).toEqual([["offline"], []]);
  });

  it("end", () => {
    const { document, say, stop, window } = bench();
    stop();
    expect([say(window, "online"), say(document, "resume"), say(window, "pagehide", true)]).toEqual([[], [], []]);
  });

  it("need no page", () => {
    const hints: Hint[] = [];
    watchHints({}, (hint) => hints.push(hint))();
    watchHints({ window: undefined, document: undefined }, (hint) => hints.push(hint))();
    const window = new EventTarget();
    watchHints({ window }, (hint) => hints.push(hint));
    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    expect(hints).toEqual(["awake"]);
  });
});
