/** What is known of agents and system, from what the dashboard's topic says. Pure. */
import type {
  AgentState,
  ChatTypes,
  CoordinationMetrics,
  CriticalAlert,
  DashboardTopic,
  SystemHealth,
} from "@tightwire/chat";
import { assertNever, type FramesOn } from "@tightwire/client";
import type { TopicEvent } from "@tightwire/client/react";

/** What is known. `undefined` for what nobody has said yet. */
export interface Overview {
  readonly agents: readonly AgentState[] | undefined;
  readonly metrics: CoordinationMetrics | undefined;
  readonly health: SystemHealth | undefined;
  /** The newest first. */
  readonly alerts: readonly CriticalAlert[];
  /** The success rates that were told, the newest last. */
  readonly rates: readonly number[];
  /** How many alerts have come. */
  readonly alertCount: number;
  /** Whether something is missing, so that all of it has to be asked for. */
  readonly isIncomplete: boolean;
  /** Why a data set could not be given. */
  readonly problem: string | undefined;
}

/** Nothing is known yet. */
export const EMPTY_OVERVIEW: Overview = {
  agents: undefined,
  metrics: undefined,
  health: undefined,
  alerts: [],
  rates: [],
  alertCount: 0,
  isIncomplete: false,
  problem: undefined,
};

const MOST_ALERTS = 50;
const MOST_RATES = 60;

/** What is known after something was said. */
export function overviewReducer(overview: Overview, event: TopicEvent<FramesOn<ChatTypes, DashboardTopic>>): Overview {
  return event.kind === "gap" ? { ...overview, isIncomplete: true } : onFrame(overview, event.frame);
}

function onFrame(overview: Overview, frame: FramesOn<ChatTypes, DashboardTopic>): Overview {
  switch (frame.type) {
    case "dashboard_initialized": {
      const { agents, coordination_metrics, system_health: health } = frame.data.snapshot;
      return {
        ...withMetrics(overview, coordination_metrics),
        agents,
        health,
        isIncomplete: false,
        problem: undefined,
      };
    }
    case "data_response":
      return { ...onData(overview, frame.data), isIncomplete: false, problem: undefined };
    case "data_error":
      return { ...overview, isIncomplete: false, problem: frame.data.error };
    case "agent_update":
      return { ...overview, agents: withAgent(overview.agents ?? [], frame.data.agent) };
    case "system_update": {
      const { coordination_metrics, system_health: health } = frame.data;
      return { ...withMetrics(overview, coordination_metrics), health };
    }
    case "critical_alert":
      return withAlert(overview, frame.data);
    case "replay_gap":
      // The client tells of it as a gap, too.
      return overview;
    case "error":
      return { ...overview, problem: frame.data.message };
    default:
      return assertNever(frame);
  }
}

type Data = Extract<FramesOn<ChatTypes, DashboardTopic>, { readonly type: "data_response" }>["data"];

function onData(overview: Overview, data: Data): Overview {
  switch (data.data_type) {
    case "agent_status":
      return { ...overview, agents: data.data.agents };
    case "coordination_metrics":
      return withMetrics(overview, data.data);
    case "system_health":
      return { ...overview, health: data.data };
    default:
      return assertNever(data);
  }
}

function withMetrics(overview: Overview, metrics: CoordinationMetrics): Overview {
  return { ...overview, metrics, rates: [...overview.rates, metrics.success_rate].slice(-MOST_RATES) };
}

function withAgent(agents: readonly AgentState[], agent: AgentState): readonly AgentState[] {
  const isKnown = agents.some(({ agent_id }) => agent_id === agent.agent_id);
  return isKnown ? agents.map((other) => (other.agent_id === agent.agent_id ? agent : other)) : [...agents, agent];
}

function withAlert(overview: Overview, alert: CriticalAlert): Overview {
  if (overview.alerts.some(({ alert_id }) => alert_id === alert.alert_id)) {
    return overview;
  }
  const alerts = [alert, ...overview.alerts].slice(0, MOST_ALERTS);
  return { ...overview, alerts, alertCount: overview.alertCount + 1 };
}
