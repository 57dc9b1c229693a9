import { describe, expect, it } from "vitest";
import { CLOSE_CODES } from "../../chat/src/index.js";
import type { Connector, TokenReason, TransportEvents } from "../src/index.js";
import { settled } from "./support/clock.js";
import { setup } from "./support/setup.js";

describe("the code with which the server closes", () => {
  for (const [name, { code, reconnect }] of Object.entries(CLOSE_CODES)) {
    it(`${code} ${name}: ${reconnect ? "comes back" : "stops"}`, async () => {
      const { client, clock, open, server } = setup();
      await open();
      await clock.advance(10_000);
      server.socket.serverClose(code, "why");
      await clock.advance(0);
      expect(client.state).toMatchObject({
        status: reconnect ? "waiting" : "stopped",
        closing: { code, reason: "why", known: { code }, planned: code === 1001 },
      });
      await clock.advance(10_000);
      expect(client.state.status).toBe(reconnect ? "open" : "stopped");
      client.close();
      await clock.advance(0);
      expect(clock.timers).toBe(0);
    });
  }

  it("that nobody knows is a failure that may pass", async () => {
    const { client, clock, open, server } = setup();
    await open();
    server.socket.serverClose(4999);
    await clock.advance(0);
    expect(client.state).toMatchObject({
      status: "waiting",
      closing: { code: 4999, known: undefined, planned: false },
    });
  });

  it("ends what waits, where the client stops", async () => {
    const { client, clock, open, server } = setup();
    await open();
    server.socket.bufferedAmount = 1e6;
    const result = client.send("send_message", "thread:a", { content: "x" });
    server.socket.serverClose(1002);
    await clock.advance(0);
    expect(await result).toMatchObject({ ok: false, reason: "closed" });
    expect(clock.timers).toBe(0);
    client.connect();
    await clock.advance(0);
    expect(client.state.status).toBe("open");
  });
});

describe("the server's notice", () => {
  it("says when to come back, and nothing makes that earlier but people", async () => {
    const window = new EventTarget();
    const { client, clock, open, server } = setup({ hints: { window, document: undefined } });
    const notices: unknown[] = [];
    client.onEvent("notice", (notice) => notices.push(notice));
    await open();
    await clock.advance(10_000);
    const at = clock.now();
    server.shutDown(7000);
    await clock.advance(0);
    expect(notices).toEqual([{ reason: "shutdown", reconnectAfterMs: 7000 }]);
    expect(client.state).toMatchObject({ status: "waiting", retryAt: at + 7000, closing: { planned: true } });
    window.dispatchEvent(new Event("online"));
    await clock.advance(6999);
    expect(client.state).toMatchObject({ status: "waiting", retryAt: at + 7000 });
    await clock.advance(1);
    expect(client.state.status).toBe("open");
    await clock.advance(10_000);
    server.shutDown(7000);
    await clock.advance(0);
    client.retryNow();
    await clock.advance(0);
    expect(client.state.status).toBe("open");
  });

  it("that asks for nothing does not make clients come at once, again and again", async () => {
    const { client, clock, open, server } = setup({ backoff: { spreadMs: 0 } });
    await open();
    for (const wait of [2000, 3000, 4500]) {
      server.say(server.socket, "disconnect_notice", { reason: "slow_consumer", reconnect_after_ms: 0 });
      server.socket.serverClose(4409);
      await clock.advance(0);
      expect(client.state).toMatchObject({ status: "waiting", retryAt: clock.now() + wait });
      await clock.advance(wait);
      expect(client.state.status).toBe("open");
    }
    await clock.advance(2000);
    server.say(server.socket, "disconnect_notice", { reason: "idle_timeout", reconnect_after_ms: 0 });
    server.socket.serverClose(4410);
    await clock.advance(0);
    expect(client.state.status).toBe("open");
  });
});

describe("a frame that does not follow the contract", () => {
  for (const [what, send] of [
    ["text", (socket: { serverText(text: string): void }) => socket.serverText('{"type":"ping"}')],
    ["bytes", (socket: { serverBinary(): void }) => socket.serverBinary()],
  ] as const) {
    it(`is reported, and ends the connection (${what})`, async () => {
      const { client, clock, log, open, server, frames } = setup();
      const violations: { readonly direction: string; readonly violations: readonly unknown[] }[] = [];
      client.onEvent("violation", (violation) => violations.push(violation));
      await open();
      const before = frames.length;
      send(server.socket);
      await clock.advance(0);
      expect(violations.map(({ direction, violations: { length } }) => [direction, length > 0])).toEqual([
        ["in", true],
      ]);
      expect(server.socket.closedWith).toBe(4002);
      expect(client.state).toMatchObject({ status: "stopped", closing: { code: 1002 } });
      expect(frames.length).toBe(before);
      expect(log.some(({ event, level }) => event === "frame.invalid" && level === "error")).toBe(true);
      await clock.advance(60_000);
      expect([server.sockets.length, clock.timers]).toEqual([1, 0]);
    });
  }
});

