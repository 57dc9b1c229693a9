import { describe, expect, it } from "vitest";
import { EMPTY_OVERVIEW, type Overview, overviewReducer } from "../src/dashboard/overview.js";
import { agent, frame, HEALTH, id, METRICS } from "./support.js";

type Frame = Extract<Parameters<typeof overviewReducer>[1], { readonly kind: "frame" }>["frame"];

function afterFrames(...frames: readonly Frame[]): Overview {
  return frames.reduce((overview, frame) => overviewReducer(overview, { kind: "frame", frame }), EMPTY_OVERVIEW);
}

const initialized = frame("dashboard_initialized", "dashboard", {
  contract_version: "1.0.0",
  snapshot: { agents: [agent()], coordination_metrics: METRICS, system_health: HEALTH },
});
const gap = { kind: "gap", gap: { topic: "dashboard", from: undefined, to: { epoch: "a", seq: 1 } } } as const;

describe("the overview", () => {
  it("begins with the snapshot", () => {
    expect(afterFrames(initialized)).toMatchObject({
      agents: [agent()],
      metrics: METRICS,
      health: HEALTH,
      rates: [0.5],
    });
  });

  it("follows updates: an agent in its place, a new one behind", () => {
    const busy = frame("agent_update", "dashboard", { agent: agent({ status: "busy" }) });
    const other = frame("agent_update", "dashboard", { agent: agent({ agent_id: "scribe" }) });
    expect(afterFrames(initialized, busy, other).agents).toEqual([
      agent({ status: "busy" }),
      agent({ agent_id: "scribe" }),
    ]);
    expect(afterFrames(other).agents).toEqual([agent({ agent_id: "scribe" })]);
  });

  it("follows the system, and remembers where the rate has been", () => {
    const update = frame("system_update", "dashboard", {
      system_health: { ...HEALTH, overall_status: "degraded" },
      coordination_metrics: { success_rate: 0.25, trend: "falling" },
    });
    const overview = afterFrames(initialized, update);
    expect(overview.health?.overall_status).toBe("degraded");
    expect(overview.rates).toEqual([0.5, 0.25]);
    expect(afterFrames(...Array.from({ length: 70 }, () => update)).rates).toHaveLength(60);
  });

  it("takes each data set that was asked for", () => {
    const responses = [
      frame("data_response", "dashboard", { data_type: "agent_status", data: { agents: [agent({ completed: 7 })] } }),
      frame("data_response", "dashboard", { data_type: "coordination_metrics", data: { ...METRICS, trend: "rising" } }),
      frame("data_response", "dashboard", { data_type: "system_health", data: { ...HEALTH, complete: false } }),
    ] as const;
    expect(afterFrames(...responses)).toMatchObject({
      agents: [{ completed: 7 }],
      metrics: { trend: "rising" },
      health: { complete: false },
    });
  });

  it("is incomplete after a gap, until something that was asked for comes", () => {
    const lost = overviewReducer(afterFrames(initialized), gap);
    expect(lost.isIncomplete).toBe(true);
    const response = frame("data_response", "dashboard", { data_type: "system_health", data: HEALTH });
    expect(overviewReducer(lost, { kind: "frame", frame: response }).isIncomplete).toBe(false);
  });

  it("says what could not be given, until it can", () => {
    const error = frame("data_error", "dashboard", {
      data_type: "agent_status",
      error: "There is no agent with this id.",
      timestamp: "2026-01-01T00:00:00Z",
    });
    expect(afterFrames(error).problem).toBe("There is no agent with this id.");
    expect(afterFrames(error, initialized).problem).toBeUndefined();
  });

  it("shows each alert once, the newest first", () => {
    const alert = (message: string) =>
      frame("critical_alert", "dashboard", {
        alert_id: id(),
        severity: "critical",
        source: "agent:guide",
        message,
        raised_at: "2026-01-01T00:00:00Z",
      });
    const first = alert("first");
    expect(afterFrames(first, alert("second"), first).alerts.map(({ message }) => message)).toEqual([
      "second",
      "first",
    ]);
  });
});
