/**
 * Server-Sent Events, by `fetch`: frames come as they are made, and the client can send nothing.
 *
 * ```text
 *   want ──▶ where are topics of unknown position? ──▶ open the events ──▶ what was missed since? ──▶ live
 *                 (replay, limit 1)                     (live frames held back)  (replay, after)
 * ```
 *
 * The position is asked for before the events are opened, so that nothing falls in between; what comes twice thereby the
 * client drops. Other topics mean other events: they are opened again.
 */
import type { Position } from "../positions.js";
import type { ServerFrameBase } from "../protocol.js";
import type { Connector, Transport, TransportEvents } from "../transport.js";
import { EventStreamParser } from "./event-stream.js";
import { Held, type HeldFrame } from "./held.js";
import { type Address, askForNothing, closingOf, Http, HttpFailure, type HttpOptions } from "./http.js";
import { Replays } from "./replay.js";
import { Topics } from "./topics.js";

/** Where events come from. */
export interface ServerSentEventsOptions extends HttpOptions {
  /** The server's events, `https://chat.example/sse`. */
  readonly url: Address;
  /** What was missed, `https://chat.example/api/ws/replay`. */
  readonly replayUrl: Address;
  /** For how long changes of the topics are gathered before the events are opened again, in ms. Default: 50. */
  readonly settleMs?: number;
}

/** How often a topic is read again until it adjoins what is held back: another server may be a little behind. */
const TRIES = 3;

/** Frames by Server-Sent Events, for networks in which no WebSocket comes to be. */
export function serverSentEvents(options: ServerSentEventsOptions): Connector {
  return (token, events) => new Events(options, new Http(options, token), events);
}

class Events implements Transport {
  readonly kind = "sse";
  readonly #options: ServerSentEventsOptions;
  readonly #http: Http;
  readonly #events: TransportEvents;
  readonly #topics = new Topics();
  readonly #replays: Replays;
  /** Ends what runs: the events, and the requests for what was missed. */
  #running: AbortController | undefined;
  #settling: unknown;
  #isClosed = false;
  #retryMs: number | undefined;
  /** How many topics the server takes, as far as is known. */
  #most = Number.POSITIVE_INFINITY;
  readonly #leftOut = new Set<string>();

  constructor(options: ServerSentEventsOptions, http: Http, events: TransportEvents) {
    this.#options = options;
    this.#http = http;
    this.#events = events;
    this.#replays = new Replays(http, options.replayUrl, this.#topics, events, () => events.alive());
  }

  send(): boolean {
    return false;
  }

  want(topics: readonly string[], after: { readonly [topic: string]: Position }): void {
    const isOther = this.#topics.want(topics, after);
    if (this.#isClosed) {
      return;
    }
    if (this.#running === undefined) {
      this.probe();
    } else if (isOther) {
      this.#http.clock.cancel(this.#settling);
      this.#settling = this.#http.clock.after(this.#options.settleMs ?? 50, this.probe);
    }
  }

