import { expect, it, describe as suite } from "vitest";
import { answersIn, groupOf, latencies, summaryOf } from "../../src/devtools/model/exchanges.js";
import { toNdjson } from "../../src/devtools/model/export.js";
import { ANYTHING, choices, type Filter, matches } from "../../src/devtools/model/filter.js";
import { describe, stretches } from "../../src/devtools/model/timeline.js";
import { Recording } from "../../src/devtools/recording.js";
import type { Closing, ConnectionState } from "../../src/index.js";
import { entriesOf, openState, packet } from "./support.js";

suite("the recording", () => {
  it("keeps the newest packets", () => {
    const recording = new Recording(3, 1_000_000);
    for (let at = 1; at <= 5; at += 1) {
      recording.add(packet(at, "in", "x"), true);
    }
    expect(recording.entries.map(({ number }) => number)).toEqual([3, 4, 5]);
    recording.clear();
    expect(recording.entries).toEqual([]);
    recording.add(packet(6, "in", "x"), true);
    expect(recording.entries.map(({ number }) => number)).toEqual([6]);
  });

  it("keeps so much text, and the newest packet however long it is", () => {
    const recording = new Recording(100, 1000);
    const long = (length: number) => ({ ...packet(0, "in", "x"), text: "x".repeat(length) });
    recording.add(long(400), true);
    recording.add(long(400), true);
    recording.add(long(400), true);
    expect(recording.entries.map(({ number }) => number)).toEqual([2, 3]);
    recording.add(long(5000), true);
    expect(recording.entries.map(({ number }) => number)).toEqual([4]);
    recording.add(long(600), true);
    recording.add(long(400), true);
    expect(recording.entries.map(({ number }) => number)).toEqual([5, 6]);
  });

  it("keeps the newest changes of the state, and tells of each change", () => {
    const recording = new Recording(3, 1000);
    let changes = 0;
    recording.changed = () => {
      changes += 1;
    };
    for (let at = 0; at < 300; at += 1) {
      recording.enter(at, { status: "idle" });
    }
    recording.add(packet(0, "in", "x"), true);
    recording.clear();
    expect(recording.changes).toHaveLength(200);
    expect(recording.changes.at(-1)?.at).toBe(299);
    expect(changes).toBe(302);
  });
});

suite("exchanges", () => {
  const request = packet(100, "out", "request_data", { id: "r" });
  const entries = entriesOf(
    request,
    packet(110, "out", "ping", { id: "p" }),
    packet(130, "in", "pong", { correlation_id: "p" }),
    packet(150, "in", "data_response", { correlation_id: "r" }),
    packet(170, "in", "late", { correlation_id: "r" }),
    packet(180, "in", "broadcast", { id: "b1", correlation_id: "b" }),
    packet(190, "in", "broadcast", { id: "b2", correlation_id: "b" }),
    { ...packet(200, "in", "x"), frame: undefined, text: "{" },
    { ...packet(210, "in", "x"), frame: undefined, text: "{" },
  );

  it("go by the id of the request, or of the broadcast", () => {
    expect(entries.map(groupOf)).toEqual(["r", "p", "p", "r", "r", "b", "b", "#8", "#9"]);
  });

  it("tell how long answers took", () => {
    const answers = answersIn(entries);
    expect([...answers].map(([number, { ms, isFirst }]) => [number, ms, isFirst])).toEqual([
      [3, 20, true],
      [4, 50, true],
      [5, 70, false],
    ]);
    expect(answers.get(4)?.request.packet).toBe(request);
    expect(latencies(answers)).toEqual([20, 50]);
  });

  it("are summed up", () => {
    expect(summaryOf([])).toBeUndefined();
    expect(summaryOf([7])).toEqual({ last: 7, median: 7, longest: 7 });
    expect(summaryOf([30, 10, 5, 100, 20])).toEqual({ last: 20, median: 20, longest: 100 });
  });
});

