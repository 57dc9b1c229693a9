import { expect, it } from "vitest";
import { polling, serverSentEvents } from "../../src/fallback/index.js";
import { type ClientOptions, createClient } from "../../src/index.js";
import { settled } from "../support/clock.js";
import { EvenClock } from "../support/even-clock.js";
import { protocol } from "../support/plain-protocol.js";
import { FakeServer, problem } from "./support/server.js";
import { Sockets } from "./support/sockets.js";

function bench(options: Partial<ClientOptions> = {}) {
  const server = new FakeServer();
  const clock = new EvenClock();
  const sockets = new Sockets(server);
  const http = { replayUrl: "/api/ws/replay", fetch: server.fetch, clock };
  const client = createClient(protocol, {
    url: "ws://server.example/ws",
    webSocket: sockets.make,
    fallback: [serverSentEvents({ url: "/sse", ...http }), polling(http)],
    clock,
    ...options,
  });
  const seen: (number | undefined)[] = [];
  const happened: string[] = [];
  client.onEvent("gap", ({ topic, to }) => happened.push(`gap ${topic} ${to?.seq}`));
  client.onEvent("refused", ({ topic, reason }) => happened.push(`refused ${topic}: ${reason}`));
  client.onEvent("state", (state) =>
    happened.push(
      state.status === "open" ? `open by ${state.transport}${state.probing ? " probing" : ""}` : state.status,
    ),
  );
  client.topic("a").subscribe((frame) => seen.push(frame.seq));
  return { server, clock, sockets, client, seen, happened };
}

const REFUSED = ["connecting", "waiting", "connecting", "waiting", "connecting", "waiting", "connecting"];

it("takes events where no WebSocket comes to be, and goes back to a WebSocket without losing a frame", async () => {
  const { server, clock, sockets, client, seen, happened } = bench();
  client.connect();
  // 2000, 3000 and 4500 ms after each refusal.
  await clock.advance(9499);
  expect(sockets.attempts).toBe(3);
  expect(server.asked).toEqual([]);
  await clock.advance(1);
  expect(happened.splice(0)).toEqual([...REFUSED, "open by sse"]);
  expect(server.streams).toEqual([["a"]]);
  server.publish("a");
  server.publish("a");
  await settled();
  expect(seen).toEqual([1, 2]);
  // Frames that are to be sent wait for a WebSocket.
  const sent = client.send("hello", "system" as never, {} as never);
  await clock.advance(4999);
  expect(sockets.attempts).toBe(3);
  await clock.advance(1);
  expect(sockets.attempts).toBe(4);
  for (let minute = 1; minute <= 2; minute += 1) {
    server.write(": ping\n\n");
    await clock.advance(30_000);
    server.write(": ping\n\n");
    await clock.advance(30_000);
    expect([sockets.attempts, client.state.status]).toEqual([4 + minute, "open"]);
  }
  expect(await sent).toMatchObject({ ok: false, reason: "expired" });
  server.publish("a", true);
  sockets.accepts = true;
  server.write(": ping\n\n");
  await clock.advance(30_000);
  server.write(": ping\n\n");
  await clock.advance(30_000);
  expect(happened.splice(0)).toEqual(["open by websocket"]);
  expect(server.streams).toEqual([]);
  expect(sockets.said[0]).toMatchObject({ type: "subscribe", data: { after: { a: { epoch: "e", seq: 2 } } } });
  expect(seen).toEqual([1, 2, 3]);
  client.close();
});

it("knows where topics are that had no frame yet, when it comes back", async () => {
  const { server, clock, client, seen } = bench({ fallbackAfter: 0 });
  server.publish("a");
  client.connect();
  await clock.advance(2000);
  expect(client.position("a")).toEqual({ epoch: "e", seq: 1 });
  server.publish("a", true);
  server.end();
  await clock.advance(6000);
  expect(client.state).toMatchObject({ status: "open", transport: "sse" });
  expect(seen).toEqual([2]);
  client.close();
});

it("asks for what is new where events do not come either", async () => {
  const { server, clock, client, seen, happened } = bench();
  server.answerOnce("/sse", () => new Response("<html>", { headers: { "Content-Type": "text/html" } }));
  client.connect();
  await clock.advance(9500);
  expect(happened.splice(0)).toEqual([...REFUSED, "waiting"]);
  await clock.advance(6750);
  expect(happened.splice(0)).toEqual(["connecting", "open by polling"]);
  server.publish("a");
  await clock.advance(5000);
  expect(seen).toEqual([1]);
  client.close();
});

