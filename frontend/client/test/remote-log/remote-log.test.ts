import { expect, it } from "vitest";
import type { LogLevel } from "../../src/index.js";
import { allLogs, consoleLog, type RemoteLogOptions, remoteLog } from "../../src/remote-log/index.js";
import { settled } from "../support/clock.js";
import { EvenClock } from "../support/even-clock.js";

interface Request {
  readonly url: string;
  readonly init: RequestInit;
  readonly messages: string[];
}

function bench(options: RemoteLogOptions = {}, url = "/api/client-logs") {
  const clock = new EvenClock();
  const requests: Request[] = [];
  const answers: (() => Response | Promise<Response>)[] = [];
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const ask: typeof fetch = async (input, init = {}) => {
    const { lines } = JSON.parse(String(init.body)) as { lines: { message: string }[] };
    requests.push({ url: String(input), init, messages: lines.map(({ message }) => message) });
    return (answers.shift() ?? (() => new Response(null, { status: 204 })))();
  };
  const log = remoteLog(url, { clock, fetch: ask, page: { window, document }, ...options });
  const say = (event: string, level: LogLevel = "warn") =>
    log({ at: clock.now(), level, event, connectionId: undefined, fields: {} });
  return { clock, requests, answers, window, document, log, say };
}

const status =
  (code: number, headers: { [name: string]: string } = {}) =>
  () =>
    new Response(null, { status: code, headers });

it("gathers lines, and sends them in batches no more often than every few seconds", async () => {
  const { clock, requests, say } = bench();
  say("one");
  await clock.advance(4000);
  say("two");
  await clock.advance(999);
  expect(requests).toEqual([]);
  await clock.advance(1);
  expect(requests.map(({ messages }) => messages)).toEqual([["one", "two"]]);
  expect(requests[0]?.init).toMatchObject({ method: "POST", keepalive: false });
  for (let number = 0; number < 50; number += 1) {
    say(`${number}`);
  }
  await clock.advance(4999);
  expect(requests).toHaveLength(1);
  await clock.advance(10_001);
  expect(requests.slice(1).map(({ messages }) => messages.length)).toEqual([20, 20, 10]);
  await clock.advance(60_000);
  expect(requests).toHaveLength(4);
});

it("leaves out what matters less than it should", async () => {
  const { clock, requests, say } = bench();
  say("info", "info");
  say("debug", "debug");
  await clock.advance(5000);
  expect(requests).toEqual([]);
  const all = bench({ level: "debug" });
  for (const level of ["debug", "info", "warn", "error"] as const) {
    all.say(level, level);
  }
  await all.clock.advance(5000);
  expect(all.requests[0]?.messages).toEqual(["debug", "info", "warn", "error"]);
});

it("waits longer and longer where the server does not take it, and then sends what it had", async () => {
  const { clock, requests, answers, say } = bench();
  answers.push(status(429), status(503), () => Promise.reject(new TypeError("no network")));
  say("one");
  await clock.advance(5000);
  expect(requests).toHaveLength(1);
  await clock.advance(10_999);
  expect(requests).toHaveLength(1);
  await clock.advance(1);
  expect(requests).toHaveLength(2);
  await clock.advance(22_000);
  expect(requests).toHaveLength(3);
  say("two");
  await clock.advance(44_000);
  expect(requests.at(-1)?.messages).toEqual(["one", "two"]);
  say("three");
  await clock.advance(5000);
  expect(requests.at(-1)?.messages).toEqual(["three"]);
});

it("waits as long as the server says, within reason", async () => {
  const { clock, requests, answers, say } = bench();
  answers.push(status(429, { "Retry-After": "60" }), status(429, { "Retry-After": "999999" }));
  say("one");
  await clock.advance(5000 + 65_999);
  expect(requests).toHaveLength(1);
  await clock.advance(1);
  expect(requests).toHaveLength(2);
  await clock.advance(330_000);
  expect(requests).toHaveLength(3);
});

it("gives up what the server will never take, and says so", async () => {
  const { clock, requests, answers, say } = bench();
  answers.push(status(400));
  say("one");
  say("two");
  await clock.advance(5000);
  say("three");
  await clock.advance(11_000);
  expect(requests.at(-1)?.messages).toEqual(["log.dropped lines=2", "three"]);
});

