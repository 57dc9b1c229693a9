/**
 * Guard, check and ajv give the same verdict on frames that were changed at random. Seeded, so a failure comes again.
 */
import { describe, expect, it } from "vitest";
import { checkClientFrame, checkServerFrame, isClientFrame, isServerFrame } from "../src/index.js";
import { ajvValidators } from "./support/ajv.js";
import { caseFiles } from "./support/cases.js";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const ROUNDS = 10_000;

/** Values that sit on some limit of the contract, or are of another type. */
const VALUES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1,
  1.5,
  2 ** 53 - 1,
  2 ** 53,
  "",
  "x",
  "x".repeat(64),
  "x".repeat(65),
  "🙂".repeat(128),
  "x".repeat(16_001),
  "system",
  "thread:welcome",
  "thread:",
  "2026-02-29T00:00:00Z",
  "2024-02-29T23:59:60Z",
  "0F5AE2F4-6a3e-4c55-9d1c-2f6f0a4d8b11",
  "agent_status",
  [],
  {},
];

/** A small generator of numbers that look random (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** All arrays and objects in a value. */
function containers(value: Json): (Json[] | { [key: string]: Json })[] {
  if (value === null || typeof value !== "object") {
    return [];
  }
  return [value, ...Object.values(value).flatMap(containers)];
}

/** Changes, removes, adds or copies something somewhere in a frame; never its `type`, which chooses the schema. */
function mutate(frame: Json, random: (below: number) => number): void {
  const all = containers(frame);
  const container = all[random(all.length)] as { [key: string]: Json };
  const keys = Object.keys(container).filter((key) => !(container === frame && key === "type"));
  const key = keys[random(keys.length)];
  const value = structuredClone(VALUES[random(VALUES.length)] as Json);
  const action = random(5);
  if (Array.isArray(container) && (action === 0 || key === undefined)) {
    container.push(random(2) === 0 ? value : structuredClone((container[0] as Json | undefined) ?? value));
  } else if (action === 1 || key === undefined) {
    container[["extra", "seq", "epoch", "metadata", "toString", "after"][random(6)] as string] = value;
  } else if (action === 2 && !Array.isArray(container)) {
    delete container[key];
  } else if (action === 3 && all.length > 1) {
    container[key] = structuredClone(all[1 + random(all.length - 1)] as Json);
  } else {
    container[key] = value;
  }
}

describe.each(["to_server", "to_client"] as const)("%s", (direction) => {
  it(`on ${ROUNDS} frames`, () => {
    const validators = ajvValidators(direction);
    const [guard, check] =
      direction === "to_server" ? [isClientFrame, checkClientFrame] : [isServerFrame, checkServerFrame];
    const originals = caseFiles
      .filter((file) => file.direction === direction)
      .flatMap(({ cases }) => cases.filter(({ verdict, frame }) => verdict === "accept" && frame !== undefined))
      .map(({ frame }) => frame as { [key: string]: Json });
    const random = generator(20260101);
    const verdicts = { accepted: 0, refused: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      const frame = structuredClone(originals[random(originals.length)] as { [key: string]: Json });
      for (let changes = random(3); changes >= 0; changes -= 1) {
        mutate(frame, random);
      }
      const expected = validators.get(String(frame.type))?.(frame) ?? false;
      const found = check(frame);
      expect([guard(frame), found.length === 0], JSON.stringify({ frame, found })).toEqual([expected, expected]);
      verdicts[expected ? "accepted" : "refused"] += 1;
    }
    // A test that never sees one of the verdicts proves little.
    expect(verdicts.accepted).toBeGreaterThan(ROUNDS / 50);
    expect(verdicts.refused).toBeGreaterThan(ROUNDS / 50);
  });
});
