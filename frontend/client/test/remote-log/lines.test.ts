import { expect, it } from "vitest";
import type { LogEntry } from "../../src/index.js";
import { type Line, Lines, lineOf, withoutSecrets } from "../../src/remote-log/lines.js";

const ID = "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21";

function entry(fields: LogEntry["fields"] = {}, connectionId?: string): LogEntry {
  return { at: 0, level: "warn", event: "connection.closed", connectionId, fields };
}

it("writes an entry as a line", () => {
  expect(lineOf(entry({ code: 1006, reason: 'it "broke"', planned: false, open_ms: undefined }, ID), "/chat")).toEqual({
    level: "warn",
    message: 'connection.closed code=1006 reason="it \\"broke\\"" planned=false',
    place: "/chat",
    connection_id: ID,
  });
  expect(lineOf(entry({ correlation_id: ID }), undefined)).toEqual({
    level: "warn",
    message: "connection.closed",
    correlation_id: ID,
  });
});

it("leaves out ids that the server would refuse the whole batch for", () => {
  expect(lineOf(entry({ correlation_id: "7" }, "one"), undefined)).toEqual({
    level: "warn",
    message: "connection.closed",
  });
});

it("cuts texts to what the server takes, and no character in two", () => {
  const { message, place } = lineOf(entry({ text: "ü".repeat(5000) }), `/${"😀".repeat(200)}`);
  const bytes = (text: string | undefined) => new TextEncoder().encode(text).length;
  expect(bytes(message)).toBeGreaterThan(4090);
  expect(bytes(message)).toBeLessThanOrEqual(4096);
  expect(bytes(place)).toBe(497);
  expect(place?.endsWith("😀")).toBe(true);
});

it.each([
  ["wss://a.example/ws?token=abc.def&x=1", "wss://a.example/ws?token=…&x=1"],
  ["Authorization: Bearer abc.def-g", "Authorization: Bearer …"],
  ["tightwire, bearer.abc.def", "tightwire, bearer.…"],
  ['it was "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln" then', 'it was "…" then'],
  ["password=hunter2 PASSWORD=x", "password=… PASSWORD=…"],
  ["there is no token: TypeError", "there is no token: TypeError"],
])("leaves out what looks like a secret: %s", (text, safe) => {
  expect(withoutSecrets(text)).toBe(safe);
  expect(lineOf(entry({ text }), undefined).message).not.toMatch(/abc|eyJ|hunter2/);
});

const line = (number: number, length = 1): Line => ({ level: "warn", message: `${number}`.padStart(length, "0") });

it("takes as many lines as fit into a request", () => {
  const lines = new Lines(100);
  for (let number = 0; number < 45; number += 1) {
    lines.push(line(number));
  }
  expect([lines.take(), lines.take(), lines.take(), lines.take()].map((batch) => batch?.lines.length)).toEqual([
    20,
    20,
    5,
    undefined,
  ]);
});

it("takes as many bytes as fit into a request", () => {
  const lines = new Lines(100);
  for (let number = 0; number < 20; number += 1) {
    lines.push(line(number, 4096));
  }
  const batch = lines.take();
  expect(batch?.lines).toHaveLength(7);
  expect(JSON.parse(batch?.body ?? "")).toEqual({ lines: batch?.lines });
  expect(batch?.body.length).toBeLessThanOrEqual(32_768);
  const escaped = new Lines(1);
  escaped.push({ level: "warn", message: "\0".repeat(4096), place: "\0".repeat(500) });
  expect(escaped.take()?.lines).toHaveLength(1);
});

it("drops the oldest, and says how many", () => {
  const lines = new Lines(2);
  for (let number = 0; number < 5; number += 1) {
    lines.push(line(number));
  }
  const batch = lines.take();
  expect(batch?.lines.map(({ message }) => message)).toEqual(["3", "4"]);
  expect(JSON.parse(batch?.body ?? "").lines[0]).toEqual({ level: "warn", message: "log.dropped lines=3" });
  expect(lines.take()).toBeUndefined();
});

it("loses no count of what did not get through", () => {
  const lines = new Lines(3);
  for (let number = 0; number < 4; number += 1) {
    lines.push(line(number));
  }
  const first = lines.take();
  lines.push(line(4));
  expect(first).toBeDefined();
  if (first !== undefined) {
    lines.putBack(first);
    expect(lines.length).toBe(3);
    const second = lines.take();
    expect([second?.dropped, second?.lines.map(({ message }) => message)]).toEqual([2, ["2", "3", "4"]]);
    if (second !== undefined) {
      lines.giveUp(second);
    }
  }
  expect(JSON.parse(lines.take()?.body ?? "").lines).toEqual([{ level: "warn", message: "log.dropped lines=5" }]);
});
