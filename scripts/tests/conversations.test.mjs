// `conversations.mjs` notices what a server does wrong: each fault ends it with 1 and names what was expected.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, it, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fakeServer } from "./fake-server.mjs";

const script = fileURLToPath(new URL("../conversations.mjs", import.meta.url));

/** Runs the script; gives its exit code and everything that it said. */
function run(...args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args]);
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
    });
    child.stderr.on("data", (text) => {
      said += text;
    });
    child.on("close", (code) => resolve({ code, said }));
  });
}

/** A fault in the frames of one type. */
const on = (type, change) => ({ spoil: (frame) => (frame.type === type ? change(frame) : frame) });

/** A fault in the payloads of one type. */
const data = (type, change) => on(type, (frame) => ({ ...frame, data: { ...frame.data, ...change(frame.data) } }));

const faults = [
  ["nothing", {}, 0, /6 conversations as the protocol says/],
  ["the close code", { code: 1008 }, 1, /1008 !== 1002/],
  ["a hole in the chunks", data("stream_chunk", ({ index }) => ({ index: index * 2 })), 1, /have no holes/],
  ["two streams", data("stream_chunk", () => ({ stream_id: "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7ebb" })), 1, /one stream/],
  ["a gap in the log", on("stream_chunk", (frame) => ({ ...frame, seq: frame.seq + 1 })), 1, /without a gap/],
  ["a frame that is missing", on("stream_start", () => undefined), 1, /expected stream_start, got .*stream_chunk/],
  ["a foreign correlation", on("pong", (frame) => ({ ...frame, correlation_id: frame.id })), 1, /carries the id/],
  ["a frame against the schema", data("data_response", () => ({ data: 1 })), 1, /data_response does not follow/],
  ["a frame of no type", on("pong", (frame) => ({ ...frame, type: "pang" })), 1, /has the type "pang"/],
  ["a text that differs from its chunks", data("stream_chunk", () => ({ delta: "?" })), 1, /answer that was streamed/],
  ["the place of a violation", data("error", () => ({ violations: [] })), 1, /names the violation/],
];

describe("a server that gets one thing wrong", { concurrency: 2 }, () => {
  for (const [fault, options, code, expected] of faults) {
    it(fault, async () => {
      const server = await fakeServer(options);
      const result = await run(server.url);
      server.close();
      assert.match(result.said, expected);
      assert.equal(result.code, code);
    });
  }
});

test("says what is missing when it cannot begin", async () => {
  assert.deepEqual((await run()).code, 2);
  const { code, said } = await run("ws://127.0.0.1:1/ws", "--schema", "/nowhere.json");
  assert.equal(code, 2);
  assert.match(said, /make regen-ws-code/);
  assert.equal((await run("ws://127.0.0.1:1/ws")).code, 1);
});
