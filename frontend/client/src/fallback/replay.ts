/** What a topic's log has after a position, from `GET /api/ws/replay`. */
import type { Position } from "../positions.js";
import type { TransportEvents } from "../transport.js";
import { type Address, type Http, HttpFailure } from "./http.js";
import type { Topics } from "./topics.js";

/** What the server answers. */
interface Page {
  readonly epoch: string;
  readonly latest_seq: number;
  /** What to ask for next, as `epoch:seq`. */
  readonly next: string;
  readonly more: boolean;
  readonly gap?: { readonly oldest_seq: number; readonly latest_seq: number };
  readonly frames: readonly { readonly seq?: number; readonly epoch?: string }[];
}

/** How many frames one answer has at most. */
const LIMIT = "500";

/** How many topics are asked for at the same time. */
const AT_ONCE = 4;

/** Reads the logs of topics, and tells of what it finds. */
export class Replays {
  readonly #http: Http;
  readonly #address: Address;
  readonly #topics: Topics;
  readonly #events: TransportEvents;
  readonly #answered: () => void;

  /** `answered` is called with each answer, before what it says is told. */
  constructor(http: Http, address: Address, topics: Topics, events: TransportEvents, answered: () => void) {
    this.#http = http;
    this.#address = address;
    this.#topics = topics;
    this.#events = events;
    this.#answered = answered;
  }

  /** Calls `work` with each of the topics, some at the same time. Those that are not to be had are told and left out. */
  async each(names: readonly string[], work: (topic: string) => Promise<void>): Promise<void> {
    const left = [...names];
    const one = async (): Promise<void> => {
      for (let topic = left.shift(); topic !== undefined; topic = left.shift()) {
        try {
          await work(topic);
        } catch (error) {
          if (!(error instanceof HttpFailure && error.isRefusal)) {
            throw error;
          }
          if (this.#topics.refuse(topic)) {
            this.#events.refused(topic, error.message);
          }
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, one));
  }

  /** Finds out where a topic is, if that is not known. */
  async locate(topic: string, signal: AbortSignal): Promise<void> {
    if (this.#topics.position(topic) === undefined) {
      const { epoch, latest_seq: seq } = await this.#ask({ topic, limit: "1" }, signal);
      this.#topics.read(topic, { epoch, seq });
      this.#events.located(topic, { epoch, seq });
    }
  }

  /** Whether the topic is to be had at all: throws if not. */
  async check(topic: string, signal: AbortSignal): Promise<void> {
    await this.#ask({ topic, limit: "1" }, signal);
  }

  /**
   * Tells all frames that a topic has after its position, in order. Where frames are missing it tells that they are lost,
   * and that others follow; `next` is the first of those that are here already.
   */
  async catchUp(topic: string, signal: AbortSignal, next: () => Position | undefined): Promise<void> {
    for (let more = true; more; ) {
      const position = this.#topics.position(topic);
      if (position === undefined) {
        return;
      }
      const after = `${position.epoch}:${position.seq}`;
      const page = await this.#ask({ topic, after, limit: LIMIT }, signal);
      if (page.gap !== undefined) {
        const first = next();
        const isKnown = first !== undefined && first.epoch === page.epoch && first.seq <= page.gap.latest_seq;
        const to = { epoch: page.epoch, seq: isKnown ? first.seq - 1 : page.gap.latest_seq };
        this.#topics.read(topic, to);
        this.#events.lost(topic, to);
        return;
      }
      for (const frame of page.frames) {
        this.#events.text(JSON.stringify(frame));
        if (signal.aborted) {
          return;
        }
      }
      this.#topics.read(topic, positionOf(page.next));
      more = page.more && page.next !== after;
    }
  }

  async #ask(query: { readonly [name: string]: string }, signal: AbortSignal): Promise<Page> {
    const response = await this.#http.getPatiently(this.#address, query, "application/json", signal);
    const page: Page = await response.json();
    if (signal.aborted) {
      throw signal.reason;
    }
    this.#answered();
    return page;
  }
}

/** Reads `epoch:seq`. */
function positionOf(text: string): Position {
  const colon = text.lastIndexOf(":");
  return { epoch: text.slice(0, colon), seq: Number(text.slice(colon + 1)) };
}
