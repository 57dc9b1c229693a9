import { describe, expect, it } from "vitest";
import { DRAFT_KEY, EMPTY_THREAD, type Row, type Thread, type ThreadEvent, threadReducer } from "../src/chat/thread.js";
import { frame, id, message } from "./support.js";

const TOPIC = "thread:welcome";
const STREAM = id();
const ANSWER = id();

/** The thread after these events. */
function afterEvents(...events: readonly ThreadEvent[]): Thread {
  return events.reduce(threadReducer, EMPTY_THREAD);
}

/** Each row in a line: what it is, and what it says. */
function lines({ rows }: Thread): string[] {
  return rows.map(line);
}

function line(row: Row): string {
  switch (row.kind) {
    case "message":
      return `${row.isOwn ? "own" : "message"} ${row.message.content}`;
    case "answer":
      return `${row.isCut ? "cut" : (row.end?.finish_reason ?? "answering")} ${row.text}`;
    case "break":
      return "break";
    case "draft":
      return `${row.fate} ${row.content}`;
  }
}

const created = (
  content: string,
  correlation?: string,
  metadata?: { readonly [key: string]: string },
): ThreadEvent => ({
  kind: "frame",
  frame: frame("thread_message_created", TOPIC, { message: message(content, metadata && { metadata }) }, correlation),
});
const history = (...messages: ReturnType<typeof message>[]): ThreadEvent => ({
  kind: "frame",
  frame: frame("thread_history", TOPIC, { thread_id: "welcome", messages, epoch: "a", seq: 0 }),
});
const start: ThreadEvent = {
  kind: "frame",
  frame: frame("stream_start", TOPIC, { stream_id: STREAM, agent_id: "guide", in_reply_to: id() }),
};
const chunk = (index: number, delta: string): ThreadEvent => ({
  kind: "frame",
  frame: frame("stream_chunk", TOPIC, { stream_id: STREAM, index, delta }),
});
const end = (chunks: number, finish_reason: "stop" | "error" = "stop"): ThreadEvent => ({
  kind: "frame",
  frame: frame("stream_end", TOPIC, { stream_id: STREAM, finish_reason, chunks, message_id: ANSWER }),
});
const drafted = (id: string, content = "hello"): ThreadEvent => ({ kind: "drafted", id, content });

describe("messages", () => {
  it("come in order, each once", () => {
    const one = created("one");
    expect(lines(afterEvents(history(message("zero")), one, one, created("two")))).toEqual([
      "message zero",
      "message one",
      "message two",
    ]);
  });

  it("of the history take the place of those that were there", () => {
    const zero = message("zero");
    const thread = afterEvents(history(zero), created("one"), { kind: "gap" });
    expect(thread.isIncomplete).toBe(true);
    const loaded = threadReducer(thread, history(zero, message("one"), message("two")));
    expect(lines(loaded)).toEqual(["message zero", "message one", "message two"]);
    expect(loaded.isIncomplete).toBe(false);
  });

  it("that are older than the history stay before it", () => {
    const [one, two] = [message("one"), message("two")];
    const thread = afterEvents(
      history(message("zero"), one, two),
      { kind: "gap" },
      history(one, two, message("three")),
    );
    expect(lines(thread)).toEqual(["message zero", "message one", "message two", "message three"]);
  });

  it("stay where the history has none of them, with a break before those of the history", () => {
    const thread = afterEvents(history(message("zero")), created("one"), { kind: "gap" }, history(message("nine")));
    expect(lines(thread)).toEqual(["message zero", "message one", "break", "message nine"]);
    expect(new Set(thread.rows.map(({ key }) => key)).size).toBe(4);
  });

  it("stay where the server has lost them all, with one break however often it does", () => {
    const thread = afterEvents(history(message("zero")), { kind: "gap" }, history(), { kind: "gap" }, history());
    expect(lines(thread)).toEqual(["message zero", "break"]);
    expect(lines(threadReducer(thread, created("one")))).toEqual(["message zero", "break", "message one"]);
  });

  it("that were read from the log are shown, and the history is still to come", () => {
    const one = message("one");
    const thread = afterEvents(created("two"), { kind: "replayed", messages: [one] });
    expect(thread).toMatchObject({ isLoaded: true, isIncomplete: true });
    expect(lines(afterEvents({ kind: "replayed", messages: [one] }, history(message("zero"), one)))).toEqual([
      "message zero",
      "message one",
    ]);
  });

  it("are kept in bounds: the oldest go", () => {
    const many = Array.from({ length: 502 }, (_, at) => created(`${at}`));
    const thread = afterEvents(...many, drafted("a"));
    expect(thread.rows).toHaveLength(501);
    expect(lines(thread)[0]).toBe("message 2");
    expect(lines(thread).at(-1)).toBe("sending hello");
  });

  it("are read out when they are new, and not when they are history or one's own", () => {
    expect(afterEvents(history(message("zero"))).heard.count).toBe(0);
    expect(afterEvents(created("one")).heard.text).toBe("New message: one");
    expect(afterEvents(drafted("a"), created("hello", "a")).heard.count).toBe(0);
  });
});

