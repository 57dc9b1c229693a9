/**
 * Sends what goes wrong to the server's log: in batches, no more often than agreed, and with patience where the server
 * has none. It is told by code that has other worries, so it never throws.
 */
import { type Clock, systemClock, type Timer } from "../clock.js";
import { type HintTargets, pageTargets } from "../hints.js";
import type { Log, LogEntry, LogLevel } from "../log.js";
import { isAtLeast } from "./level.js";
import { type Batch, Lines, lineOf } from "./lines.js";

/** What is sent, and how. Every time is in milliseconds. */
export interface RemoteLogOptions {
  /** What matters less is left out. Default: `warn`. */
  readonly level?: LogLevel;
  /** For how long lines are gathered, and how much time there is between requests at least. Default: 5000. */
  readonly intervalMs?: number;
  /** How many lines may wait. Default: 200. */
  readonly lines?: number;
  /** Gives the token. Without it none is sent. */
  readonly token?: () => string | undefined | Promise<string | undefined>;
  /** Where the token goes: the header `Authorization`, or the parameter `token` of the query. Default: `header`. */
  readonly tokenPlace?: "header" | "query";
  /** Where in the application something happens. Default: the page's path, without its query. */
  readonly place?: () => string | undefined;
  /** Asks. Default: the browser's. */
  readonly fetch?: typeof fetch;
  /** Time and chance. Default: the machine's. */
  readonly clock?: Clock;
  /** What tells that the page goes. Default: `window` and `document`, where they are. */
  readonly page?: HintTargets;
}

/** A log on the server. */
export interface RemoteLog extends Log {
  /** Sends what waits now, in a way that outlives the page. */
  flush(): void;
  /** Sends what waits, and takes nothing more. */
  close(): void;
}

/** The longest wait after failures, in ms. */
const PATIENCE_MS = 300_000;

/** How many batches a page that goes may still send: browsers take 64 KiB in all. */
const LAST_BATCHES = 2;

/** A log that goes to `POST /api/client-logs`. */
export function remoteLog(url: string, options: RemoteLogOptions = {}): RemoteLog {
  const sender = new Sender(url, options);
  const log = (entry: LogEntry): void => sender.take(entry);
  return Object.assign(log, { flush: () => sender.flush(), close: () => sender.close() });
}

class Sender {
  readonly #url: string;
  readonly #options: RemoteLogOptions;
  readonly #clock: Clock;
  readonly #lines: Lines;
  readonly #unwatch: () => void;
  #timer: Timer;
  /** Whether a request is under way, or will be at its time. */
  #isBusy = false;
  #isClosed = false;
  #failures = 0;
  /** The last token that was given, for requests that cannot wait for another. */
  #token: string | undefined;

  constructor(url: string, options: RemoteLogOptions) {
    this.#url = url;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#lines = new Lines(options.lines ?? 200);
    const { window, document } = options.page ?? pageTargets();
    const leave = (): void => this.flush();
    const hide = (): unknown => document?.visibilityState === "hidden" && this.flush();
    window?.addEventListener("pagehide", leave);
    document?.addEventListener("visibilitychange", hide);
    this.#unwatch = () => {
      window?.removeEventListener("pagehide", leave);
      document?.removeEventListener("visibilitychange", hide);
    };
  }

  take(entry: LogEntry): void {
    if (this.#isClosed || !isAtLeast(entry.level, this.#options.level ?? "warn")) {
      return;
    }
    try {
      this.#lines.push(lineOf(entry, this.#place()));
      if (!this.#isBusy) {
        this.#later(this.#options.intervalMs ?? 5000);
      }
    } catch {
      // A log that fails must not take down what it is told of.
    }
  }

  flush(): void {
    for (let count = 0; count < LAST_BATCHES; count += 1) {
      const batch = this.#lines.take();
      if (batch === undefined) {
        return;
      }
      const giveUp = (): void => this.#lines.giveUp(batch);
      this.#post(batch, this.#token, true).then((response) => response.ok || giveUp(), giveUp);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#unwatch();
    this.#clock.cancel(this.#timer);
    this.flush();
  }

  #place(): string | undefined {
    const { place = () => (globalThis as { location?: Location }).location?.pathname } = this.#options;
    return place();
  }

  #later(ms: number): void {
    this.#isBusy = true;
    this.#timer = this.#clock.after(ms, () => {
      this.#send().catch(() => {});
    });
  }

  async #send(): Promise<void> {
    const batch = this.#lines.take();
    if (batch === undefined) {
      this.#isBusy = false;
      return;
    }
    const { intervalMs = 5000, token } = this.#options;
    let waitMs = intervalMs;
    try {
      this.#token = await token?.();
      const response = await this.#post(batch, this.#token, false);
      if (response.ok) {
        this.#failures = 0;
      } else {
        const mayPass = response.status === 429 || response.status >= 500;
        this.#lines[mayPass ? "putBack" : "giveUp"](batch);
        waitMs = this.#patience(intervalMs, Number(response.headers.get("Retry-After")) * 1000);
      }
    } catch {
      this.#lines.putBack(batch);
      waitMs = this.#patience(intervalMs, 0);
    }
    if (!this.#isClosed) {
      this.#later(waitMs);
    }
  }

  /** How long to wait after one more failure: twice as long as before, and no less than the server says. */
  #patience(intervalMs: number, leastMs: number): number {
    this.#failures += 1;
    const wait = Math.min(PATIENCE_MS, intervalMs * 2 ** this.#failures);
    const least = Number.isNaN(leastMs) ? 0 : Math.min(PATIENCE_MS, leastMs);
    return Math.round(Math.max(wait, least) * (1 + 0.2 * this.#clock.random()));
  }

  async #post({ body }: Batch, token: string | undefined, isLast: boolean): Promise<Response> {
    const { tokenPlace = "header", fetch: ask = globalThis.fetch } = this.#options;
    const inQuery = token !== undefined && tokenPlace === "query";
    const address = inQuery
      ? `${this.#url}${this.#url.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}`
      : this.#url;
    return ask(address, {
      method: "POST",
      // As plain text it may go to another origin without asking first (CORS). The server reads JSON whatever it is called.
      headers: {
        "Content-Type": "text/plain;charset=UTF-8",
        ...(token !== undefined && !inQuery && { Authorization: `Bearer ${token}` }),
      },
      body,
      keepalive: isLast,
      cache: "no-store",
    });
  }
}
