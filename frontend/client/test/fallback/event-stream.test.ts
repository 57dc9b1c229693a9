import { expect, it } from "vitest";
import { EventStreamParser } from "../../src/fallback/event-stream.js";

/** What comes of a stream, however it is cut into parts. */
function check(text: string, expected: readonly string[], retryMs?: number): void {
  for (const size of [1, 2, 3, 7, text.length]) {
    const told: string[] = [];
    const parser = new EventStreamParser({
      event: ({ type, data, lastEventId }) => told.push(`${type}|${data}|${lastEventId}`),
      comment: () => told.push("comment"),
    });
    for (let at = 0; at < text.length; at += size) {
      parser.push(text.slice(at, at + size));
    }
    expect(told, `in parts of ${size}`).toEqual(expected);
    expect(parser.retryMs).toBe(retryMs);
  }
}

it("reads the examples of the standard", () => {
  check("data: YHOO\ndata: +2\ndata: 10\n\n", ["message|YHOO\n+2\n10|"]);
  check(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n", [
    "comment",
    "message|first event|1",
    "message|second event|",
    "message| third event|",
  ]);
  check("data\n\ndata\ndata\n\ndata:", ["message||", "message|\n|"]);
  check("data:test\n\ndata: test\n\n", ["message|test|", "message|test|"]);
});

it("takes each of the three line ends", () => {
  check("data: a\r\rdata: b\r\n\r\ndata: c\n\n", ["message|a|", "message|b|", "message|c|"]);
  check("data: a\r\ndata: b\rdata: c\ndata: d\r\n\r\n", ["message|a\nb\nc\nd|"]);
});

it("leaves out one byte order mark, at the beginning", () => {
  check("\uFEFFdata: a\n\n", ["message|a|"]);
  check("\uFEFF\uFEFFdata: a\n\ndata: b\n\n", ["message|b|"]);
  check("data: a\n\n\uFEFFdata: b\n\n", ["message|a|"]);
});

it("keeps the id, and forgets the type, from event to event", () => {
  check("event: x\nid: 7\ndata: a\n\ndata: b\n\nid: 8\n\ndata: c\n\n", ["x|a|7", "message|b|7", "message|c|8"]);
  check("id: 7\ndata: a\n\nid: 8\0\ndata: b\n\n", ["message|a|7", "message|b|7"]);
});

it("tells of no event without data, and drops the type that it had", () => {
  check("event: x\n\ndata: a\n\n", ["message|a|"]);
});

it("takes a time for coming back that is a number of digits", () => {
  check("retry: 3000\nretry: 1.5\nretry: -1\nretry:\n\n", [], 3000);
  check("retry: x\n", []);
});

it("leaves out what it does not know, and what is not complete", () => {
  check("dat: a\ndata : b\nData: c\nevent: x\ndata: d\n\ndata: e\n", ["x|d|"]);
});

it("does not let an event grow beyond all bounds", () => {
  const parser = new EventStreamParser({ event: () => {}, comment: () => {} });
  const part = `data: ${"x".repeat(1 << 20)}\n`;
  parser.push(part);
  expect(() => {
    parser.push(part);
    parser.push(part);
  }).toThrow("too long");
});
