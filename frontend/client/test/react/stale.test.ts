import { describe, expect, it } from "vitest";
import type { ConnectionState } from "../../src/index.js";
import { ageText, staleRule } from "../../src/react/index.js";
import { ageLasts } from "../../src/react/stale.js";

function down(downSince: number | undefined): ConnectionState {
  return { status: "connecting", failures: 1, downSince, closing: undefined };
}

describe("ages", () => {
  it.each([
    [-5, "0 s", 1005],
    [0, "0 s", 1000],
    [12_345, "12 s", 655],
    [59_999, "59 s", 1],
    [60_000, "1 min", 60_000],
    [3_599_999, "59 min", 1],
    [7_200_000, "2 h", 3_600_000],
    [200_000_000, "2 d", 59_200_000],
  ])("%i ms are %s for another %i ms", (ms, text, lasts) => {
    expect(ageText(ms)).toBe(text);
    expect(ageLasts(ms)).toBe(lasts);
    expect(ageText(ms + lasts - 1)).toBe(text);
    expect(ageText(ms + lasts)).not.toBe(text);
  });
});

describe("stale data", () => {
  it("is not stale for five seconds, and then as old as the interruption", () => {
    const rule = staleRule(undefined, 5000);
    expect(rule(undefined, down(1000), 5999)).toEqual({ memory: undefined, view: { isStale: false }, at: 6000 });
    expect(rule(undefined, down(1000), 6000).view).toEqual({ isStale: true, age: "5 s" });
    expect(rule(undefined, down(1000), 6500).at).toBe(7000);
  });

  it("is as old as it was said to be", () => {
    expect(staleRule(500, 5000)(undefined, down(60_000), 66_000).view).toEqual({ isStale: true, age: "1 min" });
  });

  it("is not stale while it is kept up to date, and before it ever was", () => {
    const rule = staleRule(undefined, 5000);
    expect(rule(undefined, { status: "idle" }, 9000).view).toEqual({ isStale: false });
    expect(rule(undefined, down(undefined), 9000).view).toEqual({ isStale: false });
  });
});
