/**
 * Asking again and again what is new: for networks that let nothing through but plain requests. Only frames come that are
 * kept for replay, and late.
 */
import type { Position } from "../positions.js";
import type { Connector, Transport, TransportEvents } from "../transport.js";
import { type Address, askForNothing, closingOf, Http, type HttpOptions } from "./http.js";
import { Replays } from "./replay.js";
import { Topics } from "./topics.js";

/** What is asked, and how often. */
export interface PollingOptions extends HttpOptions {
  /** What topics have after a position, `https://chat.example/api/ws/replay`. */
  readonly replayUrl: Address;
  /** How long to wait before asking again, give or take a fifth at random, in ms. Default: 5000. */
  readonly intervalMs?: number;
}

/** Frames by asking for them, for networks in which nothing else gets through. */
export function polling(options: PollingOptions): Connector {
  return (token, events) => new Polling(options, new Http(options, token), events);
}

class Polling implements Transport {
  readonly kind = "polling";
  readonly #options: PollingOptions;
  readonly #http: Http;
  readonly #events: TransportEvents;
  readonly #topics = new Topics();
  readonly #replays: Replays;
  readonly #running = new AbortController();
  #timer: unknown;
  #isAsking = false;
  /** Whether to ask again as soon as the answers are there. */
  #again = false;

  constructor(options: PollingOptions, http: Http, events: TransportEvents) {
    this.#options = options;
    this.#http = http;
    this.#events = events;
    this.#replays = new Replays(http, options.replayUrl, this.#topics, events, () => this.#answered());
  }

  send(): boolean {
    return false;
  }

  want(topics: readonly string[], after: { readonly [topic: string]: Position }): void {
    const isOther = this.#topics.want(topics, after);
    if (isOther || (this.#timer === undefined && !this.#isAsking)) {
      this.probe();
    }
  }

  /** Asks now. */
  readonly probe = (): void => {
    if (this.#isAsking) {
      this.#again = true;
    } else if (!this.#running.signal.aborted) {
      this.#ask();
    }
  };

  close(): void {
    this.#running.abort();
    this.#http.clock.cancel(this.#timer);
  }

  async #ask(): Promise<void> {
    const { signal } = this.#running;
    this.#http.clock.cancel(this.#timer);
    this.#isAsking = true;
    try {
      do {
        this.#again = false;
        await this.#round(signal);
      } while (this.#again && !signal.aborted);
    } catch (error) {
      if (!signal.aborted) {
        this.#fail(error);
      }
      return;
    }
    this.#isAsking = false;
    if (!signal.aborted) {
      const { intervalMs = 5000 } = this.#options;
      const wait = Math.round(intervalMs * (0.8 + 0.4 * this.#http.clock.random()));
      this.#timer = this.#http.clock.after(wait, this.probe);
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    await this.#replays.each(this.#topics.names, async (topic) => {
      await this.#replays.locate(topic, signal);
      await this.#replays.catchUp(topic, signal, () => undefined);
    });
    if (this.#topics.names.length === 0) {
      await askForNothing(this.#http, this.#options.replayUrl, signal);
      if (!signal.aborted) {
        this.#answered();
      }
    }
  }

  #answered(): void {
    this.#events.opened();
    this.#events.alive();
  }

  #fail(error: unknown): void {
    this.close();
    this.#events.closed(...closingOf(error));
  }
}
