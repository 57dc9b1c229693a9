/** What is easily forgotten. */
import { describe, expect, it } from "vitest";
import type { Connector, RequestError, TransportEvents } from "../src/index.js";
import { setup, withoutPositions } from "./support/setup.js";

const topic = "thread:a";

/** Another way than a WebSocket, which is open once the test says so. */
function stub() {
  const made: TransportEvents[] = [];
  const connector: Connector = (_token, events) => {
    made.push(events);
    return { kind: "sse", send: () => false, want: () => {}, close: () => {} };
  };
  return { connector, made };
}

describe("frames", () => {
  it("of a topic that was left meanwhile leave no position behind", async () => {
    const { client, clock, follow, gaps, open, server } = setup();
    const { unsubscribe } = follow(topic);
    await open();
    server.publish(topic);
    await clock.advance(0);
    server.latencyMs = () => 50;
    unsubscribe();
    await clock.advance(10);
    server.publish(topic);
    server.say(server.socket, "replay_gap", { ...server.position(topic), oldest_seq: 0, latest_seq: 9 }, topic);
    await clock.advance(200);
    expect(client.position(topic)).toBeUndefined();
    expect(gaps).toEqual([]);
  });

  it("that come before a WebSocket is open on trial are nobody's", async () => {
    const sse = stub();
    const { client, clock, frames, server, states } = setup({ fallback: [sse.connector], fallbackAfter: 0 });
    client.connect();
    await clock.advance(0);
    // The WebSocket has its turn first, and again after the other way.
    server.network = "refused";
    for (let at = 0; at < 3 && sse.made.length === 0; at += 1) {
      client.retryNow();
      await clock.advance(3000);
    }
    sse.made[0]?.opened();
    expect(client.state).toMatchObject({ status: "open", transport: "sse" });
    const before = [frames.length, states.length];
    server.network = "up";
    server.tokens = new Set();
    const { opened } = server;
    server.opened = (socket) => server.ping(socket);
    await clock.advance(6000);
    expect([frames.length, states.length]).toEqual(before);
    expect(server.received).toEqual([]);
    server.opened = opened;
  });
});

describe("tokens", () => {
  it("are renewed when the server says, where they say nothing themselves", async () => {
    const { client, clock, open, server } = setup({ token: () => "opaque" });
    await open();
    const refreshed = client.refreshToken();
    await clock.advance(0);
    await refreshed;
    const before = server.got("authenticate").length;
    for (let at = 0; at < 530_000; at += 10_000) {
      await clock.advance(10_000);
      server.ping();
    }
    expect(server.got("authenticate")).toHaveLength(before);
    await clock.advance(20_000);
    expect(server.got("authenticate")).toHaveLength(before + 1);
  });
});

describe("attempts", () => {
  it("that fail for want of a token say nothing of WebSockets", async () => {
    const sse = stub();
    let fails = true;
    const { client, clock, server } = setup({
      fallback: [sse.connector],
      token: async () => {
        if (fails) {
          throw new Error("no");
        }
        return "good";
      },
    });
    client.connect();
    await clock.advance(60_000);
    fails = false;
    await clock.advance(60_000);
    expect([client.state, sse.made.length, server.sockets.length]).toMatchObject([{ transport: "websocket" }, 0, 1]);
  });

  it("that fail are counted from the last WebSocket on", async () => {
    const sse = stub();
    const { client, clock, server } = setup({ fallback: [sse.connector], backoff: { spreadMs: 0 } });
    for (let round = 0; round < 3; round += 1) {
      server.network = "refused";
      client.connect();
      server.sockets.at(-1)?.break();
      client.retryNow();
      await clock.advance(0);
      client.retryNow();
      await clock.advance(0);
      server.network = "up";
      client.retryNow();
      await clock.advance(0);
      expect(client.state).toMatchObject({ status: "open", transport: "websocket" });
    }
    expect(sse.made).toEqual([]);
  });
});

describe("what is closed", () => {
  it("listens to the page no more", async () => {
    const listening = new Set<string>();
    const target = {
      addEventListener: (type: string) => listening.add(type),
      removeEventListener: (type: string) => listening.delete(type),
      dispatchEvent: () => true,
    };
    const { client, open } = setup({ hints: { window: target, document: target } });
    await open();
    expect(listening.size).toBe(6);
    client.close();
    expect(listening.size).toBe(0);
  });

  it("has no timer left for what was subscribed to a moment before", () => {
    const { client, clock } = setup();
    client.topic(topic).subscribe(() => {});
    expect(clock.timers).toBe(1);
    client.close();
    expect(clock.timers).toBe(0);
  });
});

