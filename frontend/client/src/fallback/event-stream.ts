/**
 * Reads an event stream (WHATWG HTML, section 9.2.6): text goes in as it comes, events and comments come out. Pure.
 *
 * Not an `EventSource`, because that cannot send a header, and tells nobody of comments, which are the server's heartbeat.
 */

/** An event. */
export interface StreamEvent {
  /** Its `event`; `message` where there is none. */
  readonly type: string;
  /** Its `data`, lines joined. */
  readonly data: string;
  /** The last `id` so far; empty if there was none. */
  readonly lastEventId: string;
}

/** Who is told. */
export interface StreamListener {
  /** An event is complete. */
  event(event: StreamEvent): void;
  /** A comment: somebody is there. */
  comment(): void;
}

/** No event is longer than this, in UTF-16 code units: twice what a frame may have. */
const EVENT_UNITS = 2 << 20;

/** Reads one stream, from its beginning. */
export class EventStreamParser {
  readonly #listener: StreamListener;
  /** The line that is not complete yet. */
  #line = "";
  #isFirst = true;
  /** The last character so far was a carriage return, which a line feed would belong to. */
  #afterReturn = false;
  #type = "";
  #data: string | undefined;
  #id = "";
  #retryMs: number | undefined;

  constructor(listener: StreamListener) {
    this.#listener = listener;
  }

  /** After how many milliseconds to come back, if the server has said so. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** Takes what has come. Throws if an event grows beyond all bounds. */
  push(chunk: string): void {
    let text = chunk;
    if (text === "") {
      return;
    }
    if (this.#isFirst) {
      this.#isFirst = false;
      text = text.startsWith("\uFEFF") ? text.slice(1) : text;
    }
    if (this.#afterReturn && text.startsWith("\n")) {
      text = text.slice(1);
    }
    this.#afterReturn = text === "" ? false : text.endsWith("\r");
    const lines = text.split(/\r\n|\n|\r/);
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      const complete = this.#line + line;
      this.#line = "";
      this.#take(complete);
    }
    this.#line += rest;
    if (this.#line.length + (this.#data?.length ?? 0) > EVENT_UNITS) {
      throw new RangeError("an event is too long");
    }
  }

  #take(line: string): void {
    if (line === "") {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) {
      this.#listener.comment();
      return;
    }
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") {
      this.#type = value;
    } else if (field === "data") {
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    } else if (field === "id" && !value.includes("\0")) {
      this.#id = value;
    } else if (field === "retry" && /^[0-9]+$/.test(value)) {
      this.#retryMs = Number(value);
    }
  }

  #dispatch(): void {
    const event = { type: this.#type || "message", data: this.#data ?? "", lastEventId: this.#id };
    const isEmpty = this.#data === undefined;
    // The `id` stays, for events that have none of their own.
    this.#type = "";
    this.#data = undefined;
    if (!isEmpty) {
      this.#listener.event(event);
    }
  }
}
