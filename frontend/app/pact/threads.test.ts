/** Threads, as the page shows them: the history, what is written here, and what others write. */
import { type ChatTypes, type ErrorFrame, protocol, type ThreadTopic, topic } from "@tightwire/chat";
import type { Client, FramesOn } from "@tightwire/client";
import { describe, expect, it } from "vitest";
import { DRAFT_KEY, EMPTY_THREAD, type Thread, threadReducer } from "../src/chat/thread.js";
import { interaction } from "./support/interaction.js";
import { datetime, eachLike, exampleId, instant, integer, like, oneOf, regex, uuid } from "./support/matchers.js";
import { consumer, eventually } from "./support/provider.js";

/** A thread as the page has it, of what comes. */
function shown(client: Client<ChatTypes>, on: ThreadTopic): { thread: Thread } {
  const page = { thread: EMPTY_THREAD };
  const take = (frame: FramesOn<ChatTypes, ThreadTopic> | ErrorFrame): void => {
    page.thread = threadReducer(page.thread, { kind: "frame", frame });
  };
  client.topic(on).subscribe(take);
  client.on("error", take);
  client.onEvent("gap", () => {
    page.thread = threadReducer(page.thread, { kind: "gap" });
  });
  return page;
}

describe("the history of a thread", () => {
  it("is shown when the thread is opened", () =>
    consumer(async ({ expects, client }) => {
      const on = topic.thread("frontend-history");
      await expects(
        interaction("a thread that is opened begins with its newest messages")
          .given("a thread with messages", { thread_id: "frontend-history", count: 3 })
          .request("subscribe_thread", on, { limit: 100 })
          .responds("thread_history", on, {
            thread_id: "frontend-history",
            messages: eachLike({
              message_id: uuid(1),
              thread_id: "frontend-history",
              author: { kind: oneOf("user", "agent"), id: like("ada") },
              content: like("What does 4408 mean?"),
              created_at: instant("2026-01-01T00:00:00Z"),
            }),
            epoch: like("b1946ac92492d234"),
            seq: integer(3),
          })
          .ws({ deadline_ms: 1000 }),
      );
      const page = client();
      const { thread } = shown(page, on);
      const { data } = await page.request("subscribe_thread", on, { limit: 100 });
      expect(thread.isLoaded).toBe(false);
      const { rows, isLoaded } = threadReducer(thread, { kind: "replayed", messages: data.messages });
      expect(isLoaded).toBe(true);
      expect(rows).toMatchObject([
        { kind: "message", key: exampleId(1), isOwn: false, message: { content: "What does 4408 mean?" } },
      ]);
      // Live frames go on behind it.
      expect(page.position(on)).toEqual({ epoch: "b1946ac92492d234", seq: 3 });
    }));

  it("is empty where nobody has written yet", () =>
    consumer(async ({ expects, client }) => {
      const on = topic.thread("frontend-empty");
      await expects(
        interaction("a thread into which nobody has written has an empty history")
          .given("an empty thread", { thread_id: "frontend-empty" })
          .request("subscribe_thread", on, { limit: 100 })
          .responds("thread_history", on, {
            thread_id: "frontend-empty",
            messages: [],
            epoch: like("b1946ac92492d234"),
            seq: 0,
          })
          .ws({ deadline_ms: 1000 }),
      );
      const page = client();
      const opened = shown(page, on);
      await page.request("subscribe_thread", on, { limit: 100 });
      expect(opened.thread).toMatchObject({ isLoaded: true, isIncomplete: false, rows: [] });
    }));
});