describe("tokens", () => {
  function withTokens(give: (reason: TokenReason) => string | Promise<string>, good: string[]) {
    const asked: TokenReason[] = [];
    const made = setup({
      token: (reason) => {
        asked.push(reason);
        return give(reason);
      },
    });
    made.server.tokens = new Set(good);
    return { ...made, asked };
  }

  it("are asked for before each attempt, and go where they should", async () => {
    const { asked, client, clock, open, server } = withTokens(() => "good", ["good"]);
    await open();
    expect([client.state.status, server.socket.protocols, asked]).toEqual([
      "open",
      ["tightwire", "bearer.good"],
      ["connect"],
    ]);
    server.socket.break();
    await clock.advance(5000);
    expect(asked).toEqual(["connect", "connect"]);
    const query = setup({ token: () => "a+b", tokenPlace: "query", url: "ws://chat.example/ws?x=1" });
    await query.open();
    expect(query.server.socket.url).toBe("ws://chat.example/ws?x=1&token=a%2Bb");
  });

  it("stop a client that has none, and one whose new one is refused too", async () => {
    const none = setup();
    none.server.tokens = new Set(["good"]);
    await none.open();
    expect(none.client.state).toMatchObject({ status: "stopped", closing: { code: 4401 } });
    const bad = withTokens(() => "bad", []);
    await bad.open();
    await bad.clock.advance(10);
    expect(bad.client.state).toMatchObject({ status: "stopped", closing: { code: 4401 } });
    expect(bad.asked).toEqual(["connect", "rejected"]);
  });

  it("that are refused are asked for anew, at once", async () => {
    const { asked, client, clock, open, states } = withTokens(
      (reason) => (reason === "rejected" ? "new" : "old"),
      ["new"],
    );
    await open();
    await clock.advance(0);
    expect([asked, client.state.status]).toEqual([["connect", "rejected"], "open"]);
    expect(states.map((state) => "closing" in state && state.closing?.planned)).toContain(true);
  });

  it("that cannot be had are asked for again, for the same reason", async () => {
    let fails = 0;
    const { asked, client, clock, open } = withTokens(
      async (reason) => {
        if (reason === "rejected" && fails === 0) {
          fails += 1;
          throw new Error("no network");
        }
        return reason === "rejected" ? "new" : "old";
      },
      ["new"],
    );
    await open();
    await clock.advance(0);
    expect(client.state).toMatchObject({ status: "waiting", closing: { reason: "no token: Error: no network" } });
    await clock.advance(10_000);
    expect([asked, client.state.status]).toEqual([["connect", "rejected", "rejected"], "open"]);
  });

  it("for which nobody waits any more are not waited for again", async () => {
    let calls = 0;
    const { client, clock, open, server } = withTokens(() => {
      calls += 1;
      return calls === 1 ? new Promise(() => {}) : "good";
    }, ["good"]);
    await open();
    await clock.advance(10_000);
    expect([client.state.status, server.sockets.length]).toEqual(["waiting", 0]);
    await clock.advance(10_000);
    expect(client.state.status).toBe("open");
  });

  it("that come too late make no connection", async () => {
    let give = (_: string) => {};
    const { client, clock, open, server } = withTokens(() => new Promise((resolve) => (give = resolve)), ["good"]);
    await open();
    client.close();
    give("good");
    await clock.advance(100);
    expect([server.sockets.length, clock.timers]).toEqual([0, 0]);
  });

  it("are renewed on a connection that is open, by the server's clock", async () => {
    let serial = 0;
    const skewMs = -3 * 3_600_000;
    const { asked, client, clock, open, server } = withTokens(() => {
      serial += 1;
      const expires = (clock.now() + skewMs) / 1000 + 600;
      const token = `h.${btoa(JSON.stringify({ exp: expires, serial })).replaceAll("=", "")}.s`;
      server.tokens?.add(token);
      return token;
    }, []);
    server.skewMs = skewMs;
    await open();
    const keepAlive = async (ms: number) => {
      for (let at = 0; at < ms; at += 20_000) {
        await clock.advance(20_000);
        server.ping();
      }
    };
    await keepAlive(520_000);
    expect(server.got("authenticate")).toEqual([]);
    await keepAlive(40_000);
    expect(server.got("authenticate")).toHaveLength(1);
    await keepAlive(540_000);
    expect(server.got("authenticate")).toHaveLength(2);
    expect(asked).toEqual(["connect", "expiring", "expiring"]);
    expect(server.sockets).toHaveLength(1);
    expect(client.state.status).toBe("open");
  });

  it("are not in the log", async () => {
    const { client, clock, open, log } = withTokens(() => "s3cret", ["s3cret"]);
    await open();
    const refreshed = client.refreshToken();
    await clock.advance(0);
    await refreshed;
    expect(log.length).toBeGreaterThan(1);
    expect(JSON.stringify(log)).not.toContain("s3cret");
  });

  it("that the server does not renew are asked for on the next connection", async () => {
    const good = ["one"];
    const { asked, client, clock, open } = withTokens(
      (reason) => (reason === "expiring" ? "bad" : (good.at(-1) ?? "")),
      good,
    );
    await open();
    await clock.advance(3000);
    const refreshed = client.refreshToken();
    refreshed.catch(() => {});
    await clock.advance(0);
    await expect(refreshed).rejects.toMatchObject({ failure: "lost" });
    await clock.advance(10);
    expect([client.state.status, asked]).toEqual(["open", ["connect", "expiring", "rejected"]]);
  });
});

