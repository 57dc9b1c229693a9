/**
 * The examples of `docs/typescript.md`: compiled and run here, word for word.
 */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { checkClientFrame } from "../../../crates/tightwire-codegen/tests/typescript/dispatch/checks.js";
import { clientMessageOf } from "../../../crates/tightwire-codegen/tests/typescript/dispatch/guards.js";
import { chatUrl, isClientFrame, parseServerFrame, type SendMessageFrame, topic } from "../src/index.js";

function read(text: string): string {
  const parsed = parseServerFrame(text);
  if (!parsed.ok) {
    return parsed.violations.map(({ pointer, keyword }) => `${pointer} ${keyword}`).join(", ");
  }
  // `type` tells the frames apart, for the compiler too.
  switch (parsed.frame.type) {
    case "stream_chunk":
      return parsed.frame.data.delta;
    case "error":
      return parsed.frame.data.message;
    default:
      return parsed.frame.type;
  }
}

function question(content: string): SendMessageFrame {
  return {
    v: 1,
    id: crypto.randomUUID(),
    type: "send_message",
    topic: topic.thread("welcome"),
    ts: Date.now(),
    data: { content },
  };
}

function connect(token: string): WebSocket {
  return new WebSocket(chatUrl("wss://chat.example/ws", { token }));
}

function which(value: unknown): string {
  const message = clientMessageOf(value);
  if (message === undefined) {
    return checkClientFrame(value)
      .map(({ pointer, keyword }) => `${pointer} ${keyword}`)
      .join(", ");
  }
  return message;
}

it("compiles what the documentation shows", () => {
  const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  const words = (code: string): string => code.replace(/\s+/g, "");
  const examples = [...text("../../../docs/typescript.md").matchAll(/^```ts\n(.*?)^```$/gms)].map(
    ([, code = ""]) => code,
  );
  expect(examples).toHaveLength(4);
  const here = words(text("documentation.test.ts"));
  for (const example of examples) {
    expect(here).toContain(words(example));
  }
});

it("reads frames", () => {
  expect(read("{")).toBe(" json");
  expect(read('{"type":"error"}')).toContain("/data required");
  expect(read('{"type":"nothing"}')).toBe("/type enum");
});

it("writes frames", () => {
  expect(isClientFrame(question("What does 4408 mean?"))).toBe(true);
  expect(isClientFrame(question(""))).toBe(false);
});

it("connects with a URL", () => {
  const { WebSocket } = globalThis;
  const urls: string[] = [];
  globalThis.WebSocket = class {
    constructor(url: string) {
      urls.push(url);
    }
  } as unknown as typeof WebSocket;
  try {
    connect("a/b");
  } finally {
    globalThis.WebSocket = WebSocket;
  }
  expect(urls).toEqual(["wss://chat.example/ws?token=a%2Fb"]);
});

it("tells messages without an envelope apart", () => {
  expect(which({ op: "join" })).toBe("join");
  expect(which({ op: "join", room: 1 })).toBe("/room type");
});