describe("a message that is sent", () => {
  it("is confirmed, and answered piece by piece", () =>
    consumer(async ({ expects, client }) => {
      const on = topic.thread("frontend-answer");
      const draft = exampleId(2);
      await expects(
        interaction("a message that is sent is confirmed and answered in a stream")
          .given("an empty thread", { thread_id: "frontend-answer" })
          .request("send_message", on, { content: like("What does 4408 mean?"), metadata: { [DRAFT_KEY]: uuid(2) } })
          .responds("thread_message_created", on, {
            message: {
              message_id: uuid(3),
              thread_id: "frontend-answer",
              author: { kind: "user", id: like("ada") },
              content: like("What does 4408 mean?"),
              created_at: instant("2026-01-01T00:00:00Z"),
              metadata: { [DRAFT_KEY]: uuid(2) },
            },
          })
          .responds("stream_start", on, { stream_id: uuid(4), agent_id: like("guide"), in_reply_to: uuid(3) })
          .responds("stream_chunk", on, { stream_id: uuid(4), index: integer(0), delta: like("The server ") }, "+")
          .responds("stream_chunk", on, { stream_id: uuid(4), index: integer(1), delta: like("heard nothing.") }, "+")
          .responds("stream_end", on, {
            stream_id: uuid(4),
            finish_reason: "stop",
            chunks: integer(2),
            message_id: uuid(5),
          })
          .ws({
            deadline_ms: 3000,
            first_ms: 1000,
            bind: {
              content: ["$request#/data/content", "thread_message_created#/data/message/content"],
              draft: [
                `$request#/data/metadata/${DRAFT_KEY}`,
                `thread_message_created#/data/message/metadata/${DRAFT_KEY}`,
              ],
              epoch: ["*#/epoch"],
              question: ["thread_message_created#/data/message/message_id", "stream_start#/data/in_reply_to"],
              stream: ["stream_start#/data/stream_id", "stream_chunk#/data/stream_id", "stream_end#/data/stream_id"],
            },
            count: [{ index: "stream_chunk#/data/index", total: "stream_end#/data/chunks" }],
          }),
      );
      const page = client();
      const open = shown(page, on);
      open.thread = threadReducer(open.thread, { kind: "drafted", id: draft, content: "And 1002?" });
      const steps: string[] = [];
      const reply = await page.request(
        "send_message",
        on,
        { content: "And 1002?", metadata: { [DRAFT_KEY]: draft } },
        { id: draft, onFrame: ({ type }) => steps.push(type) },
      );
      expect(steps).toEqual(["thread_message_created", "stream_start", "stream_chunk", "stream_chunk", "stream_end"]);
      expect(reply.map(({ correlation_id }) => correlation_id)).toEqual(steps.map(() => draft));
      // The last frame is told to listeners after the request.
      await eventually(() => expect(open.thread.heard.text).toBe("guide answered: The server heard nothing."));
      expect(open.thread.isIncomplete).toBe(false);
      expect(open.thread.rows).toMatchObject([
        { kind: "message", key: draft, isOwn: true, message: { content: "And 1002?", message_id: exampleId(3) } },
        {
          kind: "answer",
          agentId: "guide",
          text: "The server heard nothing.",
          hasHole: false,
          end: { finish_reason: "stop", message_id: exampleId(5) },
        },
      ]);
    }));

  it("is shown as refused where the contract forbids it, and the connection ends for good", () =>
    consumer(async ({ expects, client }) => {
      const on = topic.thread("frontend-refused");
      const message = "The frame does not follow the contract.";
      await expects(
        interaction("a frame that breaks the contract is told where, and the connection is closed")
          .request("send_message", on, { content: "" })
          .responds("error", "system", {
            code: "contract_violation",
            message: like(message),
            timestamp: datetime("2026-01-01T00:00:00.000Z"),
            violations: eachLike({ pointer: "/data/content", keyword: "minLength", message: like("is too short") }),
          })
          .ws({ deadline_ms: 1000, close: 1002 }),
      );
      // A client that was built from another version of the contract.
      const page = client({}, { ...protocol, checkClientFrame: () => [] });
      const open = { thread: EMPTY_THREAD };
      page.on("error", (frame) => {
        open.thread = threadReducer(open.thread, { kind: "frame", frame });
      });
      const id = exampleId(6);
      open.thread = threadReducer(open.thread, { kind: "drafted", id, content: "" });
      await expect(page.request("send_message", on, { content: "" }, { id })).rejects.toMatchObject({
        failure: "refused",
        frame: { data: { violations: [{ pointer: "/data/content", keyword: "minLength" }] } },
      });
      expect(open.thread.rows).toMatchObject([{ kind: "draft", fate: "refused", reason: message }]);
      await eventually(() => expect(page.state.status).toBe("stopped"));
      expect(page.state).toMatchObject({ closing: { code: 1002, known: protocol.closeCodes.contract_violation } });
    }));
});

describe("what others write", () => {
  it("is shown as it comes", () =>
    consumer(async ({ expects, client }) => {
      const on = topic.thread("frontend-others");
      const written = {
        name: "somebody writes into the thread",
        params: { thread_id: "frontend-others", content: "hello" },
      };
      const ws = { deadline_ms: 2000, trigger: written };
      const frames = [
        interaction("a message of somebody else is told to those who have the thread open").pushes(
          "thread_message_created",
          on,
          {
            message: {
              message_id: uuid(7),
              thread_id: "frontend-others",
              author: { kind: "user", id: like("bob") },
              content: "hello",
              created_at: instant("2026-01-01T00:00:00Z"),
            },
          },
          ws,
        ),
        interaction("an answer to somebody else begins for those who have the thread open").pushes(
          "stream_start",
          on,
          { stream_id: uuid(8), agent_id: like("guide"), in_reply_to: uuid(7) },
          ws,
        ),
        interaction("a piece of an answer to somebody else is told to those who have the thread open").pushes(
          "stream_chunk",
          on,
          { stream_id: uuid(8), index: 0, delta: regex(/^.+/, "Hi") },
          ws,
        ),
        interaction("the end of an answer to somebody else is told to those who have the thread open").pushes(
          "stream_end",
          on,
          { stream_id: uuid(8), finish_reason: "stop", chunks: integer(1), message_id: uuid(9) },
          ws,
        ),
      ];
      const open = shown(client(), on);
      for (const frame of frames) {
        await (await expects(frame)).push();
      }
      await eventually(() => expect(open.thread.rows[1]).toMatchObject({ end: { finish_reason: "stop" } }));
      expect(open.thread.rows).toMatchObject([
        { kind: "message", key: exampleId(7), isOwn: false, message: { content: "hello", author: { id: "bob" } } },
        { kind: "answer", agentId: "guide", text: "Hi", hasHole: false, end: { message_id: exampleId(9) } },
      ]);
    }));

  it("is known to be missing where the server has lost it", () =>
    consumer(async ({ expects, client }) => {
      const on = topic.thread("frontend-gap");
      const page = client();
      const open = shown(page, on);
      await eventually(() => expect(page.position(on)).toEqual({ epoch: "b1946ac92492d234", seq: 0 }));
      await expects(
        interaction("a client that comes back to a log that has begun anew is told of the gap")
          .given("an empty thread", { thread_id: "frontend-gap" })
          .request("subscribe", "system", {
            topics: [on],
            after: { [on]: { epoch: like("b1946ac92492d234"), seq: integer(0) } },
            positions: true,
          })
          .responds("subscription_updated", "system", { topics: [on] })
          .responds("replay_gap", on, {
            epoch: like("5a105e8b9d40e132"),
            oldest_seq: integer(0),
            latest_seq: integer(0),
          })
          .ws({ deadline_ms: 1000 }),
      );
      page.simulate.cut();
      await eventually(() => expect(open.thread.isIncomplete).toBe(true));
      expect(page.position(on)).toEqual({ epoch: "5a105e8b9d40e132", seq: 0 });
    }));
});
