import { expect, it } from "vitest";
import { withThread } from "../src/chat/recent.js";
import { sparkPoints } from "../src/dashboard/metrics.js";
import { hrefOf, parseRoute } from "../src/routing.js";

it.each([
  ["", "#/chat/welcome"],
  ["#", "#/chat/welcome"],
  ["#main", "#/chat/welcome"],
  ["#/chat", "#/chat/welcome"],
  ["#/chat/plans-2026", "#/chat/plans-2026"],
  ["#/chat/a b", "#/chat/welcome"],
  ["#/chat/<script>", "#/chat/welcome"],
  ["#/agents", "#/agents"],
  ["#/dashboard", "#/dashboard"],
  ["#/nowhere/else", "#/chat/else"],
])("%s leads to %s", (hash, expected) => {
  expect(hrefOf(parseRoute(hash))).toBe(expected);
});

it("keeps the threads that were opened last", () => {
  expect(withThread(["b", "a"], "c")).toEqual(["c", "b", "a"]);
  const threads = ["b", "a"];
  expect(withThread(threads, "a")).toBe(threads);
  const many = Array.from({ length: 12 }, (_, at) => `${at}`);
  expect(withThread(many, "new")).toEqual(["new", ...many.slice(0, 11)]);
});

it("draws a line over the whole width", () => {
  expect(sparkPoints([])).toBe("");
  expect(sparkPoints([1])).toBe("0.0,2.0 240.0,2.0");
  expect(sparkPoints([0, 1, 0.5])).toBe("0.0,46.0 120.0,2.0 240.0,24.0");
});
