import { expect, it } from "vitest";
import { polling, serverSentEvents } from "../../src/fallback/index.js";
import type { Transport } from "../../src/index.js";
import { settled } from "../support/clock.js";
import { EvenClock } from "../support/even-clock.js";
import { Recorder } from "./support/recorder.js";
import { FakeServer, problem } from "./support/server.js";

const REPLAY = "/api/ws/replay";

class Bench {
  readonly server = new FakeServer();
  readonly clock = new EvenClock();
  readonly events = new Recorder();
  readonly transport: Transport;

  constructor(kind: "sse" | "polling", token?: string, tokenPlace: "header" | "query" = "header") {
    const options = { replayUrl: REPLAY, fetch: this.server.fetch, clock: this.clock, tokenPlace };
    const connector = kind === "sse" ? serverSentEvents({ url: "/sse", ...options }) : polling(options);
    this.transport = connector(token, this.events);
  }

  /** Wants these topics, those with a number after that position. */
  async want(...topics: (string | [string, number])[]): Promise<string[]> {
    const after = Object.fromEntries(
      topics.flatMap((topic) => (typeof topic === "string" ? [] : [[topic[0], { epoch: "e", seq: topic[1] }]])),
    );
    this.transport.want(
      topics.map((topic) => (typeof topic === "string" ? topic : topic[0])),
      after,
    );
    await this.clock.advance(50);
    return this.events.take();
  }
}

it("tells events of topics that were nowhere yet", async () => {
  const bench = new Bench("sse");
  bench.server.publish("a");
  expect(await bench.want("a")).toEqual(["a is at e:1", "connection_established", "opened"]);
  expect(bench.server.streams).toEqual([["a"]]);
  bench.server.publish("a");
  bench.server.push(bench.server.frame("passing", "a", {}));
  await settled();
  expect(bench.events.take()).toEqual(["a 2", "passing"]);
  expect(bench.transport.send("{}")).toBe(false);
});

it("loses nothing that is published between its requests", async () => {
  const bench = new Bench("sse");
  bench.server.before = ({ path, query }) => {
    if (path === "/sse" || (path === REPLAY && query.has("after"))) {
      bench.server.publish("a", path === "/sse");
    }
  };
  expect(await bench.want("a")).toEqual(["a is at e:0", "connection_established", "opened", "a 1", "a 2", "a 2"]);
});

it("fetches what was missed before it tells what is live", async () => {
  const bench = new Bench("sse");
  for (let count = 0; count < 5; count += 1) {
    bench.server.publish("a");
  }
  bench.server.pageSize = 2;
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  bench.server.before = ({ query }) => (query.has("after") ? gate : undefined);
  expect(await bench.want(["a", 1])).toEqual(["connection_established", "opened"]);
  bench.server.publish("a");
  bench.server.push(bench.server.frame("passing", "a", {}));
  await settled();
  expect(bench.events.take()).toEqual([]);
  release();
  await settled();
  // What is in the log and was held back comes twice: the client drops it.
  expect(bench.events.take()).toEqual(["a 2", "a 3", "a 4", "a 5", "a 6", "a 6", "passing"]);
  expect(bench.server.queries(REPLAY)).toEqual([
    "topic=a&after=e:1&limit=500",
    "topic=a&after=e:3&limit=500",
    "topic=a&after=e:5&limit=500",
  ]);
});

it("reads a log again that ends before what is live", async () => {
  const bench = new Bench("sse");
  bench.server.publish("a");
  const behind = () => Response.json({ topic: "a", epoch: "e", latest_seq: 1, next: "e:1", more: false, frames: [] });
  bench.server.answerOnce(REPLAY, behind);
  bench.server.before = ({ path, query }) => {
    if (path === REPLAY && query.get("after") === "e:1" && bench.server.log("a").seq === 1) {
      bench.server.publish("a", true);
      bench.server.publish("a");
    }
  };
  expect(await bench.want(["a", 1])).toEqual(["connection_established", "opened"]);
  await bench.clock.advance(200);
  expect(bench.events.take()).toEqual(["a 2", "a 3", "a 3"]);
});

