import type { FrameBase, Protocol, ProtocolTypes, ServerFrameBase } from "../../src/index.js";

interface AnyTypes extends ProtocolTypes {
  readonly client: FrameBase;
  readonly server: ServerFrameBase;
}

/** A protocol without a contract: all that is JSON passes, if it has a type. */
export const protocol: Protocol<AnyTypes> = {
  version: "1.0.0",
  parseServerFrame: (text) => {
    const frame = JSON.parse(text) as ServerFrameBase;
    return typeof frame.type === "string"
      ? { ok: true, frame }
      : { ok: false, violations: [{ pointer: "/type", keyword: "required" }] };
  },
  checkClientFrame: () => [],
  isTopic: () => true,
  replies: {},
  subscribing: [],
  session: {
    topic: "system",
    positions: false,
    toServer: { subscribe: "subscribe", unsubscribe: "unsubscribe", ping: "ping", pong: "pong" },
    toClient: {
      connection_established: "connection_established",
      subscription_updated: "subscription_updated",
      ping: "ping",
      pong: "pong",
      error: "error",
      replay_gap: "replay_gap",
      disconnect_notice: "disconnect_notice",
    },
  },
  closeCodes: {
    going_away: { code: 1001, meaning: "", reconnect: true },
    contract_violation: { code: 1002, meaning: "", reconnect: false },
    try_again_later: { code: 1013, meaning: "", reconnect: true },
    unauthorized: { code: 4401, meaning: "", reconnect: false },
    topic_forbidden: { code: 4403, meaning: "", reconnect: false },
  },
  heartbeat: { ping_interval_ms: 30_000, pong_timeout_ms: 60_000 },
  delivery: {},
};
