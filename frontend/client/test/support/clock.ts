/** Time that stands still until it is told to go on. */
import type { Clock, Timer } from "../../src/index.js";

interface Entry {
  readonly at: number;
  readonly then: () => void;
}

/** A clock of which tests say what time it is. */
export class FakeClock implements Clock {
  readonly #entries = new Set<Entry>();
  #random: () => number;
  /** What timers go by. */
  #elapsed = 0;
  /** What is shown is so much ahead of that. */
  #offset = Date.UTC(2026, 0, 1);

  constructor(seed = 1) {
    this.#random = seeded(seed);
  }

  now(): number {
    return this.#elapsed + this.#offset;
  }

  after(ms: number, then: () => void): Timer {
    const entry = { at: this.#elapsed + Math.max(0, ms), then };
    this.#entries.add(entry);
    return entry;
  }

  cancel(timer: Timer): void {
    this.#entries.delete(timer as Entry);
  }

  random(): number {
    return this.#random();
  }

  /** What timers go by: it knows nothing of jumps. */
  get elapsed(): number {
    return this.#elapsed;
  }

  /** How many timers run. */
  get timers(): number {
    return this.#entries.size;
  }

  /** Lets time go by. Timers fire in order, and what they resolve is done before the next one. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settled();
    for (;;) {
      let next: Entry | undefined;
      for (const entry of this.#entries) {
        if (entry.at <= end && (next === undefined || entry.at < next.at)) {
          next = entry;
        }
      }
      if (next === undefined) {
        break;
      }
      this.#elapsed = Math.max(this.#elapsed, next.at);
      this.#entries.delete(next);
      next.then();
      await settled();
    }
    this.#elapsed = end;
  }

  /** The clock shows another time, and no timer has noticed: the machine slept, or somebody set the clock. */
  jump(ms: number): void {
    this.#offset += ms;
  }
}

/** Everything that promises have promised until now is done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