describe("after `rate_limited`", () => {
  it("nothing is sent for a moment", async () => {
    const { client, clock, open, server } = setup();
    await open();
    const timestamp = new Date(clock.now()).toISOString();
    server.say(server.socket, "error", { code: "rate_limited", message: "too fast", timestamp });
    await clock.advance(0);
    client.send("send_message", topic, { content: "x" });
    await clock.advance(40);
    expect(server.received).toEqual([]);
    await clock.advance(2000);
    expect(server.got("send_message")).toHaveLength(1);
  });
});

describe("a request that goes on after a reconnect", () => {
  it("has its own time again", async () => {
    const { client, clock, follow, open, server } = setup({ backoff: { spreadMs: 0 } });
    server.mute.add("send_message");
    follow(topic);
    await open();
    server.publish(topic);
    await clock.advance(0);
    const failures: [string, number][] = [];
    client
      .request("send_message", topic, { content: "?" }, { timeoutMs: 1000 })
      .catch((error: RequestError) => failures.push([error.failure, clock.elapsed]));
    await clock.advance(100);
    server.socket.break();
    const brokenAt = clock.elapsed;
    await clock.advance(30_000);
    expect(failures).toEqual([["timeout", brokenAt + 2000 + 1000]]);
  });
});

describe("requests", () => {
  it("are lost where it is not known after which frame their answer follows", async () => {
    const { client, clock, follow, open, server } = setup({}, withoutPositions);
    server.mute.add("send_message");
    follow(topic);
    await open();
    const failures: string[] = [];
    client
      .request("send_message", topic, { content: "?" })
      .catch((error: RequestError) => failures.push(error.failure));
    await clock.advance(10);
    server.socket.break();
    await clock.advance(0);
    expect(failures).toEqual(["lost"]);
  });

  it("keep their topic as long as one of them is being answered", async () => {
    const { client, clock, follow, open, server } = setup();
    server.mute.add("send_message");
    const { unsubscribe } = follow(topic);
    await open();
    const replies = [1, 2].map(() => client.request("send_message", topic, { content: "?" }));
    await clock.advance(0);
    const [first, second] = server.got("send_message");
    if (first === undefined || second === undefined) {
      throw new Error("nothing came");
    }
    server.answerMessage(first, 0, 4);
    server.answerMessage(second, 0, 4);
    await clock.advance(0);
    unsubscribe();
    server.answerMessage(first, 4);
    await clock.advance(0);
    expect(await replies[0]).toHaveLength(5);
    await clock.advance(0);
    expect(server.got("unsubscribe")).toEqual([]);
    server.answerMessage(second, 4);
    await clock.advance(0);
    expect(await replies[1]).toHaveLength(5);
    await clock.advance(0);
    expect(server.got("unsubscribe")).toHaveLength(1);
  });

  it("leave nothing behind at the signal that could have ended them", async () => {
    const { client, clock, open } = setup();
    await open();
    const listening = new Set<unknown>();
    const signal = {
      aborted: false,
      addEventListener: (_: string, listener: unknown) => listening.add(listener),
      removeEventListener: (_: string, listener: unknown) => listening.delete(listener),
    } as unknown as AbortSignal;
    const reply = client.request("ping", "system", {}, { signal });
    expect(listening.size).toBe(1);
    await clock.advance(0);
    await reply;
    expect(listening.size).toBe(0);
  });
});

describe("silence", () => {
  it("is silence for other ways than a WebSocket too", async () => {
    const sse = stub();
    const { client, clock, server } = setup({ fallback: [sse.connector], fallbackAfter: 1, backoff: { spreadMs: 0 } });
    server.network = "refused";
    client.connect();
    await clock.advance(2000);
    sse.made[0]?.opened();
    client.simulate.silence(true);
    for (let at = 0; at < 14; at += 1) {
      await clock.advance(5000);
      sse.made[0]?.alive();
    }
    expect(client.state).not.toMatchObject({ status: "open" });
  });
});

describe("a token that could not be renewed", () => {
  it("leaves no timer behind when its connection has gone", async () => {
    let refuse = () => {};
    const { client, clock, open } = setup({
      token: (reason) =>
        reason === "connect"
          ? { token: "good", expiresAt: Date.UTC(2026, 0, 1, 0, 1) }
          : new Promise((_, reject) => {
              refuse = () => reject(new Error("no"));
            }),
    });
    await open();
    await clock.advance(54_000);
    client.close();
    refuse();
    await clock.advance(0);
    expect(clock.timers).toBe(0);
  });
});
