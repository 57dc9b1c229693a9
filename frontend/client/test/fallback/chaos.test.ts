import { expect, it } from "vitest";
import { polling, serverSentEvents } from "../../src/fallback/index.js";
import { createClient } from "../../src/index.js";
import { FakeClock, seeded } from "../support/clock.js";
import { protocol } from "../support/plain-protocol.js";
import { FakeServer } from "./support/server.js";
import { Sockets } from "./support/sockets.js";

/**
 * Frames are published while connections break, servers go away, answers are late and topics change. What each listener
 * gets is every frame once and in order, from the place where its topic was first.
 */
async function check(seed: number, ways: "sse" | "polling" | "all"): Promise<number> {
  const chance = seeded(seed);
  const below = (count: number): number => Math.floor(chance() * count);
  const clock = new FakeClock(seed);
  const server = new FakeServer();
  const sockets = new Sockets(server);
  server.pageSize = 1 + below(5);
  const http = { replayUrl: "/api/ws/replay", fetch: server.fetch, clock };
  const fallback = [serverSentEvents({ url: "/sse", ...http }), polling({ ...http, intervalMs: 1000 })];
  const client = createClient(protocol, {
    url: "ws://server.example/ws",
    webSocket: sockets.make,
    clock,
    fallbackAfter: ways === "all" ? 2 : 0,
    fallback: ways === "all" ? fallback : fallback.filter((_, index) => (index === 0) === (ways === "sse")),
    backoff: { firstMs: 200, capMs: 2000 },
    upgradeMs: 7000,
  });
  const seen = new Map<string, number[]>();
  const gaps: string[] = [];
  client.onEvent("gap", ({ topic }) => gaps.push(topic));
  const follow = (topic: string) => {
    const numbers: number[] = [];
    seen.set(topic, numbers);
    return client.topic(topic).subscribe((frame) => numbers.push(frame.seq ?? 0));
  };
  follow("a");
  follow("b");
  server.before = () =>
    below(3) === 0 ? new Promise((resolve) => clock.after(below(400), () => resolve())) : undefined;
  client.connect();
  for (let step = 0; step < 150; step += 1) {
    const dice = below(20);
    if (dice < 12) {
      server.publish(["a", "b", "c"][below(3)] ?? "a");
    } else if (dice === 12) {
      server.end();
    } else if (dice === 13) {
      server.isDown = !server.isDown;
      server.end();
    } else if (dice === 14) {
      client.simulate.cut();
    } else if (dice === 15 && !seen.has("c")) {
      follow("c");
    } else if (dice === 16) {
      client.topic(`passing ${step}`).subscribe(() => {});
    } else if (dice === 17 && ways === "all") {
      sockets.accepts = !sockets.accepts;
      sockets.end();
    }
    await clock.advance(below(600));
  }
  server.isDown = false;
  await clock.advance(30_000);
  for (const topic of seen.keys()) {
    server.publish(topic);
  }
  await clock.advance(5000);
  client.close();
  let count = 0;
  for (const [topic, numbers] of seen) {
    const { seq } = server.log(topic);
    const first = numbers[0] ?? 0;
    expect(numbers, `seed ${seed}, ${topic}`).toEqual(Array.from({ length: seq - first + 1 }, (_, at) => first + at));
    count += numbers.length;
  }
  expect(gaps, `seed ${seed}`).toEqual([]);
  return count;
}

it.each(["sse", "polling", "all"] as const)("loses and doubles nothing, whatever happens (%s)", async (ways) => {
  let count = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    count += await check(seed, ways);
  }
  expect(count).toBeGreaterThan(2000);
});
