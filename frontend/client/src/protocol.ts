/**
 * What the client knows of a protocol. `tightwire generate typescript` writes it as `protocol.ts`, and nothing here is
 * written by hand: names, replies, close codes, limits and the heartbeat are those of the AsyncAPI document.
 */

/** What every frame has. */
export interface FrameBase {
  /** The version of the envelope. */
  readonly v: 1;
  /** Identity of this frame (a UUID). */
  readonly id: string;
  /** The message's name. */
  readonly type: string;
  /** What the frame is about. */
  readonly topic: string;
  /** When the sender made it, in milliseconds since the Unix epoch. */
  readonly ts: number;
  /** The `id` of the frame that this one answers. */
  readonly correlation_id?: string;
  /** The payload. */
  readonly data: unknown;
}

/** What every frame of the server has. */
export interface ServerFrameBase extends FrameBase {
  readonly correlation_id: string;
  /** Position in the topic's log, on frames that are kept. */
  readonly seq?: number;
  /** Changes when the topic's log was lost or rebuilt. */
  readonly epoch?: string;
}

/** The types of a protocol, which the generated `Types` brings together. */
export interface ProtocolTypes {
  /** Any frame that a client sends. */
  readonly client: FrameBase;
  /** Any frame that the server sends. */
  readonly server: ServerFrameBase;
  /** The frame that answers each request which is answered with one. */
  readonly replies: object;
  /** The frames that answer each request which is answered with several. */
  readonly sequences: object;
  /** Any topic. */
  readonly topic: string;
}

/** A place where a value departs from the contract. */
export interface Violation {
  /** JSON Pointer (RFC 6901) into the frame. */
  readonly pointer: string;
  /** The violated keyword of JSON Schema. */
  readonly keyword: string;
}

/** What a frame's text turned out to be. */
export type Parsed<Frame> =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly violations: readonly Violation[] };

/** How a reply is made up. */
export interface ReplyShape {
  /** One frame of those named, or all of them in order. */
  readonly kind: "one" | "sequence";
  /** The frames by `type`; `times` as in regular expressions, empty for exactly once. */
  readonly steps: readonly { readonly type: string; readonly times: "" | "+" | "*" | "?" }[];
}

/** An entry of the contract's table of close codes. */
export interface CloseCode {
  /** The code (RFC 6455, section 7.4). */
  readonly code: number;
  /** What it says to the client. */
  readonly meaning: string;
  /** Whether to connect again. */
  readonly reconnect: boolean;
}

/** The messages of the session, by the part that each plays (`x-session`). A part that nobody plays is not there. */
export interface SessionMessages {
  /** The topic of all of them. */
  readonly topic: string;
  /** Whether `subscribe` may ask for `positions`, and `subscription_updated` tells them. */
  readonly positions: boolean;
  /** Those that the client sends. */
  readonly toServer: {
    readonly [Part in "subscribe" | "unsubscribe" | "ping" | "pong" | "authenticate"]?: string;
  };
  /** Those that the server sends. */
  readonly toClient: {
    readonly [Part in
      | "connection_established"
      | "subscription_updated"
      | "ping"
      | "pong"
      | "error"
      | "authenticated"
      | "replay_gap"
      | "disconnect_notice"]?: string;
  };
}

/** A protocol, as the client needs it. */
export interface Protocol<Types extends ProtocolTypes> {
  /** Never there: it carries the types. */
  readonly types?: Types | undefined;
  /** The version of the document. */
  readonly version: string;
  /** Parses the text of a frame of the server, and checks it. */
  readonly parseServerFrame: (text: string) => Parsed<Types["server"]>;
  /** What is wrong with a frame that is about to be sent; empty for nothing. */
  readonly checkClientFrame: (value: unknown) => readonly Violation[];
  /** Whether there is such a topic. */
  readonly isTopic: (text: string) => boolean;
  /** How the reply of each request is made up, by the request's `type`. */
  readonly replies: { readonly [type: string]: ReplyShape };
  /** The requests whose sender the server subscribes to their topic (`x-subscribes`). */
  readonly subscribing: readonly string[];
  /** The messages of the session. */
  readonly session: SessionMessages;
  /** How the server closes connections, by name. */
  readonly closeCodes: { readonly [name: string]: CloseCode };
  /** The server's default heartbeat; a running server tells its own. */
  readonly heartbeat: { readonly ping_interval_ms: number; readonly pong_timeout_ms: number };
  /** What a server may do with each of its messages, by `type`. */
  readonly delivery: { readonly [type: string]: "durable" | "latest" | "ephemeral" | "control" };
}

/** The `type` of a frame that a client sends. */
export type ClientType<Types extends ProtocolTypes> = Types["client"]["type"];

/** The `type` of a frame that the server sends. */
export type ServerType<Types extends ProtocolTypes> = Types["server"]["type"];

/** The frame that a client sends, by its `type`. */
export type ClientFrameOf<Types extends ProtocolTypes, Type extends ClientType<Types>> = Extract<
  Types["client"],
  { readonly type: Type }
>;

/** The frame that the server sends, by its `type`. */
export type ServerFrameOf<Types extends ProtocolTypes, Type extends ServerType<Types>> = Extract<
  Types["server"],
  { readonly type: Type }
>;

/** The `type` of a request, that is of a frame that is answered. */
export type RequestType<Types extends ProtocolTypes> = (keyof Types["replies"] | keyof Types["sequences"]) &
  ClientType<Types>;

/** What a request is answered with: a frame, or a list of frames. */
export type ReplyOf<Types extends ProtocolTypes, Type> = Type extends keyof Types["replies"]
  ? Types["replies"][Type]
  : Type extends keyof Types["sequences"]
    ? Types["sequences"][Type]
    : never;

/** The frames that can come on a topic. */
export type FramesOn<Types extends ProtocolTypes, Topic extends string> = Types["server"] extends infer Frame
  ? Frame extends { readonly topic: infer On }
    ? Topic extends On
      ? Frame
      : never
    : never
  : never;
