/** Frames of the server, as tests need them. */
import type {
  AgentState,
  ChatTypes,
  CoordinationMetrics,
  ServerFrame,
  SystemHealth,
  ThreadMessage,
} from "@tightwire/chat";
import type { ServerFrameOf, ServerType } from "@tightwire/client";

let count = 0;

/** A UUID that is not like the ones before. */
export function id(): string {
  count += 1;
  return `0190b6a2-7c1e-7b6a-9a64-${count.toString(16).padStart(12, "0")}`;
}

/** A frame. */
export function frame<Type extends ServerType<ChatTypes>>(
  type: Type,
  topic: ServerFrameOf<ChatTypes, Type>["topic"],
  data: ServerFrameOf<ChatTypes, Type>["data"],
  correlationId: string = id(),
): ServerFrameOf<ChatTypes, Type> {
  const made = { v: 1, id: id(), type, topic, ts: 1767225600000, correlation_id: correlationId, data };
  return made as unknown as ServerFrame as ServerFrameOf<ChatTypes, Type>;
}

/** A message of the thread `welcome`. */
export function message(content: string, more: Partial<ThreadMessage> = {}): ThreadMessage {
  return {
    message_id: id(),
    thread_id: "welcome",
    author: { kind: "user", id: "somebody" },
    content,
    created_at: "2026-01-01T00:00:00Z",
    ...more,
  };
}

/** An agent. */
export function agent(more: Partial<AgentState> = {}): AgentState {
  return { agent_id: "guide", name: "Guide", status: "idle", active_streams: 0, completed: 0, failed: 0, ...more };
}

/** A system that is well. */
export const HEALTH: SystemHealth = { overall_status: "healthy", components: [] };

/** Agents that do well. */
export const METRICS: CoordinationMetrics = { success_rate: 0.5, trend: "steady" };
