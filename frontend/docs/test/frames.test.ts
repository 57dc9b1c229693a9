/**
 * What the console begins with is valid: for every message of the chat, and for shapes that are awkward.
 */
import { describe, expect, it } from "vitest";
import type { JsonMap } from "../src/contract.js";
import { contentSchema, firstContent, frameOf, pong } from "../src/frames.js";
import { judge } from "../src/judge.js";
import { sample, uuid } from "../src/sample.js";
import { validate } from "../src/validate.js";
import { chat, flat, message } from "./support.js";

describe("frames to send", () => {
  it.each(chat.messages.to_server.map(({ id }) => id))("%s is valid from the start", (id) => {
    const sent = message(id);
    const channel = chat.channels[sent.channels[0] ?? ""];
    const topic = channel?.address.map((part) => (typeof part === "string" ? part : "welcome")).join("") ?? "";
    const frame = frameOf(chat, sent, topic, firstContent(chat, sent));
    expect(judge(chat, "to_server", frame)).toEqual({ message: sent, violations: [], unchecked: [] });
  });

  it("have an id and a time of their own", () => {
    const sent = message("send_message");
    const [first, second] = [1, 2].map(() => frameOf(chat, sent, "thread:welcome", { content: "a" }) as JsonMap);
    expect(first?.id).not.toBe(second?.id);
    expect(Math.abs(Number(first?.ts) - Date.now())).toBeLessThan(5000);
    expect(Object.keys(first ?? {})).toEqual(["v", "id", "type", "topic", "ts", "data"]);
  });

  it("answer pings with the id of the last frame", () => {
    const last = uuid();
    const answer = pong(chat, last);
    expect(judge(chat, "to_server", answer ?? null).violations).toEqual([]);
    expect(answer).toMatchObject({ type: "pong", topic: "system", data: { last_id: last } });
    expect(pong(flat({}), last)).toBeUndefined();
  });

  it("are the content alone without an envelope", () => {
    const contract = flat({ type: "object", properties: { a: { type: "integer", minimum: 3 } }, required: ["a"] });
    const [sent] = contract.messages.to_server;
    expect(sent && frameOf(contract, sent, "", firstContent(contract, sent))).toEqual({ a: 3 });
    expect(sent && contentSchema(contract, sent)).toMatchObject({ required: ["a"] });
  });
});

describe("values to begin with", () => {
  it.each<[string, JsonMap]>([
    ["formats", { type: "array", items: { format: "uuid", type: "string" }, minItems: 2 }],
    ["times", { type: "string", format: "date-time" }],
    ["bounds", { type: "number", exclusiveMinimum: 4 }],
    ["lengths", { type: "string", minLength: 4 }],
    ["constants", { allOf: [{ properties: { a: { const: "x" } } }, { required: ["a"], type: "object" }] }],
    [
      "alternatives",
      { oneOf: [{ type: "object", required: ["k"], properties: { k: { enum: [7] } } }, { type: "null" }] },
    ],
    ["nothing or text", { type: ["null", "string"] }],
  ])("%s", (_, schema) => {
    expect(validate(schema, schema, sample(schema, schema)).violations).toEqual([]);
  });

  it("end where a schema must contain itself", () => {
    const schema: JsonMap = { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] };
    expect(JSON.stringify(sample(schema, schema)).length).toBeLessThan(500);
  });
});

describe("frames without an envelope", () => {
  const dispatch = {
    by: ["kind"],
    values: [{ value: "two", messages: ["two"] }],
    structural: [],
  };

  it("are what the contract tells them apart by", () => {
    const contract = flat({}, { to_server: dispatch, to_client: dispatch });
    expect(judge(contract, "to_client", { kind: "two", b: 1 }).message?.id).toBe("two");
    expect(judge(contract, "to_client", { kind: "two" }).violations).toMatchObject([
      { pointer: "/b", keyword: "required" },
    ]);
    expect(judge(contract, "to_client", { kind: "three" }).violations).toMatchObject([{ pointer: "/kind" }]);
  });
});
