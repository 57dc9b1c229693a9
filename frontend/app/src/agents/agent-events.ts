/** What happened to an agent since somebody looks. Pure. */
import type { AgentEventFrame, AgentTopic, ChatTypes } from "@tightwire/chat";
import { assertNever, type FramesOn } from "@tightwire/client";
import type { TopicEvent } from "@tightwire/client/react";

/** Events, the newest first, and whether some are missing between them. */
export interface AgentEvents {
  readonly events: readonly AgentEventFrame[];
  readonly hasGap: boolean;
  /** Why there are none, if the server said so. */
  readonly problem: string | undefined;
}

/** Nothing has happened. */
export const NO_EVENTS: AgentEvents = { events: [], hasGap: false, problem: undefined };

const MOST = 20;

/** The events after something has happened. */
export function agentEventsReducer(
  before: AgentEvents,
  event: TopicEvent<FramesOn<ChatTypes, AgentTopic>>,
): AgentEvents {
  if (event.kind === "gap") {
    return { ...before, hasGap: true };
  }
  const { frame } = event;
  switch (frame.type) {
    case "agent_event":
      return { ...before, events: [frame, ...before.events].slice(0, MOST), problem: undefined };
    case "replay_gap":
      // The client tells of it as a gap, too.
      return before;
    case "error":
      return { ...before, problem: frame.data.message };
    default:
      return assertNever(frame);
  }
}