it("tells of a gap, and goes on with what is live", async () => {
  const bench = new Bench("sse");
  for (let count = 0; count < 5; count += 1) {
    bench.server.publish("a");
  }
  bench.server.log("a").frames.splice(0, 3);
  expect(await bench.want(["a", 1])).toEqual(["connection_established", "opened", "a lost up to e:5"]);
  bench.server.publish("a");
  await settled();
  expect(bench.events.take()).toEqual(["a 6"]);
});

it("tells of a gap no further than what was held back", async () => {
  const bench = new Bench("sse");
  bench.server.log("a").epoch = "f";
  bench.server.publish("a");
  bench.server.before = ({ query }) => {
    if (query.has("after") && bench.server.log("a").seq < 3) {
      bench.server.publish("a");
      bench.server.publish("a");
    }
  };
  const told = await bench.want(["a", 7]);
  expect(told).toEqual(["connection_established", "opened", "a lost up to f:1", "a 2", "a 3"]);
});

it("opens the events again for other topics, once for changes that come together", async () => {
  const bench = new Bench("sse");
  await bench.want("a");
  bench.transport.want(["a", "b"], {});
  bench.transport.want(["b", "c"], {});
  bench.transport.want(["c", "b"], {});
  await bench.clock.advance(49);
  expect(bench.server.streams).toEqual([["a"]]);
  bench.server.publish("c");
  await bench.clock.advance(1);
  expect(bench.server.streams).toEqual([["b", "c"]]);
  expect(bench.events.take()).toEqual(["b is at e:0", "c is at e:1", "connection_established"]);
  await bench.want("b", "c");
  expect(bench.server.queries("/sse")).toEqual(["topics=a", "topics=b,c"]);
});

it("loses nothing while the events are opened again", async () => {
  const bench = new Bench("sse");
  await bench.want("a");
  bench.server.publish("a");
  await settled();
  bench.server.before = ({ path }) => {
    if (path === "/sse") {
      bench.server.publish("a", true);
    }
  };
  expect(await bench.want("a", "b")).toEqual(["a 1", "b is at e:0", "connection_established", "a 2"]);
});

it("takes comments for signs of life, and begins anew to get one", async () => {
  const bench = new Bench("sse");
  await bench.want("a");
  const before = bench.events.beats;
  bench.server.write(": ping\n\n");
  await settled();
  expect(bench.events.beats).toBe(before + 1);
  bench.transport.probe?.();
  await settled();
  expect(bench.events.beats).toBeGreaterThan(before + 1);
  expect(bench.server.streams).toEqual([["a"]]);
});

it("leaves out topics that are not to be had, and says which", async () => {
  const bench = new Bench("sse");
  bench.server.unknown.add("b");
  expect(await bench.want("a", "b")).toEqual([
    "a is at e:0",
    "b refused: HTTP 404: there is no such topic",
    "connection_established",
    "opened",
  ]);
  expect(bench.server.streams).toEqual([["a"]]);
});

it("finds out which topics are forbidden of those that it had", async () => {
  const bench = new Bench("sse");
  bench.server.forbidden.add("b");
  expect(await bench.want(["a", 0], ["b", 0])).toEqual([
    "b refused: HTTP 403: the topic is not allowed",
    "connection_established",
    "opened",
  ]);
  expect(bench.server.queries("/sse")).toEqual(["topics=a,b", "topics=a"]);
});

it("listens to as many topics as it may, and says which do not come", async () => {
  const bench = new Bench("sse");
  bench.server.most = 2;
  const left = (topic: string) => `${topic} refused: these are more topics than one connection may have`;
  expect(await bench.want(["a", 0], ["b", 0], ["c", 0], ["d", 0])).toEqual([
    left("c"),
    left("d"),
    "connection_established",
    "opened",
  ]);
  expect(bench.server.streams).toEqual([["a", "b"]]);
  // There is room again.
  expect(await bench.want("b", "c", "d")).toEqual(["connection_established"]);
  expect(bench.server.streams).toEqual([["b", "c"]]);
});

