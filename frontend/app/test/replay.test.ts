import type { ServerFrame } from "@tightwire/chat";
import { afterEach, describe, expect, it, vi } from "vitest";
import { messagesIn, readReplay } from "../src/chat/replay.js";
import { frame, id, message } from "./support.js";

const TOPIC = "thread:welcome";
const [ONE, TWO] = [id(), id()];
const start = (stream_id: string): ServerFrame =>
  frame("stream_start", TOPIC, { stream_id, agent_id: "guide", in_reply_to: id() });
const chunk = (stream_id: string, index: number, delta: string): ServerFrame =>
  frame("stream_chunk", TOPIC, { stream_id, index, delta });
const end = (stream_id: string, chunks: number): ServerFrame =>
  frame("stream_end", TOPIC, { stream_id, finish_reason: "stop", chunks, message_id: id() });
const created = (content: string): ServerFrame => frame("thread_message_created", TOPIC, { message: message(content) });

describe("the messages in a thread's frames", () => {
  it("are those that were written, and answers where they end", () => {
    const frames = [
      created("a"),
      start(ONE),
      chunk(ONE, 0, "one "),
      created("b"),
      start(TWO),
      chunk(TWO, 0, "two"),
      end(TWO, 1),
      chunk(ONE, 1, "more"),
      end(ONE, 2),
    ];
    expect(messagesIn(frames).map(({ content }) => content)).toEqual(["a", "b", "two", "one more"]);
    expect(messagesIn(frames)[2]).toMatchObject({
      author: { kind: "agent", id: "guide" },
      thread_id: "welcome",
      created_at: "2026-01-01T00:00:00.000Z",
    });
  });

  it("are not answers whose beginning or end is missing", () => {
    expect(messagesIn([chunk(ONE, 3, "rest"), end(ONE, 4), start(TWO), chunk(TWO, 0, "two")])).toEqual([]);
  });
});

describe("a replay", () => {
  afterEach(() => vi.unstubAllGlobals());

  const published = (content: string, seq: number) => ({ ...created(content), seq, epoch: "a" });
  /** Answers with these pages, and takes note of what it was asked. */
  function serve(...pages: readonly object[]): string[] {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (address: string) => {
      asked.push(address);
      return Response.json(pages[asked.length - 1] ?? {}, { status: pages[asked.length - 1] ? 200 : 404 });
    });
    return asked;
  }

  it("is read page by page", async () => {
    const asked = serve(
      { frames: [published("a", 1)], next: "a:1", more: true },
      { frames: [published("b", 2)], next: "a:2", more: false },
    );
    const messages = await readReplay(TOPIC, new AbortController().signal);
    expect(messages.map(({ content }) => content)).toEqual(["a", "b"]);
    expect(asked).toEqual([
      "/api/ws/replay?topic=thread%3Awelcome&limit=1000",
      "/api/ws/replay?topic=thread%3Awelcome&limit=1000&after=a%3A1",
    ]);
  });

  it("that is refused, or does not follow the contract, is an error", async () => {
    const { signal } = new AbortController();
    serve();
    await expect(readReplay(TOPIC, signal)).rejects.toThrow("answered with 404");
    serve({ frames: [{ type: "thread_message_created" }], next: "a:1", more: false });
    await expect(readReplay(TOPIC, signal)).rejects.toThrow("does not follow the contract");
  });
});