it("tries all ways in turn while there is no server", async () => {
  const { server, clock, sockets, client } = bench();
  server.isDown = true;
  client.connect();
  await clock.advance(9500 + 6750 + 10_125);
  expect(server.queries("/sse")).toEqual([]);
  expect(server.queries("/api/ws/replay")).toHaveLength(2);
  expect(sockets.attempts).toBe(4);
  client.close();
});

it("takes events where there are no WebSockets at all", async () => {
  const { clock, client, happened } = bench({
    webSocket: () => {
      throw new ReferenceError("WebSocket is not defined");
    },
  });
  client.connect();
  await clock.advance(9500);
  expect(happened).toEqual([...REFUSED, "open by sse"]);
  client.close();
});

it("follows the topics that are wanted", async () => {
  const { server, clock, client, seen } = bench({ fallbackAfter: 0 });
  client.connect();
  await clock.advance(2000);
  const others: (number | undefined)[] = [];
  const subscription = client.topic("b").subscribe((frame) => others.push(frame.seq));
  await clock.advance(50);
  expect(server.streams).toEqual([["a", "b"]]);
  // Other events are another connection.
  expect(client.state).toMatchObject({ status: "open", connectionId: server.connections.at(-1) });
  server.publish("b");
  server.publish("a");
  await settled();
  expect([seen, others]).toEqual([[1], [1]]);
  subscription.unsubscribe();
  await clock.advance(50);
  expect(server.streams).toEqual([["a"]]);
  expect(client.state.status).toBe("open");
  client.close();
});

it("tells of gaps and of topics that are not to be had", async () => {
  const { server, clock, client, seen, happened } = bench({ fallbackAfter: 0 });
  server.forbidden.add("b");
  client.topic("b").subscribe(() => {});
  client.connect();
  await clock.advance(2000);
  server.publish("a");
  await settled();
  for (let count = 0; count < 3; count += 1) {
    server.publish("a", true);
  }
  server.log("a").frames.splice(0, 2);
  server.end();
  await clock.advance(6000);
  server.publish("a");
  await settled();
  expect(seen).toEqual([1, 5]);
  expect(happened.filter((text) => !REFUSED.includes(text))).toEqual([
    "refused b: HTTP 403: the topic is not allowed",
    "open by sse",
    "refused b: HTTP 403: the topic is not allowed",
    "open by sse",
    "gap a 4",
  ]);
  client.close();
});

it("doubts events that say nothing, and begins anew", async () => {
  const { server, clock, client, happened } = bench({ fallbackAfter: 0, upgradeMs: 3_600_000 });
  client.connect();
  await clock.advance(2000);
  happened.splice(0);
  await clock.advance(60_000);
  // The server is asked again, and answers, by another connection: nobody has to be told that something was wrong.
  expect(happened.splice(0)).toEqual(["open by sse probing", "open by sse", "open by sse"]);
  expect(server.queries("/sse")).toHaveLength(2);
  server.before = () => new Promise(() => {});
  await clock.advance(60_000);
  expect(happened.splice(0)).toEqual(["open by sse probing"]);
  await clock.advance(5000);
  expect(happened.splice(0, 1)).toEqual(["waiting"]);
  client.close();
});

it("comes back no sooner than the server wants", async () => {
  const { server, clock, client, happened } = bench({ fallbackAfter: 0 });
  server.answerOnce("/api/ws/replay", () => problem(503, "full", { "Retry-After": "30" }));
  client.connect();
  await clock.advance(2000);
  expect(client.state).toMatchObject({ status: "waiting", closing: { code: 1013, reason: "HTTP 503: full" } });
  happened.splice(0);
  await clock.advance(30_249 - 2000);
  expect(happened).toEqual([]);
  await clock.advance(1);
  expect(happened).toEqual(["connecting", "open by polling"]);
  client.close();
});

it("asks for another token where the one that it has is refused", async () => {
  const reasons: string[] = [];
  const { server, clock, client } = bench({
    fallbackAfter: 0,
    token: (reason) => {
      reasons.push(reason);
      return `token-${reasons.length}`;
    },
  });
  server.answerOnce("/api/ws/replay", () => problem(401, "the token has expired"));
  client.connect();
  await clock.advance(2000);
  expect(reasons).toEqual(["connect", "rejected"]);
  expect(server.asked.at(-1)?.headers.get("Authorization")).toBe("Bearer token-2");
  client.close();
});
