import { describe, expect, it } from "vitest";
import { Outbox, type OutboxOptions } from "../../src/outbox.js";
import { seeded } from "../support/clock.js";

function outbox(options: Partial<OutboxOptions> = {}) {
  const box = new Outbox({ frames: 5, bytes: 100, ageMs: 60_000, ...options });
  const fates: string[] = [];
  const push = (id: string, since = 0, bytes = 10) =>
    box.push({
      frame: { v: 1, id, type: "t", topic: "a", ts: 0, data: {} },
      text: id,
      bytes,
      since,
      settle: (fate) => fates.push(`${id} ${fate}`),
    });
  const sent: string[] = [];
  const drain = (now: number, limit = Number.POSITIVE_INFINITY) =>
    box.drain(now, ({ text }) => {
      const takes = sent.length < limit;
      if (takes) {
        sent.push(text);
      }
      return takes;
    });
  return { box, fates, push, sent, drain };
}

describe("what waits", () => {
  it("is bounded by frames and by bytes", () => {
    const { box, push } = outbox();
    expect(["a", "b", "c", "d", "e", "f"].map((id) => push(id))).toEqual([true, true, true, true, true, false]);
    box.clear();
    expect([push("a", 0, 60), push("b", 0, 41), push("c", 0, 40), push("d", 0, 1)]).toEqual([true, false, true, false]);
    expect(box.length).toBe(2);
  });

  it("goes in order, and tells what became of it once", () => {
    const { box, drain, fates, push, sent } = outbox();
    box.open(undefined, undefined, 0);
    push("a");
    push("b");
    push("c");
    expect(drain(0, 2)).toBeUndefined();
    expect([sent, fates, box.length]).toEqual([["a", "b"], ["a sent", "b sent"], 1]);
    drain(0);
    box.clear();
    expect(fates).toEqual(["a sent", "b sent", "c sent"]);
  });

  it("is given up when it is too old, withdrawn, or the client is closed", () => {
    const { box, fates, push } = outbox();
    push("a", 0);
    push("b", 1000);
    push("c", 2000);
    push("d", 3000);
    expect(box.expire(59_999)).toBe(1);
    expect(box.expire(60_000)).toBe(1000);
    box.withdraw("c");
    box.withdraw("nobody");
    expect(box.expire(61_000)).toBe(2000);
    box.clear();
    expect(fates).toEqual(["a expired", "b expired", "d closed"]);
    expect(box.expire(0)).toBeUndefined();
  });

  it("does not outlive a clock that was set back", () => {
    const { box, fates, push } = outbox();
    push("a", 10_000_000);
    expect(box.expire(9_999_000)).toBe(59_000);
    expect(box.expire(0)).toBeUndefined();
    expect(fates).toEqual(["a expired"]);
  });

  it("is not sent where it is too old, though a connection is there now", () => {
    const { box, drain, fates, push, sent } = outbox();
    push("a", 0);
    box.open(undefined, undefined, 60_000);
    drain(60_000);
    expect([sent, fates]).toEqual([[], ["a expired"]]);
  });
});

describe("the pace", () => {
  it("is half of the burst, then the rate", () => {
    const { box, drain, push, sent } = outbox();
    box.open(10, 4, 0);
    for (const id of ["a", "b", "c", "d", "e"]) {
      push(id);
    }
    expect(drain(0)).toBe(100);
    expect(sent).toEqual(["a", "b"]);
    expect(drain(50)).toBe(50);
    expect(drain(100)).toBe(100);
    expect(drain(300)).toBeUndefined();
    expect(sent).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("counts what goes beside the queue", () => {
    const { box, drain, push, sent } = outbox();
    box.open(10, 4, 0);
    box.spend(1, 0);
    box.spend(1, 0);
    box.spend(1, 0);
    push("a");
    expect(drain(0)).toBe(200);
    expect(drain(200)).toBeUndefined();
    expect(sent).toEqual(["a"]);
  });

  it("is that of the next connection from its beginning on", () => {
    const { box } = outbox();
    box.open(1, 2, 0);
    box.spend(5, 0);
    expect(box.pace(0)).toBe(5000);
    box.open(1, 2, 0);
    expect(box.pace(0)).toBe(0);
  });

  it("gains nothing from a clock that was set back, and no more than the burst from one that was set forward", () => {
    const { box } = outbox();
    box.open(10, 4, 1_000_000);
    box.spend(2, 1_000_000);
    expect(box.pace(0)).toBe(100);
    expect(box.pace(100)).toBe(0);
    box.spend(1, 90_000_000);
    expect(box.pace(90_000_000)).toBe(0);
    box.spend(1, 90_000_000);
    expect(box.pace(90_000_000)).toBe(100);
  });

  it("never asks more of the server than its token bucket has, wherever frames are sent and held up", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = seeded(seed);
      const { box, drain, push, sent } = outbox({ frames: 1000, bytes: 1e6 });
      box.open(20, 40, 0);
      let tokens = 40;
      let filledAt = 0;
      let arrivesAt = 0;
      for (let now = 0; now < 20_000; now += Math.floor(random() * 50)) {
        if (random() < 0.7) {
          push(`${now}`, now);
        }
        if (random() < 0.02) {
          box.spend(1, now);
          sent.push("pong");
        }
        const before = sent.length;
        drain(now);
        // The network holds frames up for as much as a second.
        arrivesAt = Math.max(arrivesAt, now + random() * 900);
        for (let count = before; count < sent.length; count += 1) {
          tokens = Math.min(40, tokens + ((arrivesAt - filledAt) * 20) / 1000) - 1;
          filledAt = arrivesAt;
          expect(tokens, `seed ${seed} at ${now}`).toBeGreaterThanOrEqual(0);
        }
      }
      expect(sent.length).toBeGreaterThan(300);
    }
  });
});