suite("filters", () => {
  const entries = entriesOf(
    packet(1, "out", "send_message", { id: "m", topic: "thread:a", data: { content: "Hello There" } }),
    packet(2, "in", "stream_chunk", { id: "c", topic: "thread:a", correlation_id: "m" }),
    packet(3, "in", "ping", { id: "i" }),
    { ...packet(4, "in", "x"), frame: undefined, text: "nonsense", violations: [{ pointer: "", keyword: "type" }] },
  );

  it.each<[Partial<Filter>, number[]]>([
    [{}, [1, 2, 3, 4]],
    [{ show: "in" }, [2, 3, 4]],
    [{ show: "out" }, [1]],
    [{ show: "violations" }, [4]],
    [{ type: "ping" }, [3]],
    [{ topic: "thread:a" }, [1, 2]],
    [{ topic: "thread:a", show: "in" }, [2]],
    [{ text: "hello there" }, [1]],
    [{ text: "NONSENSE" }, [4]],
    [{ group: "m" }, [1, 2]],
  ])("%o", (filter, expected) => {
    const found = entries.filter((entry) => matches(entry, { ...ANYTHING, ...filter }));
    expect(found.map(({ number }) => number)).toEqual(expected);
  });

  it("offer what there is, and what was chosen", () => {
    expect(choices(entries, "type", "")).toEqual(["ping", "send_message", "stream_chunk"]);
    expect(choices(entries, "topic", "dashboard")).toEqual(["dashboard", "system", "thread:a"]);
  });
});

suite("the timeline", () => {
  const closing: Closing = { code: 1006, reason: "", known: undefined, planned: false };
  const waiting: ConnectionState = {
    status: "waiting",
    retryAt: 9000,
    offline: false,
    failures: 1,
    downSince: 0,
    closing,
  };
  const stopped: ConnectionState = {
    status: "stopped",
    closing: { ...closing, code: 4403, reason: "no" },
    downSince: 0,
  };

  it("shows where the connection was of late", () => {
    const changes = [
      { at: 0, state: { status: "idle" } as const },
      { at: 2000, state: openState(2000) },
      { at: 6000, state: waiting },
      { at: 7000, state: { ...waiting, offline: true } },
      { at: 8000, state: stopped },
    ];
    expect(stretches(changes, 10_000, 5000)).toEqual([
      { from: 0, to: 0.2, colour: "green" },
      { from: 0.2, to: 0.6, colour: "amber" },
      { from: 0.6, to: 1, colour: "red" },
    ]);
    expect(stretches(changes.slice(0, 1), 10_000, 20_000)).toEqual([{ from: 0.5, to: 1, colour: "none" }]);
    expect(stretches([], 10_000, 5000)).toEqual([]);
  });

  it.each<[ConnectionState, string]>([
    [{ status: "idle" }, "idle"],
    [openState(1000), "open by websocket for 4 s"],
    [openState(1000, "sse", true), "open by sse, probing for 4 s"],
    [waiting, "next attempt in 4 s, after 1006"],
    [{ ...waiting, offline: true }, "waiting for a network, after 1006"],
    [{ ...waiting, retryAt: 1 }, "next attempt in 0 s, after 1006"],
    [{ status: "connecting", failures: 0, downSince: undefined, closing: undefined }, "connecting"],
    [stopped, "stopped, after 4403 (no)"],
    [{ ...stopped, closing: undefined }, "stopped"],
  ])("says %o in words", (state, text) => {
    expect(describe(state, 5000)).toBe(text);
  });
});

it("is exported with a line for each packet", () => {
  const [first, second] = entriesOf(packet(0, "out", "ping"), {
    ...packet(1, "in", "x"),
    frame: undefined,
    text: "{\n",
    violations: [{ pointer: "", keyword: "type" }],
  });
  const lines = toNdjson(first && second ? [first, second] : []).split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[2]).toBe("");
  const common = { transport: "websocket", sent: true, duplicate: false };
  expect(lines.slice(0, 2).map((line) => JSON.parse(line))).toEqual([
    {
      number: 1,
      at: "1970-01-01T00:00:00.000Z",
      direction: "out",
      violations: [],
      frame: first?.packet.frame,
      ...common,
    },
    {
      number: 2,
      at: "1970-01-01T00:00:00.001Z",
      direction: "in",
      violations: [{ pointer: "", keyword: "type" }],
      text: "{\n",
      ...common,
    },
  ]);
});
