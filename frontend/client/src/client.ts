/**
 * The client: one connection that comes back by itself, and what goes over it. Here is what applications call. Which
 * connection there is, is the business of `attempts`; what comes over it that of `inbound`, what goes that of `outbound`.
 */
import { makeAttempts } from "./attempts.js";
import type { Clock } from "./clock.js";
import { makeCore } from "./core.js";
import { frameOf, uuid } from "./frame.js";
import { makeInbound } from "./inbound.js";
import type { Unsubscribe } from "./listeners.js";
import type { ClientEvents, ClientOptions, RequestOptions, SendOptions, SendResult, Subscription } from "./options.js";
import { makeOutbound } from "./outbound.js";
import type { Position } from "./positions.js";
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
} from "./protocol.js";
import { makeRenewal } from "./renewal.js";
import { Requests } from "./requests.js";
import type { ConnectionState } from "./state.js";

/** A client of one server. */
export interface Client<Types extends ProtocolTypes> {
  /** The protocol that it speaks. */
  readonly protocol: Protocol<Types>;
  /** Where the connection is now. A new object for each change. */
  readonly state: ConnectionState;
  /** The time that it goes by. */
  readonly clock: Clock;
  /** How many frames wait to be sent. */
  readonly waiting: number;
  /** Where the client is in a topic; `undefined` where that is not known. */
  position(topic: Types["topic"]): Position | undefined;
  /** Connects, and stays connected until `close()`, or until the server closes with a code that says not to come back. */
  connect(): void;
  /** Makes the next attempt now instead of at its time. */
  retryNow(): void;
  /** Closes the connection for good. What waits is given up. Subscriptions stay, for another `connect()`. */
  close(): void;
  /** Sends a frame as soon as there is a connection, and tells what became of it: it never throws. */
  send<Type extends ClientType<Types>>(
    type: Type,
    topic: ClientFrameOf<Types, Type>["topic"],
    data: ClientFrameOf<Types, Type>["data"],
    options?: SendOptions,
  ): Promise<SendResult>;
  /**
   * Sends a request and waits for its reply: a frame, or the list of frames where the contract declares a sequence.
   * Throws a `RequestError`.
   */
  request<Type extends RequestType<Types>>(
    type: Type,
    topic: ClientFrameOf<Types, Type>["topic"],
    data: ClientFrameOf<Types, Type>["data"],
    options?: RequestOptions<Types>,
  ): Promise<ReplyOf<Types, Type>>;
  /** Calls `listener` with each frame of a type, whatever its topic, as long as the client has that topic. */
  on<Type extends ServerType<Types>>(type: Type, listener: (frame: ServerFrameOf<Types, Type>) => void): Unsubscribe;
  /** Calls `listener` with what happens to the connection. */
  onEvent<Name extends keyof ClientEvents<Types>>(
    name: Name,
    listener: (event: ClientEvents<Types>[Name]) => void,
  ): Unsubscribe;
  /** A topic, to subscribe to. */
  topic<Topic extends Types["topic"]>(topic: Topic): TopicHandle<Types, Topic>;
  /** Asks the token provider for a token and shows it to the server, on the connection that is open. */
  refreshToken(): Promise<void>;
  /** For developers: the network as it can be. */
  readonly simulate: {
    /** Breaks the connection. */
    cut(): void;
    /** Lets nothing through either way, and tells nobody: a network that is gone without a word. */
    silence(isSilent: boolean): void;
  };
}

/** A topic of a client. */
export interface TopicHandle<Types extends ProtocolTypes, Topic extends string> {
  /**
   * Calls `listener` with each frame of the topic from then on, once and in order, until `unsubscribe()`. A topic that
   * the server does not grant is told of by the event `refused`.
   */
  subscribe(listener: (frame: FramesOn<Types, Topic>) => void): Subscription;
  /** Leaves a topic to which a request has subscribed the client, and which has no listeners. */
  leave(): void;
}