it("keeps the newest while nothing gets through", async () => {
  const { clock, requests, answers, say } = bench({ lines: 3 });
  answers.push(() => Promise.reject(new TypeError("no network")));
  for (let number = 0; number < 4; number += 1) {
    say(`${number}`);
  }
  await clock.advance(5000);
  say("4");
  await clock.advance(11_000);
  expect(requests.map(({ messages }) => messages)).toEqual([
    ["log.dropped lines=1", "1", "2", "3"],
    ["log.dropped lines=2", "2", "3", "4"],
  ]);
});

it("sends what it has when the page goes, in a way that outlives it", async () => {
  const { clock, requests, window, document, say } = bench({ token: () => "secret" });
  say("one");
  document.dispatchEvent(new Event("visibilitychange"));
  expect(requests).toEqual([]);
  await clock.advance(5000);
  say("two");
  document.visibilityState = "hidden";
  document.dispatchEvent(new Event("visibilitychange"));
  for (let number = 0; number < 60; number += 1) {
    say(`${number}`);
  }
  window.dispatchEvent(new Event("pagehide"));
  expect(requests.map(({ messages, init }) => [messages.length, init.keepalive])).toEqual([
    [1, false],
    [1, true],
    [20, true],
    [20, true],
  ]);
  expect(new Headers(requests.at(-1)?.init.headers).get("Authorization")).toBe("Bearer secret");
});

it("says what a page that was hidden lost, when it is seen again", async () => {
  const { clock, requests, answers, document, say } = bench();
  answers.push(status(429), () => Promise.reject(new TypeError("no network")));
  document.visibilityState = "hidden";
  say("one");
  document.dispatchEvent(new Event("visibilitychange"));
  await settled();
  say("two");
  document.dispatchEvent(new Event("visibilitychange"));
  await settled();
  say("three");
  await clock.advance(5000);
  expect(requests.map(({ messages }) => messages)).toEqual([
    ["one"],
    ["log.dropped lines=1", "two"],
    ["log.dropped lines=2", "three"],
  ]);
});

it("shows the token where it should, and asks no other origin first", async () => {
  const inQuery = bench({ token: async () => "a b", tokenPlace: "query" }, "https://b.example/logs?x=1");
  inQuery.say("one");
  await inQuery.clock.advance(5000);
  expect(inQuery.requests[0]?.url).toBe("https://b.example/logs?x=1&token=a%20b");
  const headers = new Headers(inQuery.requests[0]?.init.headers);
  expect([headers.get("Authorization"), headers.get("Content-Type")]).toEqual([null, "text/plain;charset=UTF-8"]);
});

it("takes nothing more once it was closed", async () => {
  const { clock, requests, window, log, say } = bench();
  say("one");
  log.close();
  say("two");
  window.dispatchEvent(new Event("pagehide"));
  await clock.advance(60_000);
  expect(requests.map(({ messages }) => messages)).toEqual([["one"]]);
});

it("never throws", async () => {
  const broken = () => {
    throw new Error("broken");
  };
  const { clock, log, say } = bench({ place: broken, token: broken });
  say("one");
  await clock.advance(60_000);
  const unreachable = bench({ fetch: broken });
  unreachable.say("one");
  unreachable.log.flush();
  await unreachable.clock.advance(60_000);
  log.flush();
  log.close();
  await settled();
  expect(unreachable.requests).toEqual([]);
});

it("writes to the console what matters enough, and tells all logs", () => {
  const written: unknown[][] = [];
  const write =
    (level: LogLevel) =>
    (...args: unknown[]) =>
      written.push([level, ...args]);
  const target = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  const log = allLogs(consoleLog("info", target), consoleLog("error", target));
  const entry = { at: 0, connectionId: "c", fields: { code: 1006 } };
  log({ ...entry, level: "debug", event: "hint.online" });
  log({ ...entry, level: "info", event: "connection.closed" });
  log({ ...entry, level: "error", event: "frame.invalid" });
  const fields = { at: "1970-01-01T00:00:00.000Z", connectionId: "c", code: 1006 };
  expect(written).toEqual([
    ["info", "[tightwire] connection.closed", fields],
    ["error", "[tightwire] frame.invalid", fields],
    ["error", "[tightwire] frame.invalid", fields],
  ]);
});
