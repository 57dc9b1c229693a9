import { expect, it } from "vitest";
import { isClientFrame } from "../../../chat/src/index.js";
import { frameOf, uuid } from "../../src/frame.js";

it("has an id of its own, which is a UUID of version 4", () => {
  const ids = Array.from({ length: 1000 }, uuid);
  expect(new Set(ids).size).toBe(1000);
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  // Every digit is random.
  const digits = ids.map((id) => id.replaceAll("-", ""));
  for (let at = 0; at < 32; at += 1) {
    expect(new Set(digits.map((text) => text[at])).size).toBe(at === 12 || at === 16 ? 1 : 16);
  }
});

it("follows the contract", () => {
  const frame = frameOf("send_message", "thread:a", { content: "Hello" }, 1_767_225_600_000);
  expect(isClientFrame(frame)).toBe(true);
  expect(frameOf("a", "b", {}, 0, "mine").id).toBe("mine");
});
