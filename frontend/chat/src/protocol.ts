import type { Protocol } from "@tightwire/client";
import {
  CLOSE_CODES,
  type ClientFrame,
  CONTRACT_VERSION,
  checkClientFrame,
  DELIVERY,
  HEARTBEAT,
  parseServerFrame,
  parseTopic,
  REPLIES,
  type Replies,
  type ReplySequences,
  type ServerFrame,
  type Topic,
} from "../../../generated/typescript/index.js";

/** The types of this protocol, for clients. */
export interface ChatTypes {
  readonly client: ClientFrame;
  readonly server: ServerFrame;
  readonly replies: Replies;
  readonly sequences: ReplySequences;
  readonly topic: Topic;
}

/** All that a client needs to know of this protocol. */
export const protocol: Protocol<ChatTypes> = {
  version: CONTRACT_VERSION,
  parseServerFrame,
  checkClientFrame,
  isTopic: (text: string): boolean => parseTopic(text) !== undefined,
  replies: REPLIES,
  subscribing: ["subscribe_thread", "send_message"],
  session: {
    topic: "system",
    positions: false,
    toServer: {
      subscribe: "subscribe",
      unsubscribe: "unsubscribe",
      ping: "ping",
      pong: "pong",
      authenticate: "authenticate",
    },
    toClient: {
      connection_established: "connection_established",
      subscription_updated: "subscription_updated",
      ping: "ping",
      pong: "pong",
      error: "error",
      authenticated: "authenticated",
      replay_gap: "replay_gap",
      disconnect_notice: "disconnect_notice",
    },
  },
  closeCodes: CLOSE_CODES,
  heartbeat: HEARTBEAT,
  delivery: DELIVERY,
};
