/** The dashboard: all of it when it is subscribed to, what changes, and what is asked for. */
import type {
  AgentState,
  ChatTypes,
  CoordinationMetrics,
  DashboardTopic,
  RequestData,
  SystemHealth,
} from "@tightwire/chat";
import type { Client, FramesOn } from "@tightwire/client";
import { describe, expect, it } from "vitest";
import { EMPTY_OVERVIEW, type Overview, overviewReducer } from "../src/dashboard/overview.js";
import { interaction } from "./support/interaction.js";
import { type Expected, eachLike, instant, integer, like, number, oneOf, regex, uuid } from "./support/matchers.js";
import { consumer, eventually } from "./support/provider.js";

/** What the page makes of what comes on the dashboard. */
function shown(client: Client<ChatTypes>): { overview: Overview } {
  const page = { overview: EMPTY_OVERVIEW };
  client.topic("dashboard").subscribe((frame: FramesOn<ChatTypes, DashboardTopic>) => {
    page.overview = overviewReducer(page.overview, { kind: "frame", frame });
  });
  return page;
}

const AGENT: Expected<AgentState> = {
  agent_id: like("guide"),
  name: like("Guide"),
  status: oneOf("idle", "busy", "offline"),
  active_streams: integer(0),
  completed: integer(12),
  failed: integer(1),
};
const METRICS: Expected<CoordinationMetrics> = {
  success_rate: number(0.92),
  trend: oneOf("steady", "rising", "falling"),
};
const HEALTH: Expected<SystemHealth> = {
  overall_status: oneOf("healthy", "degraded", "unhealthy"),
  components: eachLike({ name: like("event_bus"), status: oneOf("healthy", "degraded", "unhealthy") }),
};

describe("the dashboard", () => {
  it("begins with all of it", () =>
    consumer(async ({ expects, client }) => {
      const first = await expects(
        interaction("the dashboard begins with everything that is known").pushes(
          "dashboard_initialized",
          "dashboard",
          {
            contract_version: regex(/^\d+\.\d+\.\d+$/, "1.0.0"),
            snapshot: { agents: eachLike(AGENT), coordination_metrics: METRICS, system_health: HEALTH },
          },
          { deadline_ms: 1000 },
        ),
      );
      const page = shown(client());
      await first.push();
      await eventually(() => expect(page.overview.health?.overall_status).toBe("healthy"));
      expect(page.overview).toMatchObject({
        agents: [{ agent_id: "guide", status: "idle", completed: 12 }],
        metrics: { success_rate: 0.92, trend: "steady" },
        rates: [0.92],
        isIncomplete: false,
      });
    }));

  it("shows what changes", () =>
    consumer(async ({ expects, client }) => {
      const trigger = { name: "an agent answers", params: { agent_id: "guide" } };
      const ws = { deadline_ms: 2000, trigger };
      const agent = await expects(
        interaction("the dashboard is told how an agent is now").pushes(
          "agent_update",
          "dashboard",
          { agent: { ...AGENT, agent_id: "guide", status: "busy", active_streams: integer(1) } },
          ws,
        ),
      );
      const system = await expects(
        interaction("the dashboard is told how the system is now").pushes(
          "system_update",
          "dashboard",
          { system_health: HEALTH, coordination_metrics: METRICS },
          ws,
        ),
      );
      const page = shown(client());
      await agent.push();
      await system.push();
      await eventually(() => expect(page.overview.health).toBeDefined());
      expect(page.overview).toMatchObject({
        agents: [{ agent_id: "guide", status: "busy", active_streams: 1 }],
        health: { overall_status: "healthy", components: [{ name: "event_bus", status: "healthy" }] },
        metrics: { success_rate: 0.92 },
      });
    }));

  it("raises an alert", () =>
    consumer(async ({ expects, client }) => {
      const alert = await expects(
        interaction("the dashboard is alerted of an agent that fails again and again").pushes(
          "critical_alert",
          "dashboard",
          {
            alert_id: uuid(10),
            severity: "critical",
            source: "agent:guide",
            message: like("The responder failed 3 times in a row."),
            raised_at: instant("2026-01-01T00:00:00Z"),
          },
          {
            deadline_ms: 2000,
            trigger: { name: "an agent fails three times in a row", params: { agent_id: "guide" } },
          },
        ),
      );
      const page = shown(client());
      await alert.push();
      await eventually(() => expect(page.overview.alertCount).toBe(1));
      expect(page.overview.alerts).toMatchObject([{ severity: "critical", source: "agent:guide" }]);
    }));
});

describe("a data set that is asked for", () => {
  const ask = async (page: Client<ChatTypes>, data: RequestData): Promise<Overview> => {
    const { overview } = shown(page);
    const frame = await page.request("request_data", "dashboard", data);
    return overviewReducer(overview, { kind: "frame", frame });
  };

  it("tells of the agents", () =>
    consumer(async ({ expects, client }) => {
      await expects(
        interaction("the agents are told to who asks")
          .given("an agent is working", { agent_id: "guide" })
          .request("request_data", "dashboard", { data_type: "agent_status" })
          .responds("data_response", "dashboard", {
            data_type: "agent_status",
            data: { agents: eachLike({ ...AGENT, status: "busy", active_streams: integer(1) }) },
          })
          .ws({ deadline_ms: 1000 }),
      );
      const { agents } = await ask(client(), { data_type: "agent_status" });
      expect(agents).toMatchObject([{ agent_id: "guide", name: "Guide", status: "busy", active_streams: 1 }]);
    }));

  it("tells how well they do", () =>
    consumer(async ({ expects, client }) => {
      await expects(
        interaction("the metrics of coordination are told to who asks")
          .request("request_data", "dashboard", { data_type: "coordination_metrics" })
          .responds("data_response", "dashboard", { data_type: "coordination_metrics", data: METRICS })
          .ws({ deadline_ms: 1000 }),
      );
      const { metrics, rates } = await ask(client(), { data_type: "coordination_metrics" });
      expect([metrics?.trend, rates]).toEqual(["steady", [0.92]]);
    }));

  it("tells of the system", () =>
    consumer(async ({ expects, client }) => {
      await expects(
        interaction("the health of the system is told to who asks")
          .request("request_data", "dashboard", { data_type: "system_health" })
          .responds("data_response", "dashboard", { data_type: "system_health", data: HEALTH })
          .ws({ deadline_ms: 1000 }),
      );
      const { health } = await ask(client(), { data_type: "system_health" });
      expect(health).toMatchObject({ overall_status: "healthy", components: [{ name: "event_bus" }] });
    }));

  it("cannot always be given, and says why", () =>
    consumer(async ({ expects, client }) => {
      await expects(
        interaction("an agent that is not there is an error of the data and not of the connection")
          .given("there is no agent", { agent_id: "nobody" })
          .request("request_data", "dashboard", { data_type: "agent_status", params: { agent_id: "nobody" } })
          .responds("data_error", "dashboard", {
            data_type: "agent_status",
            error: like("There is no agent with this id."),
            timestamp: instant("2026-01-01T00:00:00Z"),
          })
          .ws({ deadline_ms: 1000 }),
      );
      const page = client();
      const { problem } = await ask(page, { data_type: "agent_status", params: { agent_id: "nobody" } });
      expect(problem).toBe("There is no agent with this id.");
      expect(page.state.status).toBe("open");
    }));
});
