import type { ServerFrameBase } from "../../../src/index.js";

/** A request that the server got. */
export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
}

interface Log {
  epoch: string;
  seq: number;
  /** Those that are kept. */
  frames: ServerFrameBase[];
}

interface Stream {
  readonly topics: readonly string[];
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  isOpen: boolean;
}

/** `/sse` and `/api/ws/replay`, as the Rust server answers them, behind a `fetch`. */
export class FakeServer {
  readonly asked: Asked[] = [];
  /** The ids of all that ever listened. */
  readonly connections: string[] = [];
  /** Others to whom frames are pushed. */
  readonly others: Set<(frame: ServerFrameBase) => void> = new Set();
  readonly forbidden: Set<string> = new Set();
  readonly unknown: Set<string> = new Set();
  /** Answers that come before anything else, by path. */
  readonly next: Map<string, (() => Response)[]> = new Map();
  /** Called before an answer is made up. */
  before: ((asked: Asked) => void | Promise<void>) | undefined;
  /** How many frames an answer has, whatever was asked for. */
  pageSize = 1000;
  isDown = false;
  /** How many topics one may listen to. */
  most = 100;
  #streams: Stream[] = [];
  readonly #logs = new Map<string, Log>();
  #ids = 0;

  /** What is behind `path`, for the next request only. */
  answerOnce(path: string, response: () => Response): void {
    this.next.set(path, [...(this.next.get(path) ?? []), response]);
  }

  /** Requests for a path, by what was asked. */
  queries(path: string): string[] {
    return this.asked.filter((asked) => asked.path === path).map(({ query }) => decodeURIComponent(query.toString()));
  }

  get streams(): readonly (readonly string[])[] {
    return this.#streams.filter(({ isOpen }) => isOpen).map(({ topics }) => topics);
  }

  log(topic: string): Log {
    const log = this.#logs.get(topic) ?? { epoch: "e", seq: 0, frames: [] };
    this.#logs.set(topic, log);
    return log;
  }

  /** Publishes a frame that is kept; to subscribers too unless `quietly`. */
  publish(topic: string, quietly = false): ServerFrameBase {
    const log = this.log(topic);
    log.seq += 1;
    const frame = this.frame("event", topic, { number: log.seq }, { seq: log.seq, epoch: log.epoch });
    log.frames.push(frame);
    if (!quietly) {
      this.push(frame);
    }
    return frame;
  }

  /** Pushes a frame to those who have its topic. */
  push(frame: ServerFrameBase): void {
    for (const tell of this.others) {
      tell(frame);
    }
    for (const stream of this.#streams) {
      if (frame.topic === "system" || stream.topics.includes(frame.topic)) {
        this.#write(stream, `event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`);
      }
    }
  }

  /** Writes to all that listen. */
  write(text: string): void {
    for (const stream of this.#streams) {
      this.#write(stream, text);
    }
  }

  /** Ends all that listen. */
  end(): void {
    for (const stream of this.#streams.filter(({ isOpen }) => isOpen)) {
      stream.isOpen = false;
      stream.controller.close();
    }
  }

  frame(type: string, topic: string, data: unknown, place: { seq?: number; epoch?: string } = {}): ServerFrameBase {
    this.#ids += 1;
    return { v: 1, id: `id-${this.#ids}`, type, topic, ts: 0, correlation_id: "c", data, ...place };
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(String(input), "http://server.example");
    const asked = { path: url.pathname, query: url.searchParams, headers: new Headers(init?.headers) };
    this.asked.push(asked);
    await this.before?.(asked);
    init?.signal?.throwIfAborted();
    if (this.isDown) {
      throw new TypeError("fetch failed");
    }
    const planned = this.next.get(url.pathname)?.shift();
    if (planned !== undefined) {
      return planned();
    }
    const topics = (asked.query.get("topics") ?? asked.query.get("topic") ?? "")
      .split(",")
      .filter((name) => name !== "");
    if (topics.length === 0) {
      return problem(400, "the query must say which topic");
    }
    if (topics.length > this.most) {
      return problem(400, "these are more topics than one connection may have");
    }
    if (topics.some((topic) => this.unknown.has(topic))) {
      return problem(404, "there is no such topic");
    }
    if (topics.some((topic) => this.forbidden.has(topic))) {
      return problem(403, "the topic is not allowed");
    }
    return url.pathname === "/sse" ? this.#events(topics, init?.signal) : this.#replay(topics[0] ?? "", asked.query);
  };

  #events(topics: readonly string[], signal: AbortSignal | null | undefined): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const stream = { topics, controller, isOpen: true };
        this.#streams.push(stream);
        signal?.addEventListener("abort", () => {
          if (stream.isOpen) {
            stream.isOpen = false;
            controller.error(signal.reason);
          }
        });
        const id = `connection-${this.connections.length}`;
        this.connections.push(id);
        const first = this.frame("connection_established", "system", { connection_id: id });
        this.#write(stream, `retry: 3000\nevent: connection_established\ndata: ${JSON.stringify(first)}\n\n`);
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }

  #replay(topic: string, query: URLSearchParams): Response {
    const log = this.log(topic);
    const head = { topic, epoch: log.epoch, latest_seq: log.seq };
    const oldest = log.frames[0]?.seq ?? 0;
    const after = query.get("after");
    const [epoch, seq] = after === null ? [log.epoch, oldest - 1] : [after.split(":")[0], Number(after.split(":")[1])];
    if (epoch !== log.epoch || (seq < log.seq && seq + 1 < oldest)) {
      const gap = { oldest_seq: oldest, latest_seq: log.seq };
      return Response.json({ ...head, next: `${log.epoch}:${oldest - 1}`, more: true, gap, frames: [] });
    }
    const limit = Math.min(this.pageSize, Number(query.get("limit") ?? 100));
    const frames = log.frames.filter((frame) => (frame.seq ?? 0) > seq).slice(0, limit);
    const last = frames.at(-1)?.seq ?? seq;
    return Response.json({ ...head, next: `${log.epoch}:${last}`, more: last < log.seq, frames });
  }

  #write(stream: Stream, text: string): void {
    if (stream.isOpen) {
      stream.controller.enqueue(new TextEncoder().encode(text));
    }
  }
}

/** An answer that is an error, as the Rust server words it. */
export function problem(status: number, message: string, headers: { [name: string]: string } = {}): Response {
  return Response.json({ error: "", message }, { status, headers });
}
