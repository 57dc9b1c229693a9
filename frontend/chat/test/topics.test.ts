import { describe, expect, it } from "vitest";
import * as colliding from "../../../crates/tightwire-codegen/tests/typescript/topics/topics.js";
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

/** The golden output of `crates/tightwire-codegen/tests/typescript/topics.yml`: keys that come to one identifier. */
describe("names that collide", () => {
  it.each([
    [colliding.topic.userFeed("a", "b"), { channel: "user-feed", parameters: { "user-id": "a", user_id: "b" } }],
    [colliding.topic.userFeed2("c"), { channel: "user_feed", parameters: { parameter: "c" } }],
    [colliding.topic.userFeed3, { channel: "userFeed", parameters: {} }],
    [colliding.topic.rate("EUR/USD"), { channel: "rate", parameters: { of: "EUR/USD" } }],
    ["rate:A|B", { channel: "rate", parameters: { of: "A|B" } }],
    ["rate:A", undefined],
    ["rate:CxD", undefined],
    ["feedsxc", undefined],
    ["userrfeed", undefined],
  ])("takes %j apart", (text, expected) => {
    expect(colliding.parseTopic(text)).toEqual(expected);
  });

  it("checks each parameter", () => {
    expect(() => colliding.topic.userFeed("a", "/")).toThrow("user_id must be");
    expect(() => colliding.topic.userFeed2("")).toThrow("parameter must be");
  });
});
