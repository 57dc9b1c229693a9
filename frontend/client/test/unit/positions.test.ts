import { describe, expect, it } from "vitest";
import { Positions } from "../../src/positions.js";
import type { ServerFrameBase } from "../../src/protocol.js";

function frame(seq?: number, epoch = "e", topic = "a"): ServerFrameBase {
  const position = seq === undefined ? {} : { seq, epoch };
  return { v: 1, id: "i", type: "t", topic, ts: 0, correlation_id: "c", data: {}, ...position };
}

describe("a frame", () => {
  it("follows the one before", () => {
    const positions = new Positions();
    expect([5, 6, 7].map((seq) => positions.arrive(frame(seq)))).toEqual(["next", "next", "next"]);
    expect(positions.get("a")).toEqual({ epoch: "e", seq: 7 });
  });

  it("without a position is next, and changes nothing", () => {
    const positions = new Positions();
    expect(positions.arrive(frame())).toBe("next");
    expect(positions.get("a")).toBeUndefined();
  });

  it("that was delivered already is a duplicate", () => {
    const positions = new Positions();
    positions.arrive(frame(5));
    expect([5, 4, 1].map((seq) => positions.arrive(frame(seq)))).toEqual(["duplicate", "duplicate", "duplicate"]);
    expect(positions.arrive(frame(1, "e", "b"))).toBe("next");
    expect(positions.get("a")?.seq).toBe(5);
  });

  it("after a hole comes after a gap", () => {
    const positions = new Positions();
    positions.arrive(frame(5));
    expect(positions.arrive(frame(8))).toEqual({
      topic: "a",
      from: { epoch: "e", seq: 5 },
      to: { epoch: "e", seq: 7 },
    });
    expect(positions.arrive(frame(9))).toBe("next");
  });

  it("of another epoch comes after a gap, whatever its number", () => {
    const positions = new Positions();
    positions.arrive(frame(5));
    expect(positions.arrive(frame(6, "f"))).toMatchObject({ from: { epoch: "e" }, to: { epoch: "f", seq: 5 } });
    expect(positions.arrive(frame(1, "g"))).toMatchObject({ from: { epoch: "f" }, to: { epoch: "g", seq: 0 } });
  });
});

describe("positions", () => {
  it("are learnt only where they were not known", () => {
    const positions = new Positions();
    positions.learn("a", { epoch: "e", seq: 5 });
    positions.learn("a", { epoch: "e", seq: 9 });
    expect(positions.get("a")).toEqual({ epoch: "e", seq: 5 });
    expect(positions.arrive(frame(6))).toBe("next");
  });

  it("go on behind what is lost", () => {
    const positions = new Positions();
    positions.arrive(frame(5));
    const to = { epoch: "f", seq: 9 };
    expect(positions.lost("a", to)).toEqual({ topic: "a", from: { epoch: "e", seq: 5 }, to });
    expect(positions.arrive(frame(9, "f"))).toBe("duplicate");
    expect(positions.arrive(frame(10, "f"))).toBe("next");
    expect(positions.lost("b", to)).toEqual({ topic: "b", from: undefined, to });
  });

  it("are said of the topics that are asked for, and kept of those that are had", () => {
    const positions = new Positions();
    positions.arrive(frame(1, "e", "a"));
    positions.arrive(frame(2, "e", "b"));
    expect(positions.after(["b", "c"])).toEqual({ b: { epoch: "e", seq: 2 } });
    positions.keep((topic) => topic === "b");
    expect(positions.after(["a", "b"])).toEqual({ b: { epoch: "e", seq: 2 } });
  });
});
