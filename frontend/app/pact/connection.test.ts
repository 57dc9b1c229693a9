/** The connection itself: how it begins, its subscriptions, its heartbeat, and how it ends. */
import { protocol, topic } from "@tightwire/chat";
import { describe, expect, it } from "vitest";
import { interaction } from "./support/interaction.js";
import { datetime, exampleId, integer, like, regex, uuid } from "./support/matchers.js";
import { consumer, eventually } from "./support/provider.js";

describe("a connection", () => {
  it("is open when the server has greeted it", () =>
    consumer(async ({ expects, client }) => {
      await expects(
        interaction("a connection begins with its name and its limits").pushes(
          "connection_established",
          "system",
          {
            connection_id: uuid(11),
            contract_version: regex(/^\d+\.\d+\.\d+$/, "1.0.0"),
            server_time: datetime("2026-01-01T00:00:00.000Z"),
            ping_interval_ms: integer(30_000),
            pong_timeout_ms: integer(60_000),
            limits: {
              max_message_bytes: integer(65_536),
              messages_per_second: integer(20),
              message_burst: integer(40),
              subscriptions_per_connection: integer(100),
              outbound_queue_frames: integer(500),
              outbound_queue_bytes: integer(1_048_576),
              idle_timeout_ms: integer(600_000),
            },
          },
          { deadline_ms: 1000 },
        ),
      );
      const page = client();
      await eventually(() => expect(page.state.status).toBe("open"));
      expect(page.state).toMatchObject({ transport: "websocket", connectionId: exampleId(11), probing: false });
    }));

  it("has the topics that are asked for, and knows where they are", () =>
    consumer(async ({ expects, client }) => {
      const [first, second] = [topic.thread("frontend-topics-a"), topic.thread("frontend-topics-b")];
      const position = { epoch: like("b1946ac92492d234"), seq: integer(41) };
      await expects(
        interaction("topics are subscribed to, and where they are is told")
          .given("a thread with messages", { thread_id: "frontend-topics-a", count: 2 })
          .given("a thread with messages", { thread_id: "frontend-topics-b", count: 1 })
          .request("subscribe", "system", { topics: [first, second], positions: true })
          .responds("subscription_updated", "system", {
            topics: [first, second],
            positions: { [first]: position, [second]: position },
          })
          .ws({ deadline_ms: 1000 }),
      );
      const page = client();
      page.topic(first).subscribe(() => {});
      page.topic(second).subscribe(() => {});
      await eventually(() => expect(page.position(second)).toEqual({ epoch: "b1946ac92492d234", seq: 41 }));
      expect(page.position(first)).toEqual({ epoch: "b1946ac92492d234", seq: 41 });
    }));

  it("leaves topics that nobody looks at any more", () =>
    consumer(async ({ expects, client }) => {
      const on = topic.thread("frontend-left");
      const page = client();
      const looking = page.topic(on).subscribe(() => {});
      await eventually(() => expect(page.position(on)).toBeDefined());
      await expects(
        interaction("a topic that nobody looks at any more is left")
          .request("unsubscribe", "system", { topics: [on] })
          .responds("subscription_updated", "system", { topics: [] })
          .ws({ deadline_ms: 1000 }),
      );
      const updated = new Promise((resolve) => page.on("subscription_updated", ({ data }) => resolve(data)));
      looking.unsubscribe();
      expect(await updated).toEqual({ topics: [] });
      expect(page.position(on)).toBeUndefined();
    }));

  it("answers when it is asked whether it is there", () =>
    consumer(async ({ expects, client }) => {
      await expects(
        interaction("a ping is answered with its own time")
          .request("ping", "system", { timestamp: datetime("2026-01-01T00:00:00.000Z") })
          .responds("pong", "system", { timestamp: datetime("2026-01-01T00:00:00.000Z") })
          .ws({ deadline_ms: 500, bind: { time: ["$request#/data/timestamp", "pong#/data/timestamp"] } }),
      );
      const timestamp = "2026-07-31T12:34:56.789Z";
      const { type, data } = await client().request("ping", "system", { timestamp });
      expect([type, data]).toEqual(["pong", { timestamp }]);
    }));

  it("says that it will end, and when to come back", () =>
    consumer(async ({ expects, client }) => {
      const notice = await expects(
        interaction("a server that shuts down says when to come back").pushes(
          "disconnect_notice",
          "system",
          { reason: "shutdown", reconnect_after_ms: integer(60_000) },
          { deadline_ms: 2000, trigger: { name: "the server shuts down", params: {} }, close: 1001 },
        ),
      );
      const page = client();
      const told: unknown[] = [];
      page.onEvent("notice", (one) => told.push(one));
      await eventually(() => expect(page.state.status).toBe("open"));
      await notice.push();
      await eventually(() => expect(page.state.status).toBe("waiting"));
      expect(told).toEqual([{ reason: "shutdown", reconnectAfterMs: 60_000 }]);
      expect(page.state).toMatchObject({
        closing: { code: 1001, known: protocol.closeCodes.going_away, planned: true },
      });
      // Not before the server wants it.
      const { retryAt } = page.state as { readonly retryAt: number };
      expect(retryAt - page.clock.now()).toBeGreaterThan(50_000);
    }));
});
