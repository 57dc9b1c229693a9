/** Agents: what happens to one, and one that there is not. */
import { topic } from "@tightwire/chat";
import { describe, expect, it } from "vitest";
import { type AgentEvents, agentEventsReducer, NO_EVENTS } from "../src/agents/agent-events.js";
import { interaction } from "./support/interaction.js";
import { datetime, like } from "./support/matchers.js";
import { consumer, eventually } from "./support/provider.js";

describe("an agent", () => {
  it("tells of its work", () =>
    consumer(async ({ expects, client }) => {
      const on = topic.agent("guide");
      const answers = { name: "an agent answers", params: { agent_id: "guide" } };
      const fails = { name: "an agent fails three times in a row", params: { agent_id: "guide" } };
      const details = { thread_id: like("welcome") };
      const events = [
        interaction("an agent that begins to answer says so").pushes(
          "agent_event",
          on,
          { agent_id: "guide", event: "task_started", status: "busy", details },
          { deadline_ms: 2000, trigger: answers },
        ),
        interaction("an agent that has answered says so").pushes(
          "agent_event",
          on,
          { agent_id: "guide", event: "task_completed", status: "idle", details },
          { deadline_ms: 2000, trigger: answers },
        ),
        interaction("an agent that has failed to answer says so").pushes(
          "agent_event",
          on,
          { agent_id: "guide", event: "task_failed", status: "idle", details },
          { deadline_ms: 2000, trigger: fails },
        ),
      ];
      let seen: AgentEvents = NO_EVENTS;
      client()
        .topic(on)
        .subscribe((frame) => {
          seen = agentEventsReducer(seen, { kind: "frame", frame });
        });
      for (const event of events) {
        await (await expects(event)).push();
      }
      await eventually(() => expect(seen.events.length).toBe(3));
      expect(seen.hasGap).toBe(false);
      expect(seen.events.map(({ data }) => [data.event, data.status, data.details?.thread_id])).toEqual([
        ["task_failed", "idle", "welcome"],
        ["task_completed", "idle", "welcome"],
        ["task_started", "busy", "welcome"],
      ]);
    }));

  it("that there is not is refused, and everything else is granted", () =>
    consumer(async ({ expects, client }) => {
      const nobody = topic.agent("nobody");
      await expects(
        interaction("a topic that there is not is refused without harm to the connection")
          .given("there is no agent", { agent_id: "nobody" })
          .request("subscribe", "system", { topics: [nobody], positions: true })
          .responds("error", "system", {
            code: "invalid_topic",
            message: like("There is no agent with this id."),
            timestamp: datetime("2026-01-01T00:00:00.000Z"),
            topics: [nobody],
          })
          .responds("subscription_updated", "system", { topics: [] })
          .ws({ deadline_ms: 1000 }),
      );
      const page = client();
      const refusals: unknown[] = [];
      page.onEvent("refused", (refusal) => refusals.push(refusal));
      page.topic(nobody).subscribe(() => {});
      await eventually(() => expect(refusals.length).toBe(1));
      expect(refusals).toEqual([{ topic: nobody, reason: "There is no agent with this id.", code: "invalid_topic" }]);
      expect(page.state.status).toBe("open");
    }));
});
