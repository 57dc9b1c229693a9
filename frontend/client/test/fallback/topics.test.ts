import { expect, it } from "vitest";
import { Held } from "../../src/fallback/held.js";
import { Topics } from "../../src/fallback/topics.js";

it("says whether what is asked for changes", () => {
  const topics = new Topics();
  expect(topics.want([], {})).toBe(false);
  expect(topics.want(["b", "a", "b"], {})).toBe(true);
  expect(topics.names).toEqual(["a", "b"]);
  expect(topics.want(["a", "b"], {})).toBe(false);
  expect(topics.refuse("b")).toBe(true);
  expect(topics.refuse("b")).toBe(false);
  expect(topics.names).toEqual(["a"]);
  expect(topics.want(["a"], {})).toBe(false);
});

it("knows how far each topic was read, as long as it is wanted", () => {
  const topics = new Topics();
  topics.want(["a"], { a: { epoch: "e", seq: 3 }, b: { epoch: "e", seq: 1 } });
  topics.read("a", { epoch: "e", seq: 5 });
  topics.read("a", { epoch: "e", seq: 4 });
  expect(topics.position("a")).toEqual({ epoch: "e", seq: 5 });
  topics.want(["a"], { a: { epoch: "e", seq: 2 } });
  expect(topics.position("a")).toEqual({ epoch: "e", seq: 5 });
  topics.read("a", { epoch: "f", seq: 1 });
  expect(topics.position("a")).toEqual({ epoch: "f", seq: 1 });
  topics.read("b", { epoch: "e", seq: 1 });
  expect(topics.position("b")).toBeUndefined();
  topics.want([], {});
  expect(topics.position("a")).toBeUndefined();
});

it("holds back what is not to be told yet", () => {
  const held = new Held();
  const frame = (seq: number) => ({ text: `${seq}`, position: { epoch: "e", seq } });
  expect(held.take("a", frame(1))).toBe(false);
  held.hold("a");
  expect(held.adjoins("a", { epoch: "e", seq: 1 })).toBe(true);
  held.take("a", { text: "passing", position: undefined });
  held.take("a", frame(4));
  held.take("a", frame(5));
  expect(held.first("a")).toEqual({ epoch: "e", seq: 4 });
  expect(held.adjoins("a", { epoch: "e", seq: 2 })).toBe(false);
  expect(held.adjoins("a", { epoch: "e", seq: 3 })).toBe(true);
  expect(held.adjoins("a", { epoch: "e", seq: 9 })).toBe(true);
  expect(held.adjoins("a", { epoch: "f", seq: 9 })).toBe(false);
  expect(held.release("a").map(({ text }) => text)).toEqual(["passing", "4", "5"]);
  expect(held.take("a", frame(6))).toBe(false);
});

it("gives up what the log has where too much is held back, and knows that it is missing", () => {
  const held = new Held();
  held.hold("a");
  const half = "x".repeat(600_000);
  held.take("a", { text: half, position: { epoch: "e", seq: 1 } });
  held.take("a", { text: half, position: { epoch: "e", seq: 2 } });
  expect(held.first("a")).toBeUndefined();
  expect(held.adjoins("a", { epoch: "e", seq: 0 })).toBe(false);
  held.take("a", { text: "3", position: { epoch: "e", seq: 3 } });
  expect(held.adjoins("a", { epoch: "e", seq: 1 })).toBe(false);
  expect(held.adjoins("a", { epoch: "e", seq: 2 })).toBe(true);
  held.take("a", { text: half, position: undefined });
  held.take("a", { text: half, position: undefined });
  expect(held.release("a").map(({ text }) => text.length)).toEqual([half.length]);
});
