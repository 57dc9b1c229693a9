/**
 * A server of the chat protocol in the same process: session, subscriptions, logs, replay. It does what the real one does
 * as far as a client can tell, and what tests want it to do wrong.
 */
import { type ClientFrame, checkClientFrame, LIMITS, parseTopic } from "../../../chat/src/index.js";
import type { Position } from "../../src/index.js";
import type { FakeClock } from "./clock.js";
import { FakeSocket, type Network, type ServerEnd } from "./socket.js";

interface Log {
  epoch: string;
  latest: number;
  /** What is kept; ends at `latest`. */
  kept: { readonly seq: number; readonly text: string }[];
}

interface Session {
  readonly topics: Set<string>;
  tokens: number;
  filledAt: number;
}

/** See above. */
export class FakeServer implements ServerEnd {
  readonly clock: FakeClock;
  /** All connections that there ever were, the newest last. */
  readonly sockets: FakeSocket[] = [];
  /** The frames that came, of all connections. */
  readonly received: ClientFrame[] = [];
  network: Network = "up";
  latencyMs: () => number = () => 0;
  /** How many frames of a topic are kept. */
  kept = 1000;
  pingMs = 30_000;
  limits: { messages_per_second: number; message_burst: number; subscriptions_per_connection: number } = {
    messages_per_second: 20,
    message_burst: 40,
    subscriptions_per_connection: 100,
  };
  /** Which tokens are good; `undefined` for none needed. */
  tokens: Set<string> | undefined;
  /** Topics that nobody may have. */
  readonly forbidden: Set<string> = new Set();
  /** Topics and request types that are not answered. */
  readonly mute: Set<string> = new Set();
  /** How many frames were dropped since they came too fast. */
  rateLimited = 0;
  /** Whether frames carry the server's idea of the time. */
  skewMs = 0;
  readonly #logs = new Map<string, Log>();
  readonly #sessions = new Map<FakeSocket, Session>();
  #ids = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  /** For `ClientOptions.webSocket`. */
  readonly webSocket = (url: string, protocols: string[]): FakeSocket => {
    const socket = new FakeSocket(url, protocols, this.network, this.clock, this, () => this.latencyMs());
    this.sockets.push(socket);
    return socket;
  };

  /** The newest connection. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) {
      throw new Error("nobody has connected");
    }
    return socket;
  }

  /** Frames of a type that came. */
  got<Type extends ClientFrame["type"]>(type: Type): Extract<ClientFrame, { readonly type: Type }>[] {
    return this.received.filter((frame) => frame.type === type) as Extract<ClientFrame, { readonly type: Type }>[];
  }

  // --- what the server says ---------------------------------------------------------------------------------------

