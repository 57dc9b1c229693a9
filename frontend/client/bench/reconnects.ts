/**
 * 10 000 clients lose their server at the same moment. It is back after a while, and takes so many connections per second;
 * the others are refused, and try again. The waits are those of the client's own `backoff`, and nothing else spreads them.
 */
import { BACKOFF, type BackoffOptions, backoffDelay } from "../src/backoff.js";

/** What happens to the server. */
export interface Outage {
  readonly clients: number;
  /** For how long it is away, in milliseconds. */
  readonly awayMs: number;
  /** How many connections it takes per second. */
  readonly perSecond: number;
  /** For how long to look, in milliseconds. */
  readonly untilMs: number;
}

/** What comes to the server, by tenths of a second. */
export interface Rates {
  /** Attempts, whatever becomes of them. */
  readonly attempts: readonly number[];
  /** Connections that it takes. */
  readonly connections: readonly number[];
}

export const OUTAGE: Outage = { clients: 10_000, awayMs: 5000, perSecond: 1000, untilMs: 90_000 };

/** A tenth of a second. */
const STEP_MS = 100;

/** How many attempts a character of the chart stands for. */
const CHARACTER = 250;

/** Goes through an outage. */
export function simulate(jitter: BackoffOptions["jitter"], outage: Outage = OUTAGE, seed = 1): Rates {
  const options = { ...BACKOFF, jitter };
  const random = seeded(seed);
  const attempts = new Array<number>(Math.ceil(outage.untilMs / STEP_MS)).fill(0);
  const connections = [...attempts];
  // By the millisecond at which they try, with the failures that they have behind them.
  const due: number[][] = Array.from({ length: outage.untilMs }, () => []);
  const tryLater = (now: number, failures: number): void => {
    due[now + Math.max(1, backoffDelay(options, failures, random()))]?.push(failures);
  };
  for (let client = 0; client < outage.clients; client += 1) {
    tryLater(0, 1);
  }
  for (const [now, trying] of due.entries()) {
    const step = Math.floor(now / STEP_MS);
    for (const failures of trying) {
      attempts[step] = (attempts[step] ?? 0) + 1;
      if (now >= outage.awayMs && (connections[step] ?? 0) < (outage.perSecond * STEP_MS) / 1000) {
        connections[step] = (connections[step] ?? 0) + 1;
      } else {
        tryLater(now, failures + 1);
      }
    }
  }
  return { attempts, connections };
}

/** The largest number of attempts in any second since the server is back. */
export function peak({ attempts }: Rates, { awayMs }: Outage = OUTAGE): number {
  const seen = attempts.slice(awayMs / STEP_MS);
  return Math.max(...seen.map((_, step) => sum(seen.slice(step, step + 1000 / STEP_MS))));
}

/** After how many seconds everybody is connected; `undefined` if that takes longer. */
export function recovered({ connections }: Rates, { clients }: Outage = OUTAGE): number | undefined {
  const step = connections.findIndex((_, at) => sum(connections.slice(0, at + 1)) === clients);
  return step < 0 ? undefined : ((step + 1) * STEP_MS) / 1000;
}

/** A line for each second in which something happens, and what it comes to. */
export function report(outage: Outage = OUTAGE): string {
  const rates = { spread: simulate("spread", outage), full: simulate("full", outage) };
  const lines = [`second  ${"spread".padEnd(36)}full`];
  const last = Math.max(...Object.values(rates).map((each) => recovered(each, outage) ?? outage.untilMs / 1000));
  for (let second = 0; second < last; second += 1) {
    const counts = Object.values(rates).map(({ attempts }) =>
      sum(attempts.slice((second * 1000) / STEP_MS, ((second + 1) * 1000) / STEP_MS)),
    );
    if (counts.some((count) => count >= 10)) {
      const columns = counts.map((count) =>
        `${String(count).padStart(5)} ${"#".repeat(Math.ceil(count / CHARACTER))}`.padEnd(36),
      );
      lines.push(`${String(second).padStart(6)}  ${columns.join("")}`.trimEnd());
    }
  }
  lines.push("");
  for (const [name, each] of Object.entries(rates)) {
    const seconds = recovered(each, outage);
    lines.push(
      `${name.padEnd(6)}  at most ${peak(each, outage)} attempts in a second, all connected after ${seconds} s`,
    );
  }
  return lines.join("\n");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The same numbers from 0 to 1 for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
