import { describe, expect, it } from "vitest";
import type { FrameBase, ReplyShape, ServerFrameBase } from "../../src/protocol.js";
import { RequestError, Requests } from "../../src/requests.js";
import { FakeClock, settled } from "../support/clock.js";

/** `a b+ c?` as a shape. */
function shape(text: string, kind: ReplyShape["kind"] = "sequence"): ReplyShape {
  const steps = text.split(" ").map((step) => {
    const times = /[+*?]$/.exec(step)?.[0] ?? "";
    return { type: step.slice(0, step.length - times.length), times: times as "" | "+" | "*" | "?" };
  });
  return { kind, steps };
}

const request = (id: string, topic = "x"): FrameBase => ({ v: 1, id, type: "ask", topic, ts: 0, data: {} });

const reply = (type: string, correlation: string, data: unknown = {}): ServerFrameBase => ({
  v: 1,
  id: "i",
  type,
  topic: "x",
  ts: 0,
  correlation_id: correlation,
  data,
});

function bench() {
  const clock = new FakeClock();
  const requests = new Requests(clock);
  const ended: string[] = [];
  const add = (id: string, answer: ReplyShape, onFrame?: (frame: ServerFrameBase) => void, topic?: string) => {
    requests.add(request(id, topic), answer, 1000, onFrame).then(
      (frames) =>
        ended.push(
          `${id}: ${[frames]
            .flat()
            .map((frame) => (frame as ServerFrameBase).type)
            .join(" ")}`,
        ),
      (error: RequestError) => ended.push(`${id}: ${error instanceof RequestError && error.failure}`),
    );
    requests.sent(id);
  };
  const say = async (types: string, id = "1") => {
    for (const type of types.split(" ").filter(Boolean)) {
      requests.arrive(reply(type, id), false);
    }
    await settled();
  };
  return { clock, requests, ended, add, say };
}

describe("a reply of one frame", () => {
  it("is any of those that the contract names", async () => {
    for (const type of ["yes", "no"]) {
      const { add, clock, ended, say } = bench();
      add("1", shape("yes no", "one"));
      await say("other");
      expect(ended).toEqual([]);
      await say(`${type} yes`);
      expect([ended, clock.timers]).toEqual([[`1: ${type}`], 0]);
    }
  });
});

describe("a reply of several frames", () => {
  for (const [text, frames, expected] of [
    ["a b c", "a b c", "a b c"],
    ["a b+ c", "a b b b c", "a b b b c"],
    ["a b* c", "a c", "a c"],
    ["a b* c", "a b b c", "a b b c"],
    ["a b? c", "a c", "a c"],
    ["a b? c", "a b c", "a b c"],
    ["a? b* c", "c", "c"],
    ["a b a c", "a b a c", "a b a c"],
    ["a a", "a a", "a a"],
    // What does not belong there is left out.
    ["a b c", "a z c b a c", "a b c"],
    ["a b+ c", "b a c b c", "a b c"],
    ["a b? c", "a b b c", "a b c"],
  ] as const) {
    it(`${text}: ${frames}`, async () => {
      const { add, clock, ended, say } = bench();
      add("1", shape(text));
      const types = frames.split(" ");
      await say(types.slice(0, -1).join(" "));
      expect(ended).toEqual([]);
      await say(types.at(-1) ?? "");
      expect([ended, clock.timers]).toEqual([[`1: ${expected}`], 0]);
    });
  }

  for (const [text, frames, expected] of [
    ["a b+", "a b b", "a b b"],
    ["a b*", "a", "a"],
    ["a b*", "a b", "a b"],
    ["a b? c?", "a b", "a b"],
    ["a b+", "a", "timeout"],
    ["a b c", "a b", "timeout"],
    ["a*", "", ""],
  ] as const) {
    it(`${text}: ${frames || "nothing"}, and then silence`, async () => {
      const { add, clock, ended, say } = bench();
      add("1", shape(text));
      await say(frames);
      await clock.advance(999);
      expect(ended).toEqual([]);
      await clock.advance(1);
      expect(ended).toEqual([`1: ${expected}`]);
    });
  }

  it("may come between those of another, and of other topics", async () => {
    const { add, ended, say } = bench();
    add("1", shape("a b+ c"));
    add("2", shape("a b+ c"), undefined, "y");
    await say("a", "1");
    await say("a b", "2");
    await say("b b", "1");
    await say("b c", "2");
    await say("c", "1");
    await say("a b c", "3");
    expect(ended).toEqual(["2: a b b c", "1: a b b c"]);
  });

  it("may take its time, as long as frames come", async () => {
    const { add, clock, ended, say } = bench();
    add("1", shape("a b+ c"));
    await say("a");
    for (let count = 0; count < 5; count += 1) {
      await clock.advance(900);
      await say("b");
    }
    await clock.advance(900);
    expect(ended).toEqual([]);
    await say("c");
    expect(ended).toEqual(["1: a b b b b b c"]);
  });

  it("is told of as it comes, whatever the listener does", async () => {
    const { reportError } = globalThis;
    const reported: unknown[] = [];
    globalThis.reportError = (error) => reported.push(error);
    try {
      const { add, ended, requests, say } = bench();
      const seen: string[] = [];
      add("1", shape("a b c"), ({ type }) => {
        seen.push(type);
        throw new Error(type);
      });
      add("2", shape("a b"), ({ type }) => type === "a" && requests.fail("2", "aborted"));
      await say("a b c");
      await say("a b", "2");
      expect([seen, ended, reported.length]).toEqual([["a", "b", "c"], ["1: a b c", "2: aborted"], 3]);
    } finally {
      globalThis.reportError = reportError;
    }
  });
});

