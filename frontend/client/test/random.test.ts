import { describe, expect, it } from "vitest";
import { seeded } from "./support/clock.js";
import { setup } from "./support/setup.js";

const TOPICS = ["thread:a", "thread:b", "thread:c"] as const;

/**
 * Faults at random, for as long as a minute of the clock has; then a network that works. Whatever happened: an application
 * has seen every frame of its topics once and in order, from the first that it could see on, but for what it was told of.
 */
async function faults(seed: number): Promise<void> {
  const random = seeded(seed);
  const { client, clock, follow, open, server } = setup({ probeMs: 1000, connectMs: 2000 }, undefined, seed);
  const below = (limit: number) => Math.floor(random() * limit);
  server.latencyMs = () => below(80);
  server.kept = 15;
  server.pingMs = 2000;
  const followed = TOPICS.map((topic) => ({ topic, ...follow(topic) }));
  client.connect();
  await clock.advance(1000);
  expect(client.state.status).toBe("open");
  const published: Record<string, string[]> = Object.fromEntries(TOPICS.map((topic) => [topic, []]));
  for (let step = 0; step < 400; step += 1) {
    const topic = TOPICS[below(3)] ?? TOPICS[0];
    const dice = random();
    if (dice < 0.6) {
      const { seq } = server.publish(topic);
      published[topic]?.push(`${seq}`);
    } else if (dice < 0.63) {
      server.socket.break();
    } else if (dice < 0.65) {
      server.socket.isSilent = true;
    } else if (dice < 0.67) {
      server.network = (["up", "refused", "silent"] as const)[below(3)] ?? "up";
    } else if (dice < 0.68) {
      server.shutDown(below(1000));
    } else if (dice < 0.69) {
      clock.jump(below(100_000) - 50_000);
    } else if (dice < 0.695) {
      server.loseLog(topic);
      published[topic] = [];
    } else if (dice < 0.7) {
      client.simulate.cut();
    } else if (dice < 0.75) {
      client.retryNow();
    } else if (dice < 0.8) {
      server.ping();
    }
    await clock.advance(below(150));
  }
  server.network = "up";
  await clock.advance(120_000);
  expect(client.state).toMatchObject({ status: "open" });
  for (const topic of TOPICS) {
    published[topic]?.push(`${server.publish(topic).seq}`);
  }
  await clock.advance(1000);
  for (const { topic, seen } of followed) {
    expect(client.position(topic), `the position of ${topic} with seed ${seed}`).toEqual(server.position(topic));
    const parts = seen.join(" ").split(/ ?gap ?/);
    for (const part of parts) {
      const numbers = part.split(" ").filter((word) => /^\d+$/.test(word));
      const dense = numbers.map((_, at) => `${Number(numbers[0]) + at}`);
      expect(numbers, `the frames of ${topic} with seed ${seed}`).toEqual(dense);
    }
    // After the last gap nothing is missing up to the last frame.
    const last = (parts.at(-1) ?? "").split(" ").filter((word) => /^\d+$/.test(word));
    expect(last.at(-1), `the last frame of ${topic} with seed ${seed}`).toBe(published[topic]?.at(-1));
    if (parts.length === 1) {
      expect(seen, `all frames of ${topic} with seed ${seed}`).toEqual(published[topic]);
    }
  }
  expect(server.rateLimited).toBe(0);
  client.close();
  await clock.advance(1000);
  expect(clock.timers).toBe(0);
  await open();
  client.close();
}

describe("faults at random", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    it(`lose and double nothing (seed ${seed})`, () => faults(seed));
  }
});