it("does not try for ever where even one topic is asked for in vain", async () => {
  const bench = new Bench("sse");
  bench.server.most = 0;
  expect(await bench.want(["a", 0])).toEqual([
    "closed 1006: HTTP 400: these are more topics than one connection may have",
  ]);
  expect(bench.server.asked).toHaveLength(1);
});

it("is forbidden altogether where no topic is to blame", async () => {
  const bench = new Bench("sse");
  bench.server.answerOnce("/sse", () => problem(403, "this origin may not connect"));
  expect(await bench.want(["a", 0])).toEqual(["closed 4403: HTTP 403: this origin may not connect"]);
});

it("asks whether there is a server where no topic is wanted", async () => {
  const bench = new Bench("sse");
  expect(await bench.want()).toEqual(["opened"]);
  expect(bench.server.queries("/sse")).toEqual([""]);
  bench.server.isDown = true;
  bench.transport.probe?.();
  await settled();
  expect(bench.events.take()).toEqual(["closed 1006: fetch failed"]);
});

it("ends when the events end, and says when to come back", async () => {
  const bench = new Bench("sse");
  await bench.want("a");
  bench.server.write("retry: 1234\n\n");
  bench.server.end();
  await settled();
  expect(bench.events.take()).toEqual(["closed 1006: the events ended, 1234 ms"]);
  expect(await bench.want("a", "b")).toEqual([]);
});

it("says nothing more once it was closed", async () => {
  const bench = new Bench("sse");
  await bench.want("a");
  bench.transport.close(1000, "");
  expect(bench.server.streams).toEqual([]);
  bench.server.publish("a");
  bench.server.end();
  expect(await bench.want("a", "b")).toEqual([]);
});

it("ends with what is no event stream, and with a stream that cannot be read", async () => {
  const page = new Bench("sse");
  page.server.answerOnce("/sse", () => new Response("<html>", { headers: { "Content-Type": "text/html" } }));
  expect(await page.want(["a", 0])).toEqual(["closed 1006: these are no events, but text/html"]);
  const flood = new Bench("sse");
  await flood.want("a");
  flood.server.write("x".repeat(3 << 20));
  await settled();
  expect(flood.events.take()).toEqual(["closed 1006: an event is too long, 3000 ms"]);
});

it.each([
  [401, {}, "closed 4401: HTTP 401: no"],
  [429, { "Retry-After": "7" }, "closed 1013: HTTP 429: no, 7000 ms"],
  [503, { "Retry-After": "Thu, 01 Jan 2026 00:00:09 GMT" }, "closed 1013: HTTP 503: no, 9000 ms"],
  [503, {}, "closed 1013: HTTP 503: no"],
  [500, {}, "closed 1011: HTTP 500: no"],
  [502, { "Retry-After": "soon" }, "closed 1006: HTTP 502: no"],
])("takes HTTP %i %o for a close", async (status, headers, expected) => {
  const bench = new Bench("sse");
  bench.server.answerOnce("/sse", () => problem(status, "no", headers as { [name: string]: string }));
  expect(await bench.want(["a", 0])).toEqual([expected]);
});

it.each([401, 403, 404])(
  "does not take HTTP %i for the server's word where the server did not say it",
  async (status) => {
    for (const kind of ["sse", "polling"] as const) {
      const bench = new Bench(kind);
      const blocked = () => new Response("<h1>Blocked</h1>", { status, headers: { "Content-Type": "text/html" } });
      bench.server.answerOnce("/sse", blocked);
      bench.server.answerOnce(REPLAY, blocked);
      expect(await bench.want(["a", 0])).toEqual([`closed 1006: HTTP ${status}`]);
    }
  },
);

it("waits no longer for its turn once it was closed", async () => {
  const bench = new Bench("polling");
  bench.server.answerOnce(REPLAY, () => problem(429, "too many", { "Retry-After": "2" }));
  expect(await bench.want("a")).toEqual([]);
  bench.transport.close(1000, "");
  await settled();
  expect(bench.clock.timers).toBe(0);
  await bench.clock.advance(10_000);
  expect(bench.server.asked).toHaveLength(1);
  expect(bench.events.take()).toEqual([]);
});

