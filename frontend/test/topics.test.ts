import { expect, it } from "vitest";
import { closeCode, isAgentTopic, isThreadTopic, parseTopic, topic } from "../src/index.js";

const longest = "x".repeat(128);

it.each([
  ["system", { channel: "system", parameters: {} }],
  ["dashboard", { channel: "dashboard", parameters: {} }],
  ["thread:welcome", { channel: "thread", parameters: { thread_id: "welcome" } }],
  [`agent:${longest}`, { channel: "agent", parameters: { agent_id: longest } }],
  ["thread:", undefined],
  [`thread:${longest}x`, undefined],
  ["thread:a b", undefined],
  ["thread:a\n", undefined],
  ["Thread:a", undefined],
  ["systems", undefined],
  ["", undefined],
])("takes %j apart", (text, expected) => {
  expect(parseTopic(text)).toEqual(expected);
});

it("builds what it takes apart", () => {
  expect(topic.thread("a.b_c~d-e")).toBe("thread:a.b_c~d-e");
  expect(isThreadTopic(topic.thread("welcome"))).toBe(true);
  expect(isAgentTopic(topic.thread("welcome"))).toBe(false);
  expect(() => topic.thread("")).toThrow("thread_id must be 1 to 128 of A-Z a-z 0-9 - . _ ~");
  expect(() => topic.agent("a/b")).toThrow(RangeError);
});

it("knows the close codes", () => {
  expect(closeCode(4408)).toMatchObject({ code: 4408, reconnect: true });
  expect(closeCode(1002)).toMatchObject({ reconnect: false });
  expect(closeCode(4999)).toBeUndefined();
});
