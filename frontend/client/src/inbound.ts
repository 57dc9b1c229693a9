/** Frames that come: checked, then told to whoever wants them, once each and in order. */
import type { Attempts } from "./attempts.js";
import type { Core } from "./core.js";
import type { Link } from "./link.js";
import type { Outbound } from "./outbound.js";
import type { Gap, Position } from "./positions.js";
import type { ServerFrameBase, Violation } from "./protocol.js";
import type { Requests } from "./requests.js";
import type { TransportEvents } from "./transport.js";

/** The error for frames that the server has dropped, since there were too many. */
const RATE_LIMITED = "rate_limited";

/** What the session's messages have, each a part of it. */
interface Data {
  readonly code: string;
  readonly message: string;
  readonly epoch: unknown;
  readonly seq: unknown;
  readonly latest_seq: number;
  readonly topics: readonly string[];
  readonly positions?: { readonly [topic: string]: Position };
  readonly reason: string;
  readonly reconnect_after_ms: number;
  readonly expires_at: string;
}

/** What comes. */
export interface Inbound {
  /** The text of a frame came; `undefined` for something that is no text. */
  received(link: Link, text: string | undefined): void;
  /** What transports tell beside frames. */
  readonly told: Pick<TransportEvents, "located" | "lost" | "refused">;
}

/** Nothing has come yet. */
export function makeInbound(core: Core, attempts: Attempts, outbound: Outbound, requests: Requests): Inbound {
  const { listeners, protocol, tell } = core;
  const { toClient, toServer } = protocol.session;
  const { positions, subscriptions } = outbound;
  let lastId: string | undefined;
  /** The last error: what the server grants all the same follows it. */
  let objection: ServerFrameBase | undefined;

  const received: Inbound["received"] = (link, text = "") => {
    attempts.heard(link);
    const parsed = protocol.parseServerFrame(text);
    if (!parsed.ok) {
      violated(link, text, parsed.violations);
      return;
    }
    const { frame } = parsed;
    const { type, topic, correlation_id: answered } = frame;
    const isError = type === toClient.error;
    // Nothing else comes on a connection that is only tried.
    if (link !== core.link && type !== toClient.connection_established) {
      return;
    }
    lastId = frame.id;
    subscriptions.joined(answered, isError);
    const arrival = subscriptions.has(topic) ? positions.arrive(frame) : "next";
    const duplicate = arrival === "duplicate";
    core.packet(link, "in", text, { frame, duplicate });
    if (duplicate) {
      return;
    }
    if (arrival !== "next") {
      tellGap(arrival);
    }
    obey(link, frame);
    requests.arrive(frame, isError);
    tell("frame", frame);
    listeners.tell(`type.${type}`, frame);
    listeners.tell(`topic.${topic}`, frame);
  };

  /** The server did not follow the contract. */
  const violated = (link: Link, text: string, violations: readonly Violation[]): void => {
    const places = violations.map(({ pointer, keyword }) => `${pointer} ${keyword}`).join(", ");
    core.packet(link, "in", text, { violations });
    core.log("error", "frame.invalid", { violations: places }, link);
    tell("violation", { direction: "in", text, violations });
    attempts.lose(link, 1002, places);
  };

  /** What a frame of the session asks of the client itself. */
  const obey = (link: Link, frame: ServerFrameBase): void => {
    const { type, topic, correlation_id: answered } = frame;
    // The guards have seen to it that these are what the session's messages have.
    const data = frame.data as Data;
    const { epoch, seq } = data;
    if (type === toClient.connection_established) {
      attempts.established(link, frame);
    } else if (type === toClient.ping) {
      outbound.beat(link, toServer.pong, { last_id: lastId });
    } else if (type === toClient.subscription_updated) {
      for (const [name, position] of Object.entries(data.positions ?? {})) {
        learn(name, position);
      }
      const { code, message = "" } = objection?.correlation_id === answered ? (objection.data as Partial<Data>) : {};
      for (const name of subscriptions.confirm(answered, data.topics, code)) {
        refuse(name, message, code);
      }
    } else if (type === toClient.error) {
      objection = frame;
      if (data.code === RATE_LIMITED) {
        outbound.paused();
      }
    } else if (type === toClient.replay_gap) {
      if (subscriptions.has(topic)) {
        tellGap(positions.lost(topic, { epoch: epoch as string, seq: data.latest_seq }));
      }
    } else if (type === toClient.disconnect_notice) {
      link.notice = { reason: data.reason, reconnectAfterMs: data.reconnect_after_ms };
      tell("notice", link.notice);
    } else if (type === toClient.authenticated) {
      link.expiresAt = Date.parse(data.expires_at);
    } else if (frame.seq === undefined && typeof epoch === "string" && typeof seq === "number") {
      // A reply that says where live frames continue (`thread_history`).
      learn(topic, { epoch, seq });
    }
  };

  /** Frames of a topic are lost. */
  const tellGap = (gap: Gap): void => {
    core.log("warn", "topic.gap", { topic: gap.topic });
    requests.lose(({ topic }, isSequence) => isSequence && topic === gap.topic);
    tell("gap", gap);
  };

  const learn = (topic: string, position: Position): void => {
    if (subscriptions.has(topic)) {
      positions.learn(topic, position);
    }
  };

  const refuse = (topic: string, reason: string, code?: string): void => {
    core.log("warn", "topic.refused", { topic, reason, code });
    tell("refused", { topic, reason, code });
  };

  return {
    received,
    told: {
      located: learn,
      lost: (topic, to) => tellGap(positions.lost(topic, to)),
      refused: refuse,
    },
  };
}
