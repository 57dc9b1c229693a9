import { describe, expect, it } from "vitest";
import { OUTAGE, peak, recovered, simulate } from "../bench/reconnects.js";

describe("10 000 clients that lose one server", () => {
  for (const awayMs of [0, 1000, 5000, 10_000, 30_000]) {
    it(`come back less at once with full jitter, after ${awayMs} ms`, () => {
      for (let seed = 1; seed <= 3; seed += 1) {
        const outage = { ...OUTAGE, awayMs, untilMs: 300_000 };
        const [spread, full] = [simulate("spread", outage, seed), simulate("full", outage, seed)];
        expect(peak(full, outage)).toBeLessThan(0.8 * peak(spread, outage));
        expect(recovered(spread, outage)).toBeDefined();
        expect(recovered(full, outage)).toBeDefined();
      }
    });
  }

  it("do the same with the same seed", () => {
    expect(simulate("full", OUTAGE, 7)).toEqual(simulate("full", OUTAGE, 7));
    expect(simulate("full", OUTAGE, 7)).not.toEqual(simulate("full", OUTAGE, 8));
  });
});