  /** Opens the events again: whether those that are open have just nothing to say, nobody can know. */
  readonly probe = (): void => {
    this.#stop();
    if (this.#isClosed) {
      return;
    }
    const running = new AbortController();
    this.#running = running;
    this.#run(running.signal).catch((error: unknown) => {
      if (running === this.#running) {
        this.#fail(error);
      }
    });
  };

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  #stop(): void {
    this.#http.clock.cancel(this.#settling);
    this.#running?.abort();
    this.#running = undefined;
  }

  #fail(error: unknown): void {
    this.close();
    this.#events.closed(...closingOf(error, this.#retryMs));
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#replays.each(this.#topics.names, (topic) => this.#replays.locate(topic, signal));
      const names = this.#namesThatFit();
      if (names.length === 0) {
        // There are no events of no topics.
        await askForNothing(this.#http, this.#options.url, signal);
        if (!signal.aborted) {
          this.#alive();
        }
        return;
      }
      try {
        await this.#read(names, signal);
      } catch (error) {
        if (!(await this.#mayGoOn(error, names, signal))) {
          throw error;
        }
      }
    }
  }

  /** The topics to ask for; of those that are too many it is told once that they do not come. */
  #namesThatFit(): readonly string[] {
    const { names } = this.#topics;
    for (const topic of names.slice(this.#most)) {
      if (!this.#leftOut.has(topic)) {
        this.#leftOut.add(topic);
        this.#events.refused(topic, "these are more topics than one connection may have");
      }
    }
    return names.slice(0, this.#most);
  }

  /** Whether there are topics to go on with: a refusal names none of those that are to blame. */
  async #mayGoOn(error: unknown, names: readonly string[], signal: AbortSignal): Promise<boolean> {
    if (error instanceof HttpFailure && error.isQuestion && names.length > 1) {
      // How many the server would take it does not say before there are events.
      this.#most = names.length >> 1;
      return true;
    }
    if (!(error instanceof HttpFailure && error.isRefusal)) {
      return false;
    }
    await this.#replays.each(names, (topic) => this.#replays.check(topic, signal));
    return names.some((topic) => !this.#topics.names.includes(topic));
  }

  /** Reads the events of these topics to their end, which is an error: they should have none. */
  async #read(names: readonly string[], signal: AbortSignal): Promise<void> {
    const response = await this.#http.get(this.#options.url, { topics: names.join() }, "text/event-stream", signal);
    const type = response.headers.get("Content-Type") ?? "none";
    if (response.body === null || !/^text\/event-stream\s*(;|$)/i.test(type)) {
      await response.body?.cancel();
      throw new Error(`these are no events, but ${type.slice(0, 100)}`);
    }
    const held = new Held();
    names.forEach((topic) => {
      held.hold(topic);
    });
    let isLive = false;
    const begin = (): void => {
      if (signal.aborted) {
        return;
      }
      this.#alive();
      if (!isLive) {
        // Not before the first frame of the session, which says that the connection is open.
        isLive = true;
        this.#replays
          .each(names, (topic) => this.#catchUp(topic, held, signal))
          .catch((error: unknown) => signal.aborted || this.#fail(error));
      }
    };
    const parser = new EventStreamParser({
      event: ({ data }) => {
        if (!signal.aborted) {
          this.#take(data, held);
          begin();
        }
      },
      comment: begin,
    });
    const reader = response.body.getReader();
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) {
        throw new Error("the events ended");
      }
      parser.push(decoder.decode(value, { stream: true }));
      this.#retryMs = parser.retryMs;
    }
  }

  /** Tells what the topic has that the client has not, and lets go of what was held back meanwhile. */
  async #catchUp(topic: string, held: Held, signal: AbortSignal): Promise<void> {
    try {
      for (let tries = 1; ; tries += 1) {
        await this.#replays.catchUp(topic, signal, () => held.first(topic));
        const position = this.#topics.position(topic);
        if (position === undefined || held.adjoins(topic, position) || tries === TRIES) {
          break;
        }
        await this.#http.sleep(200 * tries, signal);
      }
    } finally {
      if (!signal.aborted) {
        for (const frame of held.release(topic)) {
          this.#tell(topic, frame);
        }
      }
    }
  }

  /** A frame has come: it is told, unless something has to be told before it. */
  #take(text: string, held: Held): void {
    const { topic, position } = placeOf(text);
    if (!held.take(topic, { text, position })) {
      this.#tell(topic, { text, position });
    }
  }

  #tell(topic: string, { text, position }: HeldFrame): void {
    if (position !== undefined) {
      this.#topics.read(topic, position);
    }
    this.#events.text(text);
  }

  /** Somebody is there. */
  #alive(): void {
    this.#events.opened();
    this.#events.alive();
  }
}

/** Which topic a frame is of, and where it is in the topic's log. What is no frame the client finds out. */
function placeOf(text: string): { readonly topic: string; readonly position: Position | undefined } {
  try {
    const { topic, seq, epoch } = JSON.parse(text) as Partial<ServerFrameBase>;
    const isKept = seq !== undefined && epoch !== undefined;
    return { topic: topic ?? "", position: isKept ? { epoch, seq } : undefined };
  } catch {
    return { topic: "", position: undefined };
  }
}