  /** Publishes a frame; by default a piece of an answer with a running number. */
  publish(topic: string, type = "stream_chunk", data?: object, correlation?: string): Position {
    const log = this.#log(topic);
    log.latest += 1;
    const position = { epoch: log.epoch, seq: log.latest };
    const content = data ?? { stream_id: this.#id(), index: log.latest, delta: `${log.epoch}:${log.latest}` };
    const text = JSON.stringify({ ...this.#envelope(type, topic, content, correlation), ...position });
    log.kept = [...log.kept, { seq: log.latest, text }].slice(-this.kept);
    for (const [socket, { topics }] of this.#sessions) {
      if (topics.has(topic)) {
        socket.serverText(text);
      }
    }
    return position;
  }

  /** The log of a topic is lost, and begins anew. */
  loseLog(topic: string): void {
    this.#logs.delete(topic);
    this.#log(topic);
  }

  /** Where a topic is. */
  position(topic: string): Position {
    const { epoch, latest: seq } = this.#log(topic);
    return { epoch, seq };
  }

  /** Says a frame to one client. */
  say(socket: FakeSocket, type: string, data: object, topic = "system", correlation?: string): void {
    socket.serverText(JSON.stringify(this.#envelope(type, topic, data, correlation)));
  }

  ping(socket: FakeSocket = this.socket): void {
    this.say(socket, "ping", { timestamp: this.#timestamp() });
  }

  /** Closes as servers do that are shut down. */
  shutDown(reconnectAfterMs: number): void {
    for (const socket of [...this.#sessions.keys()]) {
      this.say(socket, "disconnect_notice", { reason: "shutdown", reconnect_after_ms: reconnectAfterMs });
      socket.serverClose(1001, "The server shuts down.");
    }
  }

  // --- what it does with what comes -------------------------------------------------------------------------------

  opened(socket: FakeSocket): void {
    if (this.tokens !== undefined) {
      const token = socket.protocols[1]?.replace("bearer.", "") ?? new URL(socket.url).searchParams.get("token") ?? "";
      if (!this.tokens.has(token)) {
        socket.serverClose(4401, "The token is not valid.");
        return;
      }
    }
    this.#sessions.set(socket, {
      topics: new Set(),
      tokens: this.limits.message_burst,
      filledAt: this.clock.elapsed,
    });
    this.say(socket, "connection_established", {
      connection_id: this.#id(),
      contract_version: "1.0.0",
      server_time: this.#timestamp(),
      ping_interval_ms: this.pingMs,
      pong_timeout_ms: 60_000,
      limits: { ...LIMITS, ...this.limits },
    });
  }

  closed(socket: FakeSocket): void {
    this.#sessions.delete(socket);
  }

  text(socket: FakeSocket, text: string): void {
    const session = this.#sessions.get(socket);
    const frame: ClientFrame = JSON.parse(text);
    if (session === undefined) {
      return;
    }
    if (!this.#take(session)) {
      this.rateLimited += 1;
      this.#object(socket, "rate_limited", undefined);
      return;
    }
    const violations = checkClientFrame(frame);
    if (violations.length > 0) {
      this.say(socket, "error", {
        code: "contract_violation",
        message: JSON.stringify(violations),
        timestamp: this.#timestamp(),
        violations,
      });
      socket.serverClose(1002, "contract violation");
      return;
    }
    this.received.push(frame);
    if (!this.mute.has(frame.type)) {
      this.#answer(socket, session, frame);
    }
  }

  #answer(socket: FakeSocket, session: Session, frame: ClientFrame): void {
    const { topics } = session;
    switch (frame.type) {
      case "subscribe": {
        const refused: string[] = [];
        const granted: string[] = [];
        const added: string[] = [];
        let code = "invalid_topic";
        for (const topic of frame.data.topics) {
          if (parseTopic(topic) === undefined || this.forbidden.has(topic)) {
            code = this.forbidden.has(topic) ? "topic_forbidden" : code;
            refused.push(topic);
          } else if (!topics.has(topic) && topics.size >= this.limits.subscriptions_per_connection) {
            code = "too_many_subscriptions";
            refused.push(topic);
          } else {
            if (!topics.has(topic) && frame.data.after?.[topic] === undefined) {
              added.push(topic);
            }
            topics.add(topic);
            granted.push(topic);
          }
        }
        if (refused.length > 0) {
          this.#object(socket, code, frame.id, refused);
        }
        this.#subscriptions(socket, session, frame.id, frame.data.positions === true ? added : undefined);
        for (const topic of granted) {
          const after = frame.data.after?.[topic];
          if (typeof after === "object") {
            this.#replay(socket, topic, after, frame.id);
          }
        }
        break;
      }
      case "unsubscribe":
        for (const topic of frame.data.topics) {
          topics.delete(topic);
        }
        this.#subscriptions(socket, session, frame.id);
        break;
      case "subscribe_thread": {
        if (this.forbidden.has(frame.topic)) {
          this.#object(socket, "topic_forbidden", frame.id, [frame.topic]);
          break;
        }
        topics.add(frame.topic);
        const { epoch, seq } = this.position(frame.topic);
        this.say(
          socket,
          "thread_history",
          { thread_id: threadOf(frame.topic), messages: [], epoch, seq },
          frame.topic,
          frame.id,
        );
        break;
      }
      case "send_message": {
        if (this.forbidden.has(frame.topic)) {
          this.#object(socket, "topic_forbidden", frame.id, [frame.topic]);
          break;
        }
        topics.add(frame.topic);
        this.answerMessage(frame, 0);
        break;
      }
      case "ping":
        this.say(socket, "pong", { timestamp: this.#timestamp() }, "system", frame.id);
        break;
      case "authenticate":
        if (this.tokens?.has(frame.data.token) === false) {
          socket.serverClose(4401, "The token is not valid.");
        } else {
          const expiresAt = new Date(this.clock.now() + this.skewMs + 600_000).toISOString();
          this.say(socket, "authenticated", { expires_at: expiresAt }, "system", frame.id);
        }
        break;
      case "request_data": {
        const data = { success_rate: 1, trend: "steady" };
        this.say(socket, "data_response", { data_type: "coordination_metrics", data }, "dashboard", frame.id);
        break;
      }
    }
  }

  /** Publishes the steps of the answer to a message, from the step `from` on (0 to 4) and before `to`. */
  answerMessage(message: ClientFrame, from: number, to = 5): void {
    const { id, topic } = message;
    const stream = "6f3a1c52-0d3e-4a57-9a0c-3f2b8f7b1c11";
    const steps: [string, object][] = [
      [
        "thread_message_created",
        {
          message: {
            message_id: id,
            thread_id: threadOf(topic),
            author: { kind: "user", id: "ada" },
            content: "?",
            created_at: this.#timestamp(),
          },
        },
      ],
      ["stream_start", { stream_id: stream, agent_id: "guide", in_reply_to: id }],
      ["stream_chunk", { stream_id: stream, index: 0, delta: "a" }],
      ["stream_chunk", { stream_id: stream, index: 1, delta: "b" }],
      ["stream_end", { stream_id: stream, finish_reason: "stop", chunks: 2, message_id: id }],
    ];
    for (const [type, data] of steps.slice(from, to)) {
      this.publish(topic, type, data, id);
    }
  }

  #replay(socket: FakeSocket, topic: string, after: Position, answered: string): void {
    const log = this.#log(topic);
    const first = log.latest - log.kept.length + 1;
    if (after.epoch !== log.epoch || after.seq < first - 1 || after.seq > log.latest) {
      const oldest = log.kept.length > 0 ? first : 0;
      const gap = { epoch: log.epoch, oldest_seq: oldest, latest_seq: log.latest };
      this.say(socket, "replay_gap", gap, topic, answered);
      return;
    }
    for (const { seq, text } of log.kept) {
      if (seq > after.seq) {
        socket.serverText(text);
      }
    }
  }

  #subscriptions(socket: FakeSocket, { topics }: Session, answered: string, told?: readonly string[]): void {
    const positions = Object.fromEntries((told ?? []).map((topic) => [topic, this.position(topic)]));
    const data = { topics: [...topics].sort(), ...(told !== undefined && { positions }) };
    this.say(socket, "subscription_updated", data, "system", answered);
  }

  #object(socket: FakeSocket, code: string, answered: string | undefined, topics?: readonly string[]): void {
    const data = { code, message: `the server says ${code}`, timestamp: this.#timestamp(), ...(topics && { topics }) };
    this.say(socket, "error", data, "system", answered);
  }

  #take(session: Session): boolean {
    const now = this.clock.elapsed;
    const { messages_per_second: rate, message_burst: burst } = this.limits;
    session.tokens = Math.min(burst, session.tokens + ((now - session.filledAt) * rate) / 1000);
    session.filledAt = now;
    if (session.tokens < 1) {
      return false;
    }
    session.tokens -= 1;
    return true;
  }

  #log(topic: string): Log {
    const log = this.#logs.get(topic) ?? { epoch: this.#id().slice(-16), latest: 0, kept: [] };
    this.#logs.set(topic, log);
    return log;
  }

  #envelope(type: string, topic: string, data: object, correlation = this.#id()): object {
    const ts = this.clock.now() + this.skewMs;
    return { v: 1, id: this.#id(), type, topic, ts, correlation_id: correlation, data };
  }

  #timestamp(): string {
    return new Date(this.clock.now() + this.skewMs).toISOString();
  }

  #id(): string {
    this.#ids += 1;
    return `00000000-0000-7000-8000-${this.#ids.toString(16).padStart(12, "0")}`;
  }
}

function threadOf(topic: string): string {
  return topic.slice("thread:".length);
}
