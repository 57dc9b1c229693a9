/**
 * The client: one connection that comes back by itself, and what goes over it. What is decided when is in the modules
 * beside this one (`closing`, `watchdog`, `outbox`, `positions`, `requests`, `subscriptions`); here they are put together.
 */
import { BACKOFF } from "./backoff.js";
import { type Clock, systemClock, type Timer } from "./clock.js";
import { sequel } from "./closing.js";
import { frameOf } from "./frame.js";
import { type Hint, pageTargets, watchHints } from "./hints.js";
import { Listeners, type Unsubscribe } from "./listeners.js";
import type { LogEntry, LogLevel } from "./log.js";
import type { ClientEvents, ClientOptions, RequestOptions, SendOptions, SendResult, Subscription } from "./options.js";
import { type Fate, OUTBOX, Outbox } from "./outbox.js";
import type { Packet } from "./packet.js";
import { type Position, Positions } from "./positions.js";
import type {
  ClientFrameOf,
  ClientType,
  FrameBase,
  FramesOn,
  Protocol,
  ProtocolTypes,
  ReplyOf,
  RequestType,
  ServerFrameBase,
  ServerFrameOf,
  ServerType,
  SessionMessages,
  Violation,
} from "./protocol.js";
import { RequestError, Requests } from "./requests.js";
import { type ConnectionState, downSince } from "./state.js";
import { Subscriptions } from "./subscriptions.js";
import { type HeldToken, refreshAt, TokenSource } from "./token.js";
import { type Connector, type Transport, type WebSocketMaker, webSocket } from "./transport.js";
import { heard, judge, probed, type Watchdog, watch } from "./watchdog.js";

/** A connection that is being made, or is open. */
interface Link {
  transport: Transport | undefined;
  /** When the server said that it is open. */
  openedAt: number | undefined;
  connectionId: string | undefined;
  notice: { readonly reason: string; readonly reconnectAfterMs: number } | undefined;
  dog: Watchdog;
  silenceMs: number;
  token: HeldToken | undefined;
  /** Whether its token was asked for since the one before was refused. */
  renewed: boolean;
  timers: { [name: string]: Timer };
}

type Parts = { readonly [type: string]: keyof SessionMessages["toClient"] };

/** How many topics one `subscribe` names at most. */
const TOPICS_AT_ONCE = 100;

/** How long after another way was taken a WebSocket is tried for the first time. */
const FIRST_UPGRADE_MS = 5000;

/** Makes a client. It does nothing before `connect()`. */
export function createClient<Types extends ProtocolTypes>(
  protocol: Protocol<Types>,
  options: ClientOptions,
): Client<Types> {
  return new Client(protocol, options);
}

