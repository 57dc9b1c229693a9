import { describe, expect, it } from "vitest";
import { heard, judge, probed } from "../../src/watchdog.js";

const at = (ms: number) => 1_000_000 + ms;
const verdict = (dog: ReturnType<typeof heard>, ms: number, hint = false) => judge(dog, 60_000, 5000, at(ms), hint);

describe("a connection from which something was heard", () => {
  it("is left in peace until it was silent for too long", () => {
    const dog = heard(at(0));
    expect([0, 1000, 59_999, 60_000, 3_600_000].map((ms) => verdict(dog, ms))).toEqual([
      60_000,
      59_000,
      1,
      "probe",
      "probe",
    ]);
  });

  it("is doubted at once for a reason", () => {
    expect(verdict(heard(at(0)), 0, true)).toBe("probe");
  });

  it("is doubted sooner, never later, where the clock was set", () => {
    expect(verdict(heard(at(0)), -10_000)).toBe(50_000);
    expect(verdict(heard(at(0)), -3_600_000)).toBe("probe");
  });
});

describe("a connection that was probed", () => {
  const dog = probed(heard(at(0)), at(60_000));

  it("is replaced where it does not answer in time, however late the timer", () => {
    expect([60_000, 61_000, 64_999, 65_000, 9_000_000].map((ms) => verdict(dog, ms))).toEqual([
      5000,
      4000,
      1,
      "replace",
      "replace",
    ]);
  });

  it("is given no more time by another reason to doubt, or another probe", () => {
    expect(verdict(dog, 62_000, true)).toBe(3000);
    expect(verdict(probed(dog, at(64_000)), 65_000)).toBe("replace");
  });

  it("is trusted again once something was heard", () => {
    expect(verdict(heard(at(62_000)), 62_000)).toBe(60_000);
  });
});
