/**
 * A WebSocket client for protocols that Tightwire generates: frames are typed and checked, and the connection comes back
 * by itself without a frame lost or doubled.
 *
 * ```ts
 * import { createClient } from "@tightwire/client";
 * import { protocol, topic } from "@tightwire/chat";
 *
 * const client = createClient(protocol, { url: "wss://chat.example/ws", token: () => fetchToken() });
 * client.topic(topic.thread("welcome")).subscribe((frame) => console.log(frame.type, frame.data));
 * client.connect();
 * await client.request("send_message", topic.thread("welcome"), { content: "Hello" });
 * ```
 */
export { assertNever } from "./assert-never.js";
export { BACKOFF, type BackoffOptions, backoffDelay } from "./backoff.js";
export { type Client, createClient, type TopicHandle } from "./client.js";
export { type Clock, systemClock, type Timer } from "./clock.js";
export { closeCode } from "./closing.js";
export { uuid } from "./frame.js";
export type { Hint, HintTargets } from "./hints.js";
export type { Unsubscribe } from "./listeners.js";
export type { Log, LogEntry, LogLevel } from "./log.js";
export type { ClientEvents, ClientOptions, RequestOptions, SendOptions, SendResult, Subscription } from "./options.js";
export type { OutboxOptions } from "./outbox.js";
export type { Packet } from "./packet.js";
export type { Gap, Position } from "./positions.js";
export type {
  ClientFrameOf,
  ClientType,
  CloseCode,
  FrameBase,
  FramesOn,
  Parsed,
  Protocol,
  ProtocolTypes,
  ReplyOf,
  ReplyShape,
  RequestType,
  ServerFrameBase,
  ServerFrameOf,
  ServerType,
  SessionMessages,
  Violation,
} from "./protocol.js";
export { RequestError, type RequestFailure } from "./requests.js";
export { type Closing, type ConnectionState, colourOf, downSince, type TransportKind } from "./state.js";
export type { Refusal } from "./subscriptions.js";
export type { Token, TokenProvider, TokenReason } from "./token.js";
export type {
  Connector,
  TokenPlace,
  Transport,
  TransportEvents,
  WebSocketLike,
  WebSocketMaker,
  WebSocketOptions,
} from "./transport.js";
