import { describe, expect, it } from "vitest";
import { settled } from "./support/clock.js";
import { setup, withoutPositions } from "./support/setup.js";

const topic = "thread:a";

describe("after a reconnect", () => {
  it("come the frames that were missed, once and in order, and then live ones", async () => {
    const { clock, follow, gaps, open, server } = setup();
    const { seen } = follow(topic);
    await open();
    server.publish(topic);
    server.publish(topic);
    await clock.advance(0);
    server.socket.break();
    server.publish(topic);
    server.publish(topic);
    await clock.advance(10_000);
    server.publish(topic);
    await clock.advance(0);
    expect(seen).toEqual(["1", "2", "3", "4", "5"]);
    expect(gaps).toEqual([]);
    expect(server.got("subscribe").at(-1)?.data.after).toEqual({ [topic]: { ...server.position(topic), seq: 2 } });
  });

  it("a topic that was quiet misses nothing either, where the server tells positions", async () => {
    const { clock, follow, gaps, open, server } = setup();
    server.publish(topic);
    const { seen } = follow(topic);
    await open();
    expect(seen).toEqual([]);
    server.socket.break();
    server.publish(topic);
    await clock.advance(10_000);
    expect(seen).toEqual(["2"]);
    expect(gaps).toEqual([]);
    expect(server.got("subscribe").map(({ data }) => data)).toEqual([
      { topics: [topic], positions: true },
      { topics: [topic], after: { [topic]: { ...server.position(topic), seq: 1 } }, positions: true },
    ]);
  });

  it("a topic to which nothing had ever come misses nothing, and frames behind the position are told once", async () => {
    const { clock, follow, gaps, open, server } = setup();
    const { seen } = follow(topic);
    await open();
    server.publish(topic);
    await clock.advance(0);
    const other = follow("thread:b");
    await clock.advance(0);
    server.socket.break();
    server.publish("thread:b");
    server.publish("thread:b");
    await clock.advance(10_000);
    server.publish("thread:b");
    await clock.advance(0);
    expect([seen, other.seen, gaps]).toEqual([["1"], ["1", "2", "3"], []]);
  });

  it("a topic that was quiet may have missed something, where the server does not", async () => {
    const { clock, follow, gaps, open, server } = setup({}, withoutPositions);
    const { seen } = follow(topic);
    await open();
    server.socket.break();
    await clock.advance(10_000);
    expect(gaps).toEqual([{ topic, from: undefined, to: undefined }]);
    expect(seen).toEqual(["gap"]);
  });

  it("a topic that was never granted has missed nothing", async () => {
    const { clock, follow, gaps, open, server } = setup();
    server.mute.add("subscribe");
    follow(topic);
    await open();
    server.socket.break();
    await clock.advance(10_000);
    expect(gaps).toEqual([]);
  });

  it("what is no longer kept is a gap", async () => {
    const { clock, follow, gaps, open, server } = setup();
    server.kept = 2;
    const { seen } = follow(topic);
    await open();
    server.publish(topic);
    await clock.advance(0);
    server.socket.break();
    for (let at = 0; at < 5; at += 1) {
      server.publish(topic);
    }
    await clock.advance(10_000);
    server.publish(topic);
    await clock.advance(0);
    const { epoch } = server.position(topic);
    expect(gaps).toEqual([{ topic, from: { epoch, seq: 1 }, to: { epoch, seq: 6 } }]);
    // The server's own frame about it comes after the event.
    expect(seen).toEqual(["1", "gap", "replay_gap", "7"]);
  });

  it("a log that was lost is a gap, and its positions are not compared", async () => {
    const { clock, follow, gaps, open, server } = setup();
    const { seen } = follow(topic);
    await open();
    server.publish(topic);
    server.publish(topic);
    await clock.advance(0);
    const before = server.position(topic);
    server.loseLog(topic);
    server.publish(topic);
    await clock.advance(0);
    expect(gaps).toEqual([{ topic, from: before, to: { epoch: server.position(topic).epoch, seq: 0 } }]);
    expect(seen).toEqual(["1", "2", "gap", "1"]);
  });

  it("a hole among live frames is a gap", async () => {
    const { clock, follow, gaps, open, server } = setup();
    const { seen } = follow(topic);
    await open();
    server.publish(topic);
    await clock.advance(0);
    server.socket.isSilent = true;
    server.publish(topic);
    await clock.advance(0);
    server.socket.isSilent = false;
    server.publish(topic);
    await clock.advance(0);
    const { epoch } = server.position(topic);
    expect(gaps).toEqual([{ topic, from: { epoch, seq: 1 }, to: { epoch, seq: 2 } }]);
    expect(seen).toEqual(["1", "gap", "3"]);
  });

  it("more topics than a frame takes are asked for in several", async () => {
    const { clock, client, open, server } = setup();
    server.limits = { ...server.limits, subscriptions_per_connection: 1000 };
    for (let at = 0; at < 250; at += 1) {
      client.topic(`thread:${at}`).subscribe(() => {});
    }
    await open();
    for (let at = 0; at < 250; at += 1) {
      server.publish(`thread:${at}`);
    }
    await clock.advance(0);
    server.socket.break();
    await clock.advance(10_000);
    const asked = server.got("subscribe").map(({ data }) => [data.topics.length, Object.keys(data.after ?? {}).length]);
    expect(asked).toEqual([
      [100, 0],
      [100, 0],
      [50, 0],
      [100, 100],
      [100, 100],
      [50, 50],
    ]);
    expect(server.rateLimited).toBe(0);
  });
});

