/** What applications say to the client, and hear from it. */
import type { BackoffOptions } from "./backoff.js";
import type { Clock } from "./clock.js";
import type { HintTargets } from "./hints.js";
import type { Log } from "./log.js";
import type { OutboxOptions } from "./outbox.js";
import type { Packet } from "./packet.js";
import type { Gap } from "./positions.js";
import type { ProtocolTypes, Violation } from "./protocol.js";
import type { ConnectionState } from "./state.js";
import type { Refusal } from "./subscriptions.js";
import type { TokenProvider } from "./token.js";
import type { Connector, WebSocketOptions } from "./transport.js";

/** How the client connects. Every time is in milliseconds. */
export interface ClientOptions extends WebSocketOptions {
  /** Gives the token. Without it none is sent. */
  readonly token?: TokenProvider;
  /** How long to wait before each attempt. */
  readonly backoff?: Partial<BackoffOptions>;
  /** How much may wait to be sent. */
  readonly outbox?: Partial<OutboxOptions>;
  /** How long a probe may stay without an answer. Default: 5000. */
  readonly probeMs?: number;
  /** How long an attempt may take, token included. Default: 10 000. */
  readonly connectMs?: number;
  /** How long a request that was sent waits for each frame of its reply. Default: 10 000. */
  readonly requestMs?: number;
  /** Other ways, in this order, for networks in which no WebSocket comes to be. */
  readonly fallback?: readonly Connector[];
  /** After how many attempts in a row the first of them is taken. Default: 3. */
  readonly fallbackAfter?: number;
  /** How often a WebSocket is tried while another way is in use, but for the first time after 5000. Default: 60 000. */
  readonly upgradeMs?: number;
  /** Takes what the client says of itself. */
  readonly log?: Log;
  /** Time and chance. Default: the machine's. */
  readonly clock?: Clock;
  /** Where hints about network and page come from. Default: `window` and `document`, where they are. */
  readonly hints?: HintTargets;
}

/** How a frame is sent. */
export interface SendOptions {
  /**
   * The frame's `id` (a UUID), for those who have to know it beforehand: answers carry it as `correlation_id`. Default: a
   * new one.
   */
  readonly id?: string | undefined;
}

/** How a request is made. */
export interface RequestOptions<Types extends ProtocolTypes> extends SendOptions {
  /** How long to wait for each frame of the reply, once the request was sent. Default: the client's `requestMs`. */
  readonly timeoutMs?: number;
  /** Gives the request up. If it waits to be sent, it is not sent. */
  readonly signal?: AbortSignal;
  /** Called with each frame of the reply as it comes. */
  readonly onFrame?: (frame: Types["server"]) => void;
}

/** What became of a frame that was to be sent. */
export type SendResult =
  | {
      /** It was handed to the network. Whether the server has it, only its answer can say. */
      readonly ok: true;
      /** The frame's `id`. */
      readonly id: string;
    }
  | {
      readonly ok: false;
      readonly id: string;
      /** It does not follow the contract, there was no room for it, it waited too long, or the client was closed. */
      readonly reason: "invalid" | "queue_full" | "expired" | "closed";
      /** Where it does not follow the contract. */
      readonly violations: readonly Violation[];
    };

/** A listener of a topic. */
export interface Subscription {
  readonly topic: string;
  /** Takes the listener back; with the last one the client leaves the topic. */
  readonly unsubscribe: () => void;
}

/** What happens to the connection, by name. */
export interface ClientEvents<Types extends ProtocolTypes> {
  /** The connection is somewhere else. */
  readonly state: ConnectionState;
  /** Any frame that was delivered. */
  readonly frame: Types["server"];
  /** Frames of a topic are lost: load its state anew. */
  readonly gap: Gap;
  /** The server does not grant a topic. It is asked again on the next connection, and for each listener that comes. */
  readonly refused: Refusal;
  /** A frame does not follow the contract. */
  readonly violation: {
    readonly direction: "in" | "out";
    readonly text: string;
    readonly violations: readonly Violation[];
  };
  /** The server is about to close the connection. */
  readonly notice: { readonly reason: string; readonly reconnectAfterMs: number };
  /** A frame went by, as it is: tokens too. Where nobody listens, nothing is made of it. */
  readonly packet: Packet;
}
