/**
 * Other ways for frames to come, for networks in which no WebSocket comes to be.
 *
 * ```ts
 * import { createClient } from "@tightwire/client";
 * import { polling, serverSentEvents } from "@tightwire/client/fallback";
 *
 * const client = createClient(protocol, {
 *   url: "wss://chat.example/ws",
 *   fallback: [serverSentEvents({ url: "/sse", replayUrl: "/api/ws/replay" }), polling({ replayUrl: "/api/ws/replay" })],
 * });
 * ```
 */
export { EventStreamParser, type StreamEvent, type StreamListener } from "./event-stream.js";
export type { Address, HttpOptions } from "./http.js";
export { type PollingOptions, polling } from "./polling.js";
export { type ServerSentEventsOptions, serverSentEvents } from "./server-sent-events.js";