describe("a draft", () => {
  it("is shown at once, behind everything that comes before it is confirmed", () => {
    expect(lines(afterEvents(drafted("a"), created("one"), start))).toEqual([
      "message one",
      "answering ",
      "sending hello",
    ]);
  });

  it("becomes the message that has its frame's id as correlation, in the message's place", () => {
    const thread = afterEvents(drafted("a"), { kind: "handed", id: "a" }, created("one"), created("hello", "a"), start);
    expect(lines(thread)).toEqual(["message one", "own hello", "answering "]);
    expect(thread.rows[1]?.key).toBe("a");
  });

  it("is not confirmed by what others say", () => {
    expect(lines(afterEvents(drafted("a"), created("hello")))).toEqual(["message hello", "sending hello"]);
  });

  it("is not confirmed when there is no answer in time, and is when it comes later", () => {
    const thread = afterEvents(drafted("a"), { kind: "handed", id: "a" }, { kind: "overdue", id: "a" });
    expect(lines(thread)).toEqual(["unconfirmed hello"]);
    expect(lines(threadReducer(thread, created("hello", "a")))).toEqual(["own hello"]);
  });

  it("is not overdue before it was sent", () => {
    expect(lines(afterEvents(drafted("a"), { kind: "overdue", id: "a" }))).toEqual(["sending hello"]);
  });

  it("is refused with the reason, by the server or before it was sent", () => {
    const error = frame(
      "error",
      "system",
      { code: "unavailable", message: "Too many answers are being written.", timestamp: "2026-01-01T00:00:00Z" },
      "a",
    );
    const refused = afterEvents(drafted("a"), { kind: "frame", frame: error });
    expect(refused.rows[0]).toMatchObject({ fate: "refused", reason: "Too many answers are being written." });
    expect(refused.heard.text).toBe("Your message was not sent: Too many answers are being written.");
    const failed = afterEvents(drafted("a"), { kind: "failed", id: "a", reason: "no." });
    expect(failed.rows[0]).toMatchObject({ fate: "refused", reason: "no." });
    expect(afterEvents({ kind: "frame", frame: error })).toBe(EMPTY_THREAD);
  });

  it("is found again in a history that was loaded since frames were lost", () => {
    const mine = message("hello", { metadata: { [DRAFT_KEY]: "a" } });
    const thread = afterEvents(drafted("a"), drafted("b", "later"), { kind: "gap" }, history(mine));
    expect(lines(thread)).toEqual(["own hello", "sending later"]);
  });

  it("goes when it is discarded", () => {
    expect(lines(afterEvents(drafted("a"), { kind: "discarded", id: "a" }))).toEqual([]);
  });
});

describe("an answer", () => {
  it("is written piece by piece", () => {
    expect(lines(afterEvents(start, chunk(0, "one "), chunk(1, "two")))).toEqual(["answering one two"]);
    const thread = afterEvents(start, chunk(0, "one "), chunk(1, "two"), end(2));
    expect(lines(thread)).toEqual(["stop one two"]);
    expect(thread.isIncomplete).toBe(false);
  });

  it("is read out once, when it is complete", () => {
    expect(afterEvents(start, chunk(0, "one "), chunk(1, "two")).heard.count).toBe(0);
    expect(afterEvents(start, chunk(0, "one "), chunk(1, "two"), end(2)).heard).toEqual({
      count: 1,
      text: "guide answered: one two",
    });
  });

  it("says how it ended", () => {
    expect(lines(afterEvents(start, chunk(0, "one"), end(1, "error")))).toEqual(["error one"]);
  });

  it("of which a piece is missing is loaded when it is complete", () => {
    const thread = afterEvents(start, chunk(0, "one "), chunk(2, "three"));
    expect(lines(thread)).toEqual(["answering one … three"]);
    expect(thread.isIncomplete).toBe(false);
    expect(threadReducer(thread, end(3)).isIncomplete).toBe(true);
  });

  it("of which the last piece is missing is loaded, too", () => {
    expect(afterEvents(start, chunk(0, "one "), end(2)).isIncomplete).toBe(true);
  });

  it("whose beginning nobody has seen is shown from where it was seen, and loaded", () => {
    const thread = afterEvents(history(), chunk(3, "four"), end(4));
    expect(lines(thread)).toEqual(["stop … four"]);
    expect(thread.isIncomplete).toBe(true);
    expect(afterEvents(history(), end(4)).isIncomplete).toBe(true);
  });

  it("is in its history only once", () => {
    const complete = message("one two", { message_id: ANSWER, author: { kind: "agent", id: "guide" } });
    expect(lines(afterEvents(start, chunk(0, "one"), end(2), history(complete)))).toEqual(["message one two"]);
  });

  it("that is being written stays when the history comes", () => {
    expect(lines(afterEvents(start, chunk(0, "one"), history(message("zero"))))).toEqual([
      "message zero",
      "answering one",
    ]);
  });

  it("during which frames were lost is cut, unless it goes on", () => {
    const thread = afterEvents(history(message("zero")), start, chunk(0, "one"), { kind: "gap" });
    expect(lines(thread)).toEqual(["message zero", "cut one"]);
    expect(lines(threadReducer(thread, chunk(4, "five")))).toEqual(["message zero", "answering one… five"]);
  });

  it("that was cut is not doubled by the history that has it", () => {
    const zero = message("zero");
    const complete = message("one two", { author: { kind: "agent", id: "guide" } });
    const thread = afterEvents(history(zero), start, chunk(0, "one"), { kind: "gap" }, history(zero, complete));
    expect(lines(thread)).toEqual(["message zero", "message one two"]);
  });

  it("that was cut stays where the server knows nothing of it", () => {
    const zero = message("zero");
    const cut = afterEvents(history(zero), start, chunk(0, "one"), { kind: "gap" });
    expect(lines(threadReducer(cut, history(zero)))).toEqual(["message zero", "cut one"]);
    expect(lines(threadReducer(cut, history()))).toEqual(["message zero", "cut one", "break"]);
    const two = message("two");
    const later: ThreadEvent = { kind: "frame", frame: frame("thread_message_created", TOPIC, { message: two }) };
    expect(lines([later, history(two)].reduce(threadReducer, cut))).toEqual(["message zero", "cut one", "message two"]);
  });
});