describe("other ways than a WebSocket", () => {
  /** A connector whose transports the test speaks for. */
  function stub(kind: "sse" | "polling") {
    const made: { events: TransportEvents; wanted: (readonly string[])[]; closed: boolean }[] = [];
    const connector: Connector = (_token, events) => {
      const entry = { events, wanted: [] as (readonly string[])[], closed: false };
      made.push(entry);
      return {
        kind,
        send: () => false,
        want: (topics) => entry.wanted.push(topics),
        close: () => {
          entry.closed = true;
        },
      };
    };
    return { connector, made };
  }

  it("are taken in their order after attempts that failed, and left when there is a WebSocket", async () => {
    const sse = stub("sse");
    const polling = stub("polling");
    const { client, clock, server, follow, states } = setup({
      backoff: { spreadMs: 0 },
      fallback: [sse.connector, polling.connector],
      upgradeMs: 60_000,
    });
    const { seen } = follow("thread:a");
    server.network = "refused";
    client.connect();
    await clock.advance(10_000);
    expect([server.sockets.length, sse.made.length]).toEqual([3, 1]);
    expect(sse.made[0]?.wanted).toEqual([["thread:a"]]);
    sse.made[0]?.events.closed(1006, "");
    await clock.advance(7000);
    expect(polling.made).toHaveLength(1);
    polling.made[0]?.events.opened();
    expect(client.state).toMatchObject({ status: "open", transport: "polling" });
    const { made } = polling;
    server.publish("thread:a");
    const said = (seq: number) =>
      JSON.stringify({
        v: 1,
        id: "00000000-0000-7000-8000-ffffffffffff",
        type: "stream_chunk",
        topic: "thread:a",
        ts: 1,
        correlation_id: "00000000-0000-7000-8000-ffffffffffff",
        data: { stream_id: "00000000-0000-7000-8000-ffffffffffff", index: seq, delta: `x:${seq}` },
        ...server.position("thread:a"),
        seq,
      });
    made[0]?.events.text(said(1));
    // What is sent waits for a WebSocket.
    const sent = client.send("send_message", "thread:a", { content: "x" });
    client.topic("thread:b").subscribe(() => {});
    await clock.advance(1000);
    expect([client.waiting, made[0]?.wanted]).toEqual([1, [["thread:a"], ["thread:a", "thread:b"]]]);
    expect(server.sockets).toHaveLength(3);
    await clock.advance(4000);
    expect(server.sockets).toHaveLength(4);
    expect(client.state).toMatchObject({ status: "open", transport: "polling" });
    server.network = "up";
    for (let at = 0; at < 6; at += 1) {
      await clock.advance(9000);
      made[0]?.events.alive();
    }
    expect(client.state).toMatchObject({ transport: "polling" });
    await clock.advance(6000);
    expect(client.state).toMatchObject({ status: "open", transport: "websocket" });
    expect(made[0]?.closed).toBe(true);
    expect((await sent).ok).toBe(false);
    server.publish("thread:a");
    await clock.advance(0);
    expect(seen).toEqual(["1", "2"]);
    expect(states.filter(({ status }) => status === "waiting")).toHaveLength(4);
    client.close();
    await clock.advance(0);
    expect(clock.timers).toBe(0);
  });

  it("are not taken because there is no token", async () => {
    const sse = stub("sse");
    const { client, clock } = setup({ fallback: [sse.connector], token: () => Promise.reject(new Error("no")) });
    client.connect();
    await clock.advance(300_000);
    expect(sse.made).toEqual([]);
    client.close();
    await settled();
  });
});
