import { describe, expect, it } from "vitest";
import { setup } from "./support/setup.js";

describe("connecting", () => {
  it("does nothing before connect()", async () => {
    const { client, clock, server } = setup();
    client.topic("thread:a").subscribe(() => {});
    await clock.advance(60_000);
    expect([client.state, server.sockets.length]).toEqual([{ status: "idle" }, 0]);
  });

  it("is open when the server has said so, and asks for the topics in one frame", async () => {
    const { client, open, server, states } = setup();
    client.topic("thread:b").subscribe(() => {});
    client.topic("thread:a").subscribe(() => {});
    await open();
    expect(states.map(({ status }) => status)).toEqual(["connecting", "open"]);
    expect(client.state).toMatchObject({ status: "open", transport: "websocket", probing: false });
    expect(server.socket.protocols).toEqual([]);
    expect(server.got("subscribe").map(({ data }) => data)).toEqual([
      { topics: ["thread:b", "thread:a"], positions: true },
    ]);
  });

  it("tells what comes before what is said to it", async () => {
    const { client, open } = setup();
    const packets: string[] = [];
    client.onEvent("packet", ({ direction, frame }) => packets.push(`${direction} ${frame?.type}`));
    client.topic("thread:a").subscribe(() => {});
    await open();
    expect(packets).toEqual(["in connection_established", "out subscribe", "in subscription_updated"]);
  });

  it("asks for nothing where a component comes, goes and comes in one turn", async () => {
    const { client, clock, open, server } = setup();
    await open();
    const first = client.topic("thread:a").subscribe(() => {});
    first.unsubscribe();
    first.unsubscribe();
    client.topic("thread:a").subscribe(() => {});
    await clock.advance(0);
    expect(server.received.map(({ type }) => type)).toEqual(["subscribe"]);
    const second = client.topic("thread:b").subscribe(() => {});
    second.unsubscribe();
    await clock.advance(10);
    expect(server.received).toHaveLength(1);
  });

  it("leaves a topic with its last listener", async () => {
    const { client, clock, open, server } = setup();
    await open();
    const listeners = [client.topic("thread:a").subscribe(() => {}), client.topic("thread:a").subscribe(() => {})];
    await clock.advance(0);
    listeners[0]?.unsubscribe();
    await clock.advance(0);
    expect(server.received.map(({ type }) => type)).toEqual(["subscribe"]);
    listeners[1]?.unsubscribe();
    await clock.advance(0);
    expect(server.received.map(({ type }) => type)).toEqual(["subscribe", "unsubscribe"]);
  });

  it("waits longer after each attempt that fails, and begins anew after a stable connection", async () => {
    const { client, clock, server, states } = setup({ backoff: { spreadMs: 0 } });
    server.network = "refused";
    client.connect();
    await clock.advance(15_000);
    const waits = states
      .filter((state) => state.status === "waiting")
      .map(({ retryAt, failures }) => ({ retryAt, failures }));
    expect(waits.slice(1).map(({ retryAt }, at) => retryAt - (waits[at]?.retryAt ?? 0))).toEqual([3000, 4500, 6750]);
    expect(waits.map(({ failures }) => failures)).toEqual([1, 2, 3, 4]);
    server.network = "up";
    await clock.advance(10_000);
    expect(client.state.status).toBe("open");
    await clock.advance(10_000);
    server.socket.break();
    expect(client.state).toMatchObject({ status: "waiting", failures: 5 });
    await clock.advance(20_000);
    expect(client.state.status).toBe("open");
    for (let at = 0; at < 5; at += 1) {
      await clock.advance(30_000);
      server.ping();
    }
    await clock.advance(0);
    server.socket.break();
    expect(client.state).toMatchObject({ status: "waiting", failures: 1 });
  });

  it("gives an attempt up that comes to nothing", async () => {
    const { client, clock, server } = setup();
    server.network = "silent";
    client.connect();
    await clock.advance(9999);
    expect(client.state.status).toBe("connecting");
    await clock.advance(1);
    expect(client.state).toMatchObject({
      status: "waiting",
      closing: { code: 1006, reason: "timeout" },
    });
    expect(server.socket.closedWith).toBe(4006);
  });

  it("says since when there are no live updates", async () => {
    const { client, clock, open, server } = setup();
    await open();
    await clock.advance(5000);
    const at = clock.now();
    server.network = "refused";
    server.socket.break();
    await clock.advance(60_000);
    expect(client.state).toMatchObject({ downSince: at });
    client.close();
    expect(client.state).toMatchObject({ status: "stopped", downSince: at, closing: undefined });
  });

  it("makes the next attempt when asked", async () => {
    const { client, clock, open, server } = setup();
    await open();
    server.socket.break();
    expect(client.state.status).toBe("waiting");
    client.retryNow();
    await clock.advance(0);
    expect(client.state.status).toBe("open");
    client.retryNow();
    await clock.advance(10_000);
    expect(server.sockets).toHaveLength(2);
  });

  it("closes, leaves nothing behind, and connects again with its subscriptions", async () => {
    const { client, clock, open, server } = setup();
    client.topic("thread:a").subscribe(() => {});
    await open();
    client.close();
    client.close();
    await clock.advance(0);
    expect(server.socket.closedWith).toBe(1000);
    expect(clock.timers).toBe(0);
    expect(await client.send("send_message", "thread:a", { content: "x" })).toMatchObject({
      ok: false,
      reason: "closed",
    });
    await open();
    expect(client.state.status).toBe("open");
    expect(server.got("subscribe")).toHaveLength(2);
    client.close();
    client.connect();
    client.connect();
    await clock.advance(0);
    expect(server.sockets).toHaveLength(3);
    client.close();
    await clock.advance(0);
    expect(clock.timers).toBe(0);
  });

  it("leaves no timer behind from any state", async () => {
    for (const network of ["up", "refused", "silent"] as const) {
      const { client, clock, server } = setup({ token: () => new Promise(() => {}) });
      server.network = network;
      client.topic("thread:a").subscribe(() => {});
      client.send("send_message", "thread:a", { content: "x" });
      client.connect();
      await clock.advance(500);
      client.close();
      await clock.advance(0);
      expect(clock.timers).toBe(0);
    }
  });

  it("can be closed by whoever is told of a state", async () => {
    for (const status of ["connecting", "open", "waiting"] as const) {
      const { client, clock, server } = setup();
      client.topic("thread:a").subscribe(() => {});
      client.onEvent("state", (state) => state.status === status && client.close());
      client.connect();
      await clock.advance(0);
      server.sockets[0]?.break();
      await clock.advance(60_000);
      expect([status, client.state.status, clock.timers]).toEqual([status, "stopped", 0]);
      expect(server.sockets.filter(({ isOpen }) => isOpen)).toEqual([]);
    }
  });

  it("tells everybody of all states in the same order", async () => {
    const { client, clock, open } = setup();
    const seen: string[] = [];
    client.onEvent("state", ({ status }) => status === "open" && client.simulate.cut());
    client.onEvent("state", ({ status }) => seen.push(status));
    await open();
    expect(seen).toEqual(["connecting", "open", "waiting"]);
    client.close();
    await clock.advance(0);
  });

  it("logs its life, and no tokens", async () => {
    const { client, clock, log, server } = setup({
      token: () => "se=cret",
      webSocket: (url, protocols) => {
        throw new SyntaxError(`The subprotocol '${protocols[1]}' of '${url}' is invalid.`);
      },
    });
    client.connect();
    await clock.advance(0);
    expect(server.sockets).toHaveLength(0);
    expect(client.state).toMatchObject({ status: "waiting", closing: { reason: "no way to connect: SyntaxError" } });
    expect(log.map(({ event }) => event)).toEqual(["connection.connecting", "connection.closed", "connection.waiting"]);
    expect(JSON.stringify([log, client.state])).not.toContain("cret");
    client.close();
  });

  it("asks for the address before each attempt", async () => {
    const urls: string[] = [];
    const { client, clock, server } = setup({ url: () => `ws://chat.example/${server.sockets.length}` });
    client.connect();
    await clock.advance(0);
    server.socket.break();
    await clock.advance(3000);
    urls.push(...server.sockets.map(({ url }) => url));
    expect(urls).toEqual(["ws://chat.example/0", "ws://chat.example/1"]);
  });
});