/** Makes a client. It does nothing before `connect()`. */
export function createClient<Types extends ProtocolTypes>(
  protocol: Protocol<Types>,
  options: ClientOptions,
): Client<Types> {
  const core = makeCore(protocol, options);
  const { clock, listeners } = core;
  const requests = new Requests(clock);
  const outbound = makeOutbound(core, (id) => requests.sent(id));
  const { outbox, positions, post, subscriptions, sync } = outbound;
  const attempts = makeAttempts(core, {
    received: (link, text) => inbound.received(link, text),
    made: outbound.made,
    opened(link, limits) {
      requests.resume();
      outbound.opened(link, limits);
      renewal.schedule(link);
    },
    get told() {
      return inbound.told;
    },
    doubted(link) {
      if (link.transport?.probe !== undefined) {
        link.transport.probe();
      } else {
        outbound.beat(link, protocol.session.toServer.ping);
      }
    },
    ended() {
      // The frames of a sequence are replayed, where it is known after which.
      const isLost = ({ topic }: FrameBase, isSequence: boolean) =>
        !isSequence || !subscriptions.has(topic) || positions.get(topic) === undefined;
      requests.lose(isLost, outbox.options.ageMs);
    },
    stopped() {
      outbound.clear();
      requests.clear();
    },
  });
  const inbound = makeInbound(core, attempts, outbound, requests);
  const renewal = makeRenewal(core, attempts, outbound, requests);
  const { close, connect, lose, retryNow, state } = attempts;
  const leave = (topic: string): void => {
    subscriptions.leave(topic, requests.isAwaited(topic));
    sync();
  };
  const isStopped = (): boolean => state().status === "stopped";

  return {
    protocol,
    clock,
    get state() {
      return state();
    },
    get waiting() {
      return outbox.length;
    },
    position: (topic) => positions.get(topic),
    connect,
    retryNow,
    close,
    send: (type, topic, data, { id } = {}) => post(frameOf(type, topic, data, clock.now(), id), isStopped()),

    async request(type, topic, data, { id = uuid(), timeoutMs = options.requestMs, signal, onFrame } = {}) {
      const shape = protocol.replies[type];
      if (shape === undefined) {
        throw new TypeError(`${type} is not answered`);
      }
      const frame = frameOf(type, topic, data, clock.now(), id);
      const abort = () => {
        outbox.withdraw(id);
        requests.fail(id, "aborted");
      };
      const reply = requests.add(frame, shape, timeoutMs, onFrame as ((frame: ServerFrameBase) => void) | undefined);
      if (signal?.aborted) {
        abort();
      } else {
        signal?.addEventListener("abort", abort);
        post(frame, isStopped()).then((result) => {
          if (!result.ok) {
            requests.fail(id, result.reason, result);
          }
        });
      }
      try {
        // The guards have seen to it that these are the frames that the contract says.
        return (await reply) as never;
      } finally {
        signal?.removeEventListener("abort", abort);
        if (!requests.isAwaited(topic) && subscriptions.done(frame)) {
          sync();
        }
      }
    },

    on: (type, listener) => listeners.add(`type.${type}`, listener),
    onEvent: (name, listener) => listeners.add(name, listener),

    topic: (topic) => ({
      subscribe(listener) {
        const remove = listeners.add(`topic.${topic}`, listener);
        if (protocol.isTopic(topic)) {
          subscriptions.want(topic);
          sync();
        } else {
          // The server closes connections that ask for what is no topic at all.
          clock.after(0, () => inbound.told.refused(topic, "no such topic"));
        }
        let isSubscribed = true;
        return {
          topic,
          unsubscribe() {
            if (!isSubscribed) {
              return;
            }
            isSubscribed = false;
            remove();
            if (subscriptions.release(topic)) {
              leave(topic);
            }
          },
        };
      },
      leave: () => leave(topic),
    }),

    refreshToken: renewal.refresh,
    simulate: {
      cut: () => lose(core.link, 1006, "cut"),
      silence(isSilent) {
        core.muffled = isSilent;
      },
    },
  };
}
