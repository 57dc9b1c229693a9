/**
 * How long to wait before the next attempt to connect. Pure: what has happened goes in, a number comes out.
 */

/** How waits grow, and how they are spread. Every time is in milliseconds. */
export interface BackoffOptions {
  /** The wait after the first failure. Default: 2000. */
  readonly firstMs: number;
  /** By how much each further wait is longer. Default: 1.5. */
  readonly factor: number;
  /** No wait is longer than this, the spread aside. Default: 60 000. */
  readonly capMs: number;
  /** By how much a wait is made longer or shorter at random, with `jitter: "spread"`. Default: 500. */
  readonly spreadMs: number;
  /** After a connection that was open for this long the waits begin anew. Default: 120 000. */
  readonly stableMs: number;
  /**
   * `spread`: the wait give or take `spreadMs`: people see a countdown that they can expect. `full`: anything between
   * nothing and the wait: a server that comes back is not met by all of its clients at once. Default: `spread`.
   */
  readonly jitter: "spread" | "full";
}

/** What applies where nothing is said. */
export const BACKOFF: BackoffOptions = {
  firstMs: 2000,
  factor: 1.5,
  capMs: 60_000,
  spreadMs: 500,
  stableMs: 120_000,
  jitter: "spread",
};

/**
 * The wait, in milliseconds, after `failures` attempts in a row that came to nothing (1 for the first). `random` is from
 * 0 to 1.
 */
export function backoffDelay(options: BackoffOptions, failures: number, random: number): number {
  const wait = Math.min(options.capMs, options.firstMs * options.factor ** Math.max(0, failures - 1));
  const spread = options.jitter === "full" ? wait * (random - 1) : options.spreadMs * (2 * random - 1);
  return Math.max(0, Math.round(wait + spread));
}

/** How many failures in a row there are after a connection that was open for `openMs` ended. */
export function failuresAfter(options: BackoffOptions, failures: number, openMs: number): number {
  return openMs >= options.stableMs ? 1 : failures + 1;
}
