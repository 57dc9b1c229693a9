import { describe, expect, it } from "vitest";
import type { Closing, ConnectionState } from "../../src/index.js";
import { type BannerMemory, type BannerView, bannerRule } from "../../src/react/index.js";

const closing: Closing = { code: 1006, reason: "", known: undefined, planned: false };
const open: ConnectionState = {
  status: "open",
  since: 0,
  transport: "websocket",
  connectionId: undefined,
  probing: false,
};

function waiting(downSince: number | undefined, retryAt: number, offline = false): ConnectionState {
  return { status: "waiting", retryAt, offline, failures: 1, downSince, closing };
}

function connecting(downSince: number | undefined): ConnectionState {
  return { status: "connecting", failures: 0, downSince, closing: undefined };
}

/** The views of a rule for states at times, and when it wants to be asked again. */
function views(...steps: readonly (readonly [now: number, ConnectionState])[]): (readonly [BannerView, unknown])[] {
  const rule = bannerRule();
  let memory: BannerMemory | undefined;
  return steps.map(([now, state]) => {
    const judged = rule(memory, state, now);
    memory = judged.memory;
    return [judged.view, judged.at] as const;
  });
}

describe("the banner", () => {
  it("says nothing for five seconds, and is asked again then", () => {
    const state = waiting(1000, 9000);
    expect(views([1000, state], [5999, state], [6000, state])).toEqual([
      [{ kind: "none" }, 6000],
      [{ kind: "none" }, 6000],
      [{ kind: "waiting", seconds: 3, wasLive: true }, 7000],
    ]);
  });

  it("counts down in whole seconds, to one", () => {
    const state = waiting(0, 12_500);
    expect(views([5500, state], [11_500, state], [12_499, state], [13_000, state])).toEqual([
      [{ kind: "waiting", seconds: 7, wasLive: true }, 6500],
      [{ kind: "waiting", seconds: 1, wasLive: true }, 12_500],
      [{ kind: "waiting", seconds: 1, wasLive: true }, 12_500],
      [{ kind: "waiting", seconds: 1, wasLive: true }, undefined],
    ]);
  });

  it("never speaks of an interruption that is over within five seconds, nor of its end", () => {
    expect(views([0, waiting(0, 2000)], [2000, connecting(0)], [4900, open]).map(([view]) => view.kind)).toEqual([
      "none",
      "none",
      "none",
    ]);
  });

  it("says for a while that it is over", () => {
    const steps = views([6000, connecting(0)], [7000, open], [10_999, open], [11_000, open], [20_000, open]);
    expect(steps).toEqual([
      [{ kind: "connecting", wasLive: true }, undefined],
      [{ kind: "back", wasLive: true }, 11_000],
      [{ kind: "back", wasLive: true }, 11_000],
      [{ kind: "none" }, undefined],
      [{ kind: "none" }, undefined],
    ]);
  });

  it("stops saying so when it is interrupted again", () => {
    const steps = views([6000, connecting(0)], [7000, open], [8000, waiting(8000, 9000)], [9000, open], [9500, open]);
    expect(steps.map(([view]) => view.kind)).toEqual(["connecting", "back", "none", "none", "none"]);
  });

  it("tells the first connection from one that is back", () => {
    const [, , back] = views([0, connecting(undefined)], [6000, waiting(undefined, 9000)], [7000, open]);
    expect(back).toEqual([{ kind: "back", wasLive: false }, 11_000]);
  });

  it("counts from the first attempt where there never was a connection", () => {
    expect(
      views([100, connecting(undefined)], [2000, waiting(undefined, 8000)], [5100, waiting(undefined, 8000)]),
    ).toEqual([
      [{ kind: "none" }, 5100],
      [{ kind: "none" }, 5100],
      [{ kind: "waiting", seconds: 3, wasLive: false }, 6000],
    ]);
  });

  it("has other words where there is no network, and does not count", () => {
    expect(views([9000, waiting(0, 60_000, true)])).toEqual([[{ kind: "offline", wasLive: true }, undefined]]);
  });

  it("says at once that nothing will happen any more", () => {
    const state: ConnectionState = { status: "stopped", closing, downSince: 10 };
    expect(views([10, state])).toEqual([[{ kind: "stopped", closing }, undefined]]);
  });

  it("says nothing where the application has closed the client, or not connected it", () => {
    const closed: ConnectionState = { status: "stopped", closing: undefined, downSince: 0 };
    expect(views([9000, closed], [9000, { status: "idle" }])).toEqual([
      [{ kind: "none" }, undefined],
      [{ kind: "none" }, undefined],
    ]);
  });
});
