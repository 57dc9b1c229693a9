/** What the contract forbids is not even written down: each of these lines does not compile. */
import { topic } from "@tightwire/chat";
import { describe, expect, it } from "vitest";
import { interaction } from "./support/interaction.js";
import { eachLike, integer, like, oneOf, uuid } from "./support/matchers.js";
import { consumer } from "./support/provider.js";

const on = topic.thread("types");

describe("an expectation", () => {
  it("has the replies that the contract declares for the request", () => {
    const asked = interaction("x").request("ping", "system", {});
    asked.responds("pong", "system", { timestamp: like("2026-01-01T00:00:00Z") });
    // @ts-expect-error: a ping is not answered with a history.
    asked.responds("thread_history", on, { thread_id: "types", messages: [], epoch: "e", seq: 0 });
    // @ts-expect-error: there is no such request.
    interaction("x").request("pingg", "system", {});
    // @ts-expect-error: the server does not send it.
    interaction("x").pushes("send_message", on, { content: "x" });
    expect(asked.draft.request).toEqual({ type: "ping", topic: "system", data: {} });
  });

  it("is about the topics of its message", () => {
    // @ts-expect-error: a ping is about the connection.
    interaction("x").request("ping", "dashboard", {});
    // @ts-expect-error: messages are sent to threads.
    interaction("x").request("send_message", topic.agent("guide"), { content: "x" });
    expect(on).toBe("thread:types");
  });

  it("has the data of its message, of the right types, at every depth", () => {
    const begun = interaction("x");
    const event = { agent_id: "guide", event: "task_started", status: "idle" } as const;
    begun.pushes("agent_event", topic.agent("guide"), { ...event, status: oneOf("busy", "idle") });
    // @ts-expect-error: agents are not asleep.
    begun.pushes("agent_event", topic.agent("guide"), { ...event, status: oneOf("asleep") });
    // @ts-expect-error: nor is it a number.
    begun.pushes("agent_event", topic.agent("guide"), { ...event, status: integer(1) });
    // @ts-expect-error: it has to be said what happened.
    begun.pushes("agent_event", topic.agent("guide"), { agent_id: "guide", status: "idle" });
    // @ts-expect-error: there is no such data.
    begun.request("subscribe_thread", on, { limits: 3 });
    const sent = begun.request("subscribe_thread", on, {});
    const history = { thread_id: "types", epoch: like("e"), seq: integer(0) } as const;
    const message = { message_id: uuid(1), thread_id: "types", content: "x", created_at: "2026-01-01T00:00:00Z" };
    sent.responds("thread_history", on, {
      ...history,
      messages: eachLike({ ...message, author: { kind: "user", id: like("ada") } }),
    });
    sent.responds("thread_history", on, {
      ...history,
      // @ts-expect-error: a message has an author, also in a list that is only said to be like it.
      messages: eachLike(message),
    });
    expect(sent.draft.responses).toEqual([]);
  });
});

describe("what types cannot say", () => {
  it("is refused by the provider, which knows the schemas", () =>
    consumer(async ({ expects }) => {
      const tooMany = interaction("x").request("subscribe_thread", on, { limit: 1000 });
      await expect(
        expects(tooMany.responds("thread_history", on, { thread_id: "", messages: [], epoch: "e", seq: 0 })),
      ).rejects.toThrow(
        /"x" cannot be relied on:\n {2}\/request\/contents\/content\/data\/limit: the example is not a valid `subscribe_thread`: .*\n {2}\/response\/0\/contents\/content\/data\/thread_id: the example is not a valid `thread_history`: /,
      );
    }));
});