describe("listeners", () => {
  it("that come later get what comes from then on", async () => {
    const { clock, follow, open, server } = setup();
    const first = follow(topic);
    await open();
    server.publish(topic);
    await clock.advance(0);
    const second = follow(topic);
    await clock.advance(0);
    server.publish(topic);
    await clock.advance(0);
    expect([first.seen, second.seen]).toEqual([["1", "2"], ["2"]]);
    expect(server.got("subscribe")).toHaveLength(1);
    first.unsubscribe();
    server.publish(topic);
    await clock.advance(0);
    expect([first.seen, second.seen]).toEqual([
      ["1", "2"],
      ["2", "3"],
    ]);
  });

  it("that left a topic have missed nothing of it when they come back", async () => {
    for (const isDown of [false, true]) {
      const { client, clock, follow, gaps, open, server } = setup();
      const first = follow(topic);
      await open();
      server.publish(topic);
      await clock.advance(0);
      if (isDown) {
        server.socket.break();
      }
      first.unsubscribe();
      await clock.advance(100);
      expect(client.position(topic)).toBeUndefined();
      server.publish(topic);
      const second = follow(topic);
      await clock.advance(10_000);
      server.publish(topic);
      await clock.advance(0);
      expect([second.seen, gaps]).toEqual([["3"], []]);
    }
  });

  it("that throw are reported, and the others are told all the same", async () => {
    const reported: unknown[] = [];
    const { reportError } = globalThis;
    globalThis.reportError = (error) => reported.push(error);
    try {
      const { client, clock, follow, open, server } = setup();
      client.topic(topic).subscribe(() => {
        throw new Error("a listener's own");
      });
      client.onEvent("frame", () => {
        throw new Error("another");
      });
      const { seen } = follow(topic);
      await open();
      server.publish(topic);
      await clock.advance(0);
      expect(seen).toEqual(["1"]);
      expect(client.state.status).toBe("open");
      expect(reported.map(String)).toContain("Error: a listener's own");
      const reply = client.request(
        "ping",
        "system",
        {},
        { onFrame: () => Promise.reject(new Error("x")).catch(() => {}) },
      );
      await clock.advance(0);
      expect((await reply).type).toBe("pong");
    } finally {
      globalThis.reportError = reportError;
    }
  });
});

describe("a topic that the server refuses", () => {
  it("is told of, not asked for again on this connection, and asked for on the next", async () => {
    const { clock, follow, open, refusals, server } = setup();
    server.forbidden.add(topic);
    follow(topic);
    const other = follow("thread:b");
    await open();
    const refusal = { topic, reason: "the server says topic_forbidden", code: "topic_forbidden" };
    expect(refusals).toEqual([refusal]);
    other.unsubscribe();
    follow("thread:c");
    await clock.advance(60_000);
    expect(refusals).toHaveLength(1);
    expect(server.got("subscribe").map(({ data }) => data.topics)).toEqual([[topic, "thread:b"], ["thread:c"]]);
    server.forbidden.clear();
    server.socket.break();
    await clock.advance(10_000);
    expect(server.got("subscribe").at(-1)?.data.topics).toEqual([topic, "thread:c"]);
    expect(refusals).toHaveLength(1);
  });

  it("is asked for again for each listener that comes, and not left where it never was", async () => {
    const { clock, follow, open, refusals, server } = setup();
    server.forbidden.add(topic);
    const first = follow(topic);
    await open();
    const second = follow(topic);
    await clock.advance(0);
    expect(refusals).toHaveLength(2);
    first.unsubscribe();
    second.unsubscribe();
    await clock.advance(0);
    expect(server.got("unsubscribe")).toEqual([]);
  });

  it("since there were too many is asked for when there is room", async () => {
    const { clock, follow, open, refusals, server } = setup();
    server.limits = { ...server.limits, subscriptions_per_connection: 2 };
    const first = follow("thread:a");
    follow("thread:b");
    const third = follow("thread:c");
    await open();
    expect(refusals).toMatchObject([{ topic: "thread:c", code: "too_many_subscriptions" }]);
    first.unsubscribe();
    await clock.advance(0);
    server.publish("thread:c");
    await clock.advance(0);
    expect(third.seen).toEqual(["1"]);
  });

  it("is not even asked for where there is no such topic", async () => {
    const { clock, client, open, refusals, server } = setup();
    await open();
    const { unsubscribe } = client.topic("nothing:a" as "thread:a").subscribe(() => {});
    await clock.advance(0);
    expect([refusals, server.received]).toEqual([[{ topic: "nothing:a", reason: "no such topic" }], []]);
    unsubscribe();
    await clock.advance(0);
    expect([server.received, clock.timers > 0]).toEqual([[], true]);
  });
});

describe("subscriptions", () => {
  it("that change quickly stay within the server's rate", async () => {
    const { client, clock, follow, open, server } = setup();
    await open();
    for (let at = 0; at < 500; at += 1) {
      const { unsubscribe } = client.topic(`thread:${at % 7}`).subscribe(() => {});
      await clock.advance(10);
      unsubscribe();
    }
    const { seen } = follow(topic);
    await clock.advance(5000);
    expect(server.rateLimited).toBe(0);
    server.publish(topic);
    await clock.advance(0);
    expect(seen).toEqual(["1"]);
    client.send("send_message", topic, { content: "x" });
    await settled();
  });
});
