/**
 * Time, as everything here gets it: tests hand in a clock of their own.
 *
 * `now` is the wall clock and not a monotonic one, because that is what goes on while a laptop sleeps.
 */

/** What a clock gives for a timer, to take it back with. */
export type Timer = unknown;

/** A source of time and of chance. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `then` once, after `ms` milliseconds or later. */
  after(ms: number, then: () => void): Timer;
  /** Takes a timer back. */
  cancel(timer: Timer): void;
  /** A number from 0 (included) to 1 (not included). */
  random(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, then) => setTimeout(then, ms),
  cancel: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  random: () => Math.random(),
};
