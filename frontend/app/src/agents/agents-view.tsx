import { AgentEventEvent, type AgentEventFrame, type AgentState, topic } from "@tightwire/chat";
import { StaleData, useTopicState } from "@tightwire/client/react";
import { type ReactNode, useId, useState } from "react";
import { useOverview, useRefreshing } from "../dashboard/use-overview.js";
import { hrefOf, THREAD_NAME } from "../routing.js";
import { Status } from "../shell/status.js";
import { Time } from "../shell/time.js";
import { useViewTitle } from "../shell/title.js";
import { agentEventsReducer, NO_EVENTS } from "./agent-events.js";

/** How often the agents are asked for while somebody looks, in milliseconds: events come by themselves. */
const REFRESH_MS = 60_000;

/** The agents, and what happens to them. */
export function AgentsView(): ReactNode {
  const heading = useViewTitle("Agents");
  const { overview } = useOverview();
  useRefreshing(REFRESH_MS);
  return (
    <div className="page">
      <h1 ref={heading} tabIndex={-1}>
        Agents
      </h1>
      <p className="lead">Who answers in the threads, and what they are doing right now.</p>
      {overview.agents === undefined ? (
        <p className="note">{overview.problem ?? "Loading agents…"}</p>
      ) : (
        <ul className="cards">
          {overview.agents.map((agent) => (
            <li key={agent.agent_id}>
              <AgentCard agent={agent} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const ACTIVITY = {
  idle: { tone: "neutral", text: "Idle" },
  busy: { tone: "busy", text: "Busy" },
  offline: { tone: "bad", text: "Offline" },
} as const;

function AgentCard({ agent }: { readonly agent: AgentState }): ReactNode {
  const { agent_id, name, status, active_streams, completed, failed } = agent;
  const [refusal, setRefusal] = useState<string>();
  const { events, hasGap, problem } = useTopicState(topic.agent(agent_id), agentEventsReducer, NO_EVENTS, {
    onRefused: ({ reason }) => setRefusal(reason),
  });
  const id = useId();
  return (
    <article className="card" aria-labelledby={id}>
      <StaleData>
        <div className="card-head">
          <h2 id={id}>{name}</h2>
          <Status {...ACTIVITY[status]} />
        </div>
        <dl className="figures">
          <div>
            <dt>Answering now</dt>
            <dd>{active_streams}</dd>
          </div>
          <div>
            <dt>Completed</dt>
            <dd>{completed}</dd>
          </div>
          <div>
            <dt>Failed</dt>
            <dd data-bad={failed > 0}>{failed}</dd>
          </div>
        </dl>
        <h3>Events</h3>
        {(problem ?? refusal) !== undefined && <p className="note wrong">{problem ?? refusal}</p>}
        {hasGap && <p className="note">Some events were missed.</p>}
        {events.length === 0 ? (
          <p className="note">Nothing has happened since you opened this view. Write in a thread, and watch.</p>
        ) : (
          <ol className="events">
            {events.map((frame) => (
              <EventItem key={frame.id} frame={frame} />
            ))}
          </ol>
        )}
      </StaleData>
    </article>
  );
}

const EVENTS: { readonly [Event in AgentEventEvent]: string } = {
  [AgentEventEvent.started]: "Started",
  [AgentEventEvent.task_started]: "Began an answer",
  [AgentEventEvent.task_completed]: "Completed an answer",
  [AgentEventEvent.task_failed]: "Failed to answer",
  [AgentEventEvent.stopped]: "Stopped",
};

function EventItem({ frame }: { readonly frame: AgentEventFrame }): ReactNode {
  const { event, details } = frame.data;
  const thread = details?.thread_id;
  return (
    <li data-event={event}>
      <Time at={frame.ts} isPrecise />
      <span>
        {EVENTS[event]}
        {typeof thread === "string" && THREAD_NAME.test(thread) && (
          <>
            {" in "}
            <a href={hrefOf({ view: "chat", thread })}>{thread}</a>
          </>
        )}
      </span>
    </li>
  );
}