it("waits where it asks for logs too often, and gives up where that does not end", async () => {
  const bench = new Bench("sse");
  bench.server.answerOnce(REPLAY, () => problem(429, "too many", { "Retry-After": "2" }));
  bench.server.publish("a");
  expect(await bench.want(["a", 0])).toEqual(["connection_established", "opened"]);
  await bench.clock.advance(2250);
  expect(bench.events.take()).toEqual(["a 1"]);
  for (let count = 0; count < 4; count += 1) {
    bench.server.answerOnce(REPLAY, () => problem(429, "too many", { "Retry-After": "1" }));
  }
  bench.transport.probe?.();
  await bench.clock.advance(10_000);
  expect(bench.events.take()).toEqual(["connection_established", "closed 1013: HTTP 429: too many, 1000 ms"]);
});

it.each(["sse", "polling"] as const)("shows the token where it should (%s)", async (kind) => {
  const inHeader = new Bench(kind, "to.k=en");
  await inHeader.want("a");
  expect(inHeader.server.asked.length).toBeGreaterThan(1);
  for (const { headers, query } of inHeader.server.asked) {
    expect([headers.get("Authorization"), query.get("token")]).toEqual(["Bearer to.k=en", null]);
  }
  const inQuery = new Bench(kind, "to.k=en", "query");
  await inQuery.want("a");
  for (const { headers, query } of inQuery.server.asked) {
    expect([headers.get("Authorization"), query.get("token")]).toEqual([null, "to.k=en"]);
  }
});

it("asks again and again for what is kept", async () => {
  const bench = new Bench("polling");
  bench.server.publish("a");
  expect(await bench.want("a")).toEqual(["opened", "a is at e:1"]);
  bench.server.publish("a");
  bench.server.publish("a");
  await bench.clock.advance(4949);
  expect(bench.events.take()).toEqual([]);
  await bench.clock.advance(1);
  expect(bench.events.take()).toEqual(["a 2", "a 3"]);
  await bench.clock.advance(5000);
  expect(bench.server.queries(REPLAY)).toEqual([
    "topic=a&limit=1",
    "topic=a&after=e:1&limit=500",
    "topic=a&after=e:1&limit=500",
    "topic=a&after=e:3&limit=500",
  ]);
});

it("asks at once for a topic that is new, and when it should give a sign of life", async () => {
  const bench = new Bench("polling");
  expect(await bench.want()).toEqual(["opened"]);
  bench.server.publish("a");
  expect(await bench.want(["a", 0])).toEqual(["a 1"]);
  bench.server.publish("a");
  const before = bench.events.beats;
  bench.transport.probe?.();
  await settled();
  expect(bench.events.take()).toEqual(["a 2"]);
  expect(bench.events.beats).toBeGreaterThan(before);
});

it("asks once more after a round in which topics changed", async () => {
  const bench = new Bench("polling");
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  bench.server.before = () => gate;
  bench.transport.want(["a"], {});
  bench.transport.want(["a", "b"], {});
  release();
  await settled();
  expect(bench.events.take()).toEqual(["opened", "a is at e:0", "b is at e:0"]);
});

it("tells of gaps, of topics that are not to be had, and of the end", async () => {
  const bench = new Bench("polling");
  bench.server.forbidden.add("b");
  bench.server.log("a").epoch = "f";
  bench.server.publish("a");
  expect(await bench.want(["a", 4], "b")).toEqual([
    "opened",
    "a lost up to f:1",
    "b refused: HTTP 403: the topic is not allowed",
  ]);
  bench.server.isDown = true;
  await bench.clock.advance(5000);
  expect(bench.events.take()).toEqual(["closed 1006: fetch failed"]);
  const before = bench.server.asked.length;
  await bench.clock.advance(60_000);
  expect(bench.server.asked.length).toBe(before);
});

it("asks no more once it was closed", async () => {
  const bench = new Bench("polling");
  await bench.want("a");
  bench.transport.close(1000, "");
  await bench.clock.advance(60_000);
  bench.transport.want(["b"], {});
  await settled();
  expect(bench.server.queries(REPLAY)).toHaveLength(2);
  expect(bench.events.take()).toEqual([]);
});
