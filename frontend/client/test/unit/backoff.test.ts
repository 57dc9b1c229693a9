import { describe, expect, it } from "vitest";
import { BACKOFF, backoffDelay, failuresAfter } from "../../src/backoff.js";

describe("the wait", () => {
  const waits = (jitter: "spread" | "full", random: number) =>
    [1, 2, 3, 4, 5, 9, 10, 50].map((failures) => backoffDelay({ ...BACKOFF, jitter }, failures, random));

  it("grows by half from 2 s, and is 60 s at most", () => {
    expect(waits("spread", 0.5)).toEqual([2000, 3000, 4500, 6750, 10_125, 51_258, 60_000, 60_000]);
  });

  it("is half a second longer or shorter at random", () => {
    expect(waits("spread", 0)).toEqual([1500, 2500, 4000, 6250, 9625, 50_758, 59_500, 59_500]);
    expect(waits("spread", 1)).toEqual([2500, 3500, 5000, 7250, 10_625, 51_758, 60_500, 60_500]);
  });

  it("is anything up to that with full jitter", () => {
    expect(waits("full", 0)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(waits("full", 0.5)).toEqual([1000, 1500, 2250, 3375, 5063, 25_629, 30_000, 30_000]);
    expect(waits("full", 1)).toEqual(waits("spread", 0.5));
  });

  it("is never negative, nor endless", () => {
    expect(backoffDelay({ ...BACKOFF, firstMs: 100 }, 1, 0)).toBe(0);
    expect(backoffDelay(BACKOFF, 0, 0.5)).toBe(2000);
    expect(backoffDelay(BACKOFF, 1e6, 0.5)).toBe(60_000);
  });
});

describe("failures", () => {
  it("count from one again after two minutes", () => {
    expect([0, 119_999, 120_000, 1e9, -5].map((openMs) => failuresAfter(BACKOFF, 7, openMs))).toEqual([8, 8, 1, 1, 8]);
  });
});