/** A client of one server. */
export class Client<Types extends ProtocolTypes> {
  /** The protocol that it speaks. */
  readonly protocol: Protocol<Types>;
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #parts: Parts;
  readonly #outbox: Outbox;
  readonly #requests: Requests;
  readonly #positions = new Positions();
  readonly #subscriptions = new Subscriptions();
  readonly #tokens: TokenSource | undefined;
  readonly #byType = new Map<string, Listeners<never>>();
  readonly #byTopic = new Map<string, Listeners<never>>();
  readonly #events: { readonly [Name in keyof ClientEvents<Types>]: Listeners<ClientEvents<Types>[Name]> } = {
    state: new Listeners(),
    frame: new Listeners(),
    gap: new Listeners(),
    refused: new Listeners(),
    violation: new Listeners(),
    notice: new Listeners(),
    packet: new Listeners(),
  };
  #state: ConnectionState = { status: "idle" };
  #link: Link | undefined;
  /** A WebSocket that is tried while a fallback is in use. */
  #trial: Link | undefined;
  #failures = 0;
  /** Attempts in a row in which no WebSocket came to be. */
  #refusals = 0;
  #offline = false;
  #lastId: string | undefined;
  #retry: Timer;
  #flush: Timer;
  #syncing: Timer;
  #unwatch: Unsubscribe | undefined;
  #muffled = false;

  constructor(protocol: Protocol<Types>, options: ClientOptions) {
    this.protocol = protocol;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#outbox = new Outbox({ ...OUTBOX, ...options.outbox });
    this.#requests = new Requests(this.#clock);
    this.#tokens = options.token && new TokenSource(options.token);
    this.#parts = Object.fromEntries(
      Object.entries(protocol.session.toClient).map(([part, type]) => [type, part]),
    ) as Parts;
  }

  /** Where the connection is now. A new object for each change. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** The time that it goes by. */
  get clock(): Clock {
    return this.#clock;
  }

  /** How many frames wait to be sent. */
  get waiting(): number {
    return this.#outbox.length;
  }

  /** Where the client is in a topic; `undefined` where that is not known. */
  position(topic: Types["topic"]): Position | undefined {
    return this.#positions.get(topic);
  }

  /** Connects, and stays connected until `close()`, or until the server closes with a code that says not to come back. */
  connect(): void {
    if (this.#state.status !== "idle" && this.#state.status !== "stopped") {
      return;
    }
    this.#failures = 0;
    this.#refusals = 0;
    this.#unwatch ??= watchHints(this.#options.hints ?? pageTargets(), (hint) => this.#hint(hint));
    this.#attempt(false);
  }

  /** Makes the next attempt now instead of at its time. */
  retryNow(): void {
    if (this.#state.status === "waiting") {
      this.#attempt(false);
    }
  }

  /** Closes the connection for good. What waits is given up. Subscriptions stay, for another `connect()`. */
  close(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#clock.cancel(this.#retry);
    this.#drop(this.#trial, 1000, "");
    this.#drop(this.#link, 1000, "");
    this.#outbox.clear();
    this.#requests.clear();
    if (this.#state.status !== "idle") {
      this.#enter({ status: "stopped", closing: undefined, downSince: this.#downSince() });
    }
  }

  /** Sends a frame as soon as there is a connection, and tells what became of it: it never throws. */
  async send<Type extends ClientType<Types>>(
    type: Type,
    topic: ClientFrameOf<Types, Type>["topic"],
    data: ClientFrameOf<Types, Type>["data"],
    { id }: SendOptions = {},
  ): Promise<SendResult> {
    const frame = frameOf(type, topic, data, this.#clock.now(), id);
    return this.#post(frame);
  }

  /**
   * Sends a request and waits for its reply: a frame, or the list of frames where the contract declares a sequence.
   * Throws a `RequestError`.
   */
  async request<Type extends RequestType<Types>>(
    type: Type,
    topic: ClientFrameOf<Types, Type>["topic"],
    data: ClientFrameOf<Types, Type>["data"],
    options: RequestOptions<Types> = {},
  ): Promise<ReplyOf<Types, Type>> {
    const shape = this.protocol.replies[type];
    if (shape === undefined) {
      throw new TypeError(`${type} is not answered`);
    }
    const frame = frameOf(type, topic, data, this.#clock.now(), options.id);
    const abort = () => this.#requests.fail(frame.id, new RequestError("aborted", "the request was given up"));
    if (options.signal?.aborted) {
      throw new RequestError("aborted", "the request was given up");
    }
    options.signal?.addEventListener("abort", abort, { once: true });
    const timeoutMs = options.timeoutMs ?? this.#options.requestMs ?? 10_000;
    const onFrame = options.onFrame as ((frame: ServerFrameBase) => void) | undefined;
    const reply = this.#requests.add(frame, shape, timeoutMs, onFrame);
    this.#post(frame).then((result) => {
      if (!result.ok) {
        const { reason, violations } = result;
        const message = `${type} was not sent: ${reason.replace("_", " ")}`;
        this.#requests.fail(frame.id, new RequestError(reason, message, { violations }));
      }
    });
    try {
      return (await reply) as ReplyOf<Types, Type>;
    } finally {
      options.signal?.removeEventListener("abort", abort);
    }
  }

  /** Calls `listener` with each frame of a type, whatever its topic, as long as the client has that topic. */
  on<Type extends ServerType<Types>>(type: Type, listener: (frame: ServerFrameOf<Types, Type>) => void): Unsubscribe {
    return listenersOf(this.#byType, type).add(listener as (frame: never) => void);
  }

  /** Calls `listener` with what happens to the connection. */
  onEvent<Name extends keyof ClientEvents<Types>>(
    name: Name,
    listener: (event: ClientEvents<Types>[Name]) => void,
  ): Unsubscribe {
    return this.#events[name].add(listener);
  }

  /** A topic, to subscribe to. */
  topic<Topic extends Types["topic"]>(
    topic: Topic,
  ): {
    /** Calls `listener` with each frame of the topic, once and in order, until `unsubscribe()`. */
    subscribe(listener: (frame: FramesOn<Types, Topic>) => void): Subscription;
    /** Leaves a topic to which a request has subscribed the client. */
    leave(): void;
  } {
    return {
      subscribe: (listener) => {
        const remove = listenersOf(this.#byTopic, topic).add(listener as (frame: never) => void);
        this.#subscriptions.want(topic);
        this.#sync();
        let isSubscribed = true;
        return {
          topic,
          unsubscribe: () => {
            if (isSubscribed) {
              isSubscribed = false;
              remove();
              this.#subscriptions.release(topic);
              this.#sync();
            }
          },
        };
      },
      leave: () => {
        this.#subscriptions.leave(topic);
        this.#sync();
      },
    };
  }

  /** Asks the token provider for a token and shows it to the server, on the connection that is open. */
  async refreshToken(): Promise<void> {
    const link = this.#link;
    const { authenticate } = this.protocol.session.toServer;
    if (this.#tokens === undefined || authenticate === undefined || link?.openedAt === undefined) {
      return;
    }
    const token = await this.#tokens.get("expiring");
    if (link !== this.#link) {
      return;
    }
    link.token = token;
    await this.request(
      authenticate as RequestType<Types>,
      this.protocol.session.topic as never,
      { token: token.token } as never,
    );
    this.#scheduleRefresh(link);
  }

  /** For developers: the network as it can be. `cut` breaks the connection; `silence` lets nothing through either way. */
  readonly simulate = {
    cut: (): void => this.#lose(this.#link, 1006, "cut by hand", false),
    silence: (isSilent: boolean): void => {
      this.#muffled = isSilent;
    },
  };

  // --- connecting -------------------------------------------------------------------------------------------------

  #attempt(newToken: boolean): void {
    this.#clock.cancel(this.#retry);
    const before = this.#state;
    const closing = "closing" in before ? before.closing : undefined;
    this.#enter({ status: "connecting", failures: this.#failures, downSince: this.#downSince(), closing });
    const { fallback = [], fallbackAfter = 3 } = this.#options;
    // Every attempt after that many takes the next way, and the WebSocket in its turn.
    const turn = this.#refusals < fallbackAfter ? 0 : (this.#refusals - fallbackAfter + 1) % (fallback.length + 1);
    const link = this.#open(turn === 0 ? undefined : fallback[turn - 1], newToken);
    this.#link = link;
  }

  /** Starts a connection, by a WebSocket if no other way is given. */
  #open(connector: Connector | undefined, newToken: boolean): Link {
    const now = this.#clock.now();
    const link: Link = {
      transport: undefined,
      openedAt: undefined,
      connectionId: undefined,
      notice: undefined,
      dog: watch(now),
      silenceMs: 2 * this.protocol.heartbeat.ping_interval_ms,
      token: undefined,
      renewed: newToken,
      timers: {},
    };
    const { connectMs = 10_000 } = this.#options;
    link.timers.connect = this.#clock.after(connectMs, () =>
      this.#lose(link, 1006, `no connection within ${connectMs} ms`, false),
    );
    const connect = (token: HeldToken | undefined): void => {
      if (!this.#isCurrent(link)) {
        return;
      }
      link.token = token;
      const make = connector ?? ((text, events) => this.#socket(text, events));
      try {
        link.transport = make(token?.token, {
          opened: () => this.#opened(link),
          text: (text) => this.#text(link, text),
          binary: () => this.#violated(link, "", undefined, [{ pointer: "", keyword: "type" }]),
          alive: () => this.#muffled || this.#heard(link),
          located: (topic, position) => this.#learn(topic, position),
          lost: (topic, to) => this.#events.gap.tell(this.#positions.lost(topic, to)),
          refused: (topic, reason) => {
            this.#log("warn", "topic.refused", { topic, reason });
            this.#events.refused.tell({ topic, reason });
          },
          closed: (code, reason, retryAfterMs) => this.#lose(link, code, reason, false, retryAfterMs),
        });
        const topics = this.#subscriptions.topics();
        link.transport.want(topics, this.#positions.after(topics));
      } catch (error) {
        this.#lose(link, 1006, String(error), false);
      }
    };
    if (this.#tokens === undefined) {
      // Not before `#link` is set: a transport may tell at once.
      queueMicrotask(() => connect(undefined));
    } else {
      this.#tokens
        .get(newToken ? "rejected" : "connect")
        .then(connect, (error) => this.#lose(link, 1006, `there is no token: ${error}`, false));
    }
    return link;
  }

  #socket(token: string | undefined, events: Parameters<Connector>[1]): Transport {
    const { url, subprotocol = "tightwire", tokenPlace = "protocol", webSocket: make } = this.#options;
    const maker: WebSocketMaker = make ?? ((address, protocols) => new WebSocket(address, protocols));
    return webSocket(maker, typeof url === "string" ? url : url(), subprotocol, tokenPlace, token, events);
  }

  #opened(link: Link): void {
    const { connection_established: first } = this.protocol.session.toClient;
    if (first === undefined || link.transport?.kind !== "websocket") {
      this.#established(link, undefined);
    }
  }

  /** The server has said that the connection is open, and under which limits. */
  #established(link: Link, frame: ServerFrameBase | undefined): void {
    const transport = link.transport;
    if (transport === undefined) {
      return;
    }
    if (link.openedAt !== undefined) {
      // Events have begun anew, for other topics.
      const { connection_id: connectionId } = (frame?.data ?? {}) as { readonly connection_id?: string };
      if (connectionId !== undefined && connectionId !== link.connectionId) {
        link.connectionId = connectionId;
        this.#enterOpen(link);
      }
      return;
    }
    if (link === this.#trial) {
      this.#trial = undefined;
      const old = this.#link;
      this.#link = link;
      this.#drop(old, 1000, "a WebSocket is there again");
    }
    const now = this.#clock.now();
    const data = (frame?.data ?? {}) as {
      readonly connection_id?: string;
      readonly ping_interval_ms?: number;
      readonly limits?: { readonly messages_per_second?: number; readonly message_burst?: number };
    };
    const { messages_per_second: perSecond, message_burst: burst } = data.limits ?? {};
    this.#clock.cancel(link.timers.connect);
    link.openedAt = now;
    link.connectionId = data.connection_id;
    link.silenceMs = 2 * (data.ping_interval_ms ?? this.protocol.heartbeat.ping_interval_ms);
    this.#refusals = transport.kind === "websocket" ? 0 : this.#refusals;
    this.#outbox.open(perSecond === undefined || burst === undefined ? undefined : { perSecond, burst }, now);
    this.#subscriptions.reset();
    this.#enterOpen(link);
    this.#watch(link);
    this.#scheduleRefresh(link);
    this.#syncNow();
    this.#drain();
    if (transport.kind !== "websocket") {
      // Soon for the first time: perhaps no WebSocket came to be because there was no server at all.
      const soon = Math.min(FIRST_UPGRADE_MS, this.#options.upgradeMs ?? 60_000);
      link.timers.upgrade = this.#clock.after(soon, () => this.#upgrade(link));
    }
  }

  /** Tries a WebSocket while a fallback is in use. */
  #upgrade(link: Link): void {
    this.#drop(this.#trial, 1000, "");
    this.#trial = this.#open(undefined, false);
    link.timers.upgrade = this.#clock.after(this.#options.upgradeMs ?? 60_000, () => this.#upgrade(link));
  }

  // --- the end of a connection ------------------------------------------------------------------------------------

  #isCurrent(link: Link | undefined): link is Link {
    return link !== undefined && (link === this.#link || link === this.#trial);
  }

  /** Ends a connection on this side. */
  #drop(link: Link | undefined, code: number, reason: string): void {
    if (link === undefined) {
      return;
    }
    for (const timer of Object.values(link.timers)) {
      this.#clock.cancel(timer);
    }
    this.#link = link === this.#link ? undefined : this.#link;
    this.#trial = link === this.#trial ? undefined : this.#trial;
    link.transport?.close(code, reason);
  }

  /** A connection has ended, or an attempt: decides what follows. `replaced` says that the client wanted it. */
  #lose(link: Link | undefined, code: number, reason: string, replaced: boolean, retryAfterMs?: number): void {
    if (!this.#isCurrent(link)) {
      return;
    }
    const isTrial = link === this.#trial;
    this.#drop(link, 1000, reason);
    if (isTrial) {
      return;
    }
    this.#drop(this.#trial, 1000, "");
    const now = this.#clock.now();
    const openMs = link.openedAt === undefined ? undefined : now - link.openedAt;
    const next = sequel(
      this.protocol,
      { ...BACKOFF, ...this.#options.backoff },
      {
        code,
        reason,
        openMs,
        failures: this.#failures,
        notice: link.notice,
        replaced,
        tokenLeft: this.#tokens !== undefined && !(link.renewed && openMs === undefined),
        retryAfterMs,
      },
      this.#clock.random(),
    );
    if (openMs === undefined) {
      this.#refusals += 1;
    }
    this.#log(next.next === "stop" ? "warn" : "info", "connection.closed", {
      code,
      reason,
      open_ms: openMs,
      sequel: next.next,
      delay_ms: next.next === "stop" ? undefined : next.delayMs,
    });
    const since = this.#downSince();
    const { replies } = this.protocol;
    this.#requests.lost(({ type, topic }) => replies[type]?.kind === "sequence" && this.#subscriptions.has(topic));
    if (next.next === "stop") {
      this.#unwatch?.();
      this.#unwatch = undefined;
      this.#outbox.clear();
      this.#requests.clear();
      this.#enter({ status: "stopped", closing: next.closing, downSince: since });
      return;
    }
    this.#failures = next.failures;
    this.#enter({
      status: "waiting",
      retryAt: now + next.delayMs,
      offline: this.#offline,
      failures: next.failures,
      downSince: since,
      closing: next.closing,
    });
    if (this.#state.status === "waiting") {
      this.#clock.cancel(this.#retry);
      this.#retry = this.#clock.after(next.delayMs, () => this.#attempt(next.newToken));
    }
  }

  #hint(hint: Hint): void {
    this.#log("debug", `hint.${hint}`, {});
    const wasOffline = this.#offline;
    this.#offline = hint === "offline" || (hint !== "online" && wasOffline);
    const state = this.#state;
    if (state.status === "waiting") {
      if (hint === "online" || (hint === "awake" && !this.#offline)) {
        this.#attempt(false);
      } else if (wasOffline !== this.#offline) {
        this.#enter({ ...state, offline: this.#offline });
      }
    } else if (state.status === "open") {
      if (hint === "asleep") {
        this.#lose(this.#link, 1000, "the page sleeps", true);
      } else {
        this.#watch(this.#link, true);
      }
    }
  }

  // --- is it still there ------------------------------------------------------------------------------------------

  #heard(link: Link): void {
    const wasProbing = link.dog.probedAt !== undefined;
    link.dog = heard(this.#clock.now());
    if (wasProbing && link === this.#link && link.openedAt !== undefined) {
      this.#enterOpen(link);
      this.#watch(link);
    }
  }

  #watch(link: Link | undefined, hint = false): void {
    if (link === undefined || link !== this.#link || link.openedAt === undefined) {
      return;
    }
    this.#clock.cancel(link.timers.watch);
    const now = this.#clock.now();
    const options = { silenceMs: link.silenceMs, probeMs: this.#options.probeMs ?? 5000 };
    let verdict = judge(link.dog, options, now, hint);
    if (verdict === "probe") {
      link.dog = probed(link.dog, now);
      this.#probe(link, now);
      this.#enterOpen(link);
      verdict = { wait: options.probeMs };
    }
    if (verdict === "replace") {
      this.#lose(link, 1006, "no sign of life", true);
    } else {
      link.timers.watch = this.#clock.after(verdict.wait, () => this.#watch(link));
    }
  }

  #probe(link: Link, now: number): void {
    const { toServer, topic } = this.protocol.session;
    if (link.transport?.probe !== undefined) {
      link.transport.probe();
    } else if (toServer.ping !== undefined) {
      const data = { timestamp: new Date(now).toISOString() };
      this.#transmit(link, frameOf(toServer.ping, topic, data, now));
    }
  }

  // --- frames that come -------------------------------------------------------------------------------------------

  #text(link: Link, text: string): void {
    if (!this.#isCurrent(link) || this.#muffled) {
      return;
    }
    this.#heard(link);
    const parsed = this.protocol.parseServerFrame(text);
    if (!parsed.ok) {
      this.#violated(link, text, undefined, parsed.violations);
      return;
    }
    const frame: ServerFrameBase = parsed.frame;
    const part = this.#parts[frame.type];
    if (part === "connection_established") {
      this.#established(link, frame);
    }
    if (link !== this.#link) {
      return;
    }
    this.#lastId = frame.id;
    this.#session(link, part, frame);
    const arrival = this.#subscriptions.has(frame.topic) ? this.#positions.arrive(frame) : "next";
    this.#packet("in", link, text, frame, [], arrival === "duplicate");
    if (arrival === "duplicate") {
      return;
    }
    if (arrival !== "next") {
      this.#log("warn", "topic.gap", { topic: arrival.topic });
      this.#events.gap.tell(arrival);
    }
    this.#requests.arrive(frame, part === "error");
    this.#events.frame.tell(frame);
    this.#byType.get(frame.type)?.tell(frame as never);
    this.#byTopic.get(frame.topic)?.tell(frame as never);
  }

  /** What a frame of the session asks of the client itself. */
  #session(link: Link, part: Parts[string] | undefined, frame: ServerFrameBase): void {
    const now = this.#clock.now();
    const { toServer, topic } = this.protocol.session;
    if (part === "ping" && toServer.pong !== undefined) {
      const data = { timestamp: new Date(now).toISOString(), last_id: this.#lastId };
      this.#transmit(link, frameOf(toServer.pong, topic, data, now));
    } else if (part === "subscription_updated") {
      const { positions = {} } = frame.data as { readonly positions?: { readonly [topic: string]: Position } };
      for (const [name, position] of Object.entries(positions)) {
        this.#learn(name, position);
      }
    } else if (part === "replay_gap") {
      const { epoch, latest_seq: seq } = frame.data as { readonly epoch: string; readonly latest_seq: number };
      this.#events.gap.tell(this.#positions.lost(frame.topic, { epoch, seq }));
    } else if (part === "disconnect_notice") {
      const { reason, reconnect_after_ms: reconnectAfterMs } = frame.data as {
        readonly reason: string;
        readonly reconnect_after_ms: number;
      };
      link.notice = { reason, reconnectAfterMs };
      this.#events.notice.tell(link.notice);
    } else if (part === "authenticated" && link.token !== undefined) {
      const { expires_at: expiresAt } = frame.data as { readonly expires_at: string };
      link.token = { token: link.token.token, expiresAt: Date.parse(expiresAt) };
    } else if (part === undefined) {
      // A reply that says where live frames continue (`thread_history`).
      const { epoch, seq } = frame.data as { readonly epoch?: unknown; readonly seq?: unknown };
      if (frame.seq === undefined && typeof epoch === "string" && typeof seq === "number") {
        this.#learn(frame.topic, { epoch, seq });
      }
    }
  }

  /** Takes note of where a topic is, where that is not known already. */
  #learn(topic: string, position: Position): void {
    if (this.#subscriptions.has(topic) && this.#positions.get(topic) === undefined) {
      this.#positions.set(topic, position);
    }
  }

  /** The server did not follow the contract. */
  #violated(link: Link, text: string, frame: FrameBase | undefined, violations: readonly Violation[]): void {
    if (!this.#isCurrent(link)) {
      return;
    }
    this.#packet("in", link, text, frame, violations, false);
    const places = violations.map(({ pointer, keyword }) => `${pointer} ${keyword}`).join(", ");
    this.#log("error", "frame.invalid", { violations: places });
    this.#events.violation.tell({ direction: "in", text, violations });
    link.transport?.close(1002, "a frame does not follow the contract");
    this.#lose(link, 1002, places, false);
  }

  // --- frames that go ---------------------------------------------------------------------------------------------

  /** Checks a frame and lets it wait for its turn. */
  #post(frame: FrameBase): Promise<SendResult> {
    const { id } = frame;
    const violations = this.protocol.checkClientFrame(frame);
    if (violations.length > 0) {
      this.#events.violation.tell({ direction: "out", text: JSON.stringify(frame), violations });
      return Promise.resolve({ ok: false, id, reason: "invalid", violations });
    }
    if (this.#state.status === "stopped") {
      return Promise.resolve({ ok: false, id, reason: "closed", violations });
    }
    return new Promise((resolve) => {
      const text = JSON.stringify(frame);
      const settle = (fate: Fate): void => {
        resolve(fate === "sent" ? { ok: true, id } : { ok: false, id, reason: fate, violations });
      };
      const bytes = new TextEncoder().encode(text).length;
      if (!this.#outbox.push({ text, bytes, since: this.#clock.now(), settle, frame })) {
        resolve({ ok: false, id, reason: "queue_full", violations });
        return;
      }
      this.#drain();
    });
  }

  /** Sends what waits, as far as server and browser take it, and comes back when there may be more. */
  #drain(): void {
    this.#clock.cancel(this.#flush);
    const now = this.#clock.now();
    const link = this.#link;
    let again = this.#outbox.expire(now);
    if (link?.openedAt !== undefined && link.transport?.kind === "websocket") {
      const pace = this.#outbox.drain(now, ({ text, frame }) => {
        if (!this.#put(link, text, frame)) {
          return false;
        }
        if (this.protocol.subscribing.includes(frame.type)) {
          this.#subscriptions.join(frame.topic);
        }
        return true;
      });
      again = pace ?? (this.#outbox.length > 0 ? 100 : undefined);
    }
    if (again !== undefined) {
      this.#flush = this.#clock.after(again, () => this.#drain());
    }
  }

  /** Sends a frame of the client's own, ahead of what waits. */
  #transmit(link: Link, frame: FrameBase): void {
    this.#outbox.spend(this.#clock.now());
    this.#put(link, JSON.stringify(frame), frame);
  }

  #put(link: Link, text: string, frame: FrameBase): boolean {
    const sent = this.#muffled || link.transport?.send(text) === true;
    if (sent) {
      this.#packet("out", link, text, frame, [], false);
    }
    return sent;
  }

  // --- subscriptions and tokens -----------------------------------------------------------------------------------

  /** Asks for what has changed, once whoever is at work has subscribed to all that it wants. */
  #sync(): void {
    this.#clock.cancel(this.#syncing);
    this.#syncing = this.#clock.after(0, () => this.#syncNow());
  }

  #syncNow(): void {
    const link = this.#link;
    if (link?.openedAt === undefined) {
      return;
    }
    const { add, remove } = this.#subscriptions.sync();
    const { toServer, topic, positions } = this.protocol.session;
    const now = this.#clock.now();
    for (const name of remove) {
      this.#positions.forget(name);
    }
    if (link.transport?.kind !== "websocket") {
      const topics = this.#subscriptions.topics();
      link.transport?.want(topics, this.#positions.after(topics));
      return;
    }
    for (const names of chunks(add)) {
      const after = this.#positions.after(names);
      const data = {
        topics: names,
        ...(Object.keys(after).length > 0 && { after }),
        ...(positions && { positions }),
      };
      this.#transmit(link, frameOf(toServer.subscribe ?? "", topic, data, now));
    }
    for (const names of chunks(remove)) {
      this.#transmit(link, frameOf(toServer.unsubscribe ?? "", topic, { topics: names }, now));
    }
  }

  #scheduleRefresh(link: Link): void {
    this.#clock.cancel(link.timers.refresh);
    const now = this.#clock.now();
    const at = link.token && refreshAt(link.token, now);
    if (at === undefined || link.transport?.kind !== "websocket") {
      return;
    }
    link.timers.refresh = this.#clock.after(Math.min(at - now, 2 ** 31 - 1), () => {
      this.refreshToken().catch((error) => this.#log("warn", "token.refresh_failed", { error: String(error) }));
    });
  }

  // --- telling ----------------------------------------------------------------------------------------------------

  #enterOpen(link: Link): void {
    this.#enter({
      status: "open",
      since: link.openedAt ?? this.#clock.now(),
      transport: link.transport?.kind ?? "websocket",
      connectionId: link.connectionId,
      probing: link.dog.probedAt !== undefined,
    });
  }

  #enter(state: ConnectionState): void {
    const before = this.#state;
    this.#state = state;
    if (before.status !== state.status) {
      this.#log("info", `connection.${state.status}`, {});
    }
    this.#events.state.tell(state);
  }

  /** Since when there are no live updates, as the next state will say. */
  #downSince(): number | undefined {
    return this.#state.status === "open" ? this.#clock.now() : downSince(this.#state);
  }

  #packet(
    direction: Packet["direction"],
    link: Link,
    text: string,
    frame: FrameBase | undefined,
    violations: readonly Violation[],
    duplicate: boolean,
  ): void {
    if (this.#events.packet.size > 0 && link.transport !== undefined) {
      const at = this.#clock.now();
      this.#events.packet.tell({ at, direction, transport: link.transport.kind, text, frame, violations, duplicate });
    }
  }

  #log(level: LogLevel, event: string, fields: LogEntry["fields"]): void {
    this.#options.log?.({ at: this.#clock.now(), level, event, connectionId: this.#link?.connectionId, fields });
  }
}

function listenersOf(map: Map<string, Listeners<never>>, key: string): Listeners<never> {
  const listeners = map.get(key) ?? new Listeners<never>();
  map.set(key, listeners);
  return listeners;
}

function* chunks(names: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < names.length; at += TOPICS_AT_ONCE) {
    yield names.slice(at, at + TOPICS_AT_ONCE);
  }
}
