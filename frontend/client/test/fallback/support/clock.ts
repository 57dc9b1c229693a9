import type { Clock, Timer } from "../../../src/index.js";

interface Entry {
  readonly at: number;
  readonly then: () => void;
}

/** A clock that stands still until it is told otherwise. */
export class ManualClock implements Clock {
  #now = 1_767_225_600_000;
  readonly #timers = new Set<Entry>();

  now(): number {
    return this.#now;
  }

  after(ms: number, then: () => void): Timer {
    const entry = { at: this.#now + ms, then };
    this.#timers.add(entry);
    return entry;
  }

  cancel(timer: Timer): void {
    this.#timers.delete(timer as Entry);
  }

  random(): number {
    return 0.5;
  }

  /** Lets time pass, and all that follows from it happen at its time. */
  async pass(ms: number): Promise<void> {
    await settle();
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) {
        break;
      }
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.then();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets all that is under way come to rest: promises, and the parts of streams. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