describe("a request", () => {
  it("that is refused says why", async () => {
    const { requests } = bench();
    const promise = requests.add(request("1"), shape("a"), 1000);
    const frame = reply("error", "1", { message: "not allowed" });
    requests.arrive(frame, true);
    const expected = { name: "RequestError", failure: "refused", message: "ask: not allowed", frame, violations: [] };
    await expect(promise).rejects.toMatchObject(expected);
    expect(requests.size).toBe(0);
  });

  it("has no time limit before it is sent", async () => {
    const { clock, requests } = bench();
    const ended: string[] = [];
    requests.add(request("1"), shape("a"), 1000).catch((error: RequestError) => ended.push(error.message));
    await clock.advance(100_000);
    expect(ended).toEqual([]);
    requests.sent("1");
    requests.sent("nobody");
    await clock.advance(1000);
    expect(ended).toEqual(["ask: timeout"]);
  });

  it("waits ten seconds, where nothing else is said", async () => {
    const { clock, requests } = bench();
    const ended: string[] = [];
    requests.add(request("1"), shape("a")).catch((error: RequestError) => ended.push(error.failure));
    requests.sent("1");
    await clock.advance(9999);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual(["timeout"]);
  });

  it("is lost with the connection, unless its frames are replayed or it was not sent", async () => {
    const { add, clock, ended, requests, say } = bench();
    add("1", shape("a", "one"));
    add("2", shape("a b"));
    add("3", shape("a b"), undefined, "elsewhere");
    requests.add(request("4"), shape("a", "one"), 1000).catch(() => ended.push("4"));
    requests.lose(({ topic }, isSequence) => !isSequence || topic !== "x", 5000);
    await settled();
    expect([ended, requests.size]).toEqual([["1: lost", "3: lost"], 2]);
    await clock.advance(4000);
    requests.resume();
    await clock.advance(900);
    await say("a b", "2");
    expect(ended.at(-1)).toBe("2: a b");
    requests.clear();
    await settled();
    expect([ended.at(-1), clock.timers]).toEqual(["4", 0]);
  });

  it("is given up where there is no connection in time", async () => {
    const { add, clock, ended, requests } = bench();
    add("1", shape("a b"));
    requests.lose(() => false, 5000);
    await clock.advance(4999);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual(["1: timeout"]);
  });

  it("is known to be awaited on its topic once it was sent", () => {
    const { add, requests } = bench();
    requests.add(request("1", "t"), shape("a b"), 1000).catch(() => {});
    expect(requests.isAwaited("t")).toBe(false);
    requests.sent("1");
    expect(requests.isAwaited("t")).toBe(true);
    add("2", shape("a", "one"), undefined, "u");
    expect(requests.isAwaited("u")).toBe(false);
    requests.clear();
    expect(requests.isAwaited("t")).toBe(false);
  });
});
