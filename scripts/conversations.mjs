// Holds the protocol's conversations with a running server, as a client that shares no code with it: npm `ws` speaks,
// ajv checks every frame that arrives against the generated JSON Schema. Prints the transcript.
//
//     node scripts/conversations.mjs ws://127.0.0.1:8080/ws [--schema FILE] [--quiet]
//
// Exit codes: 0 everything as the protocol says · 1 a departure, named · 2 wrong arguments or no schema.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Peer } from "./peer.mjs";
import { frameValidator } from "./schema.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    schema: {
      type: "string",
      default: fileURLToPath(new URL("../generated/schema/ws_messages.schema.json", import.meta.url)),
    },
    quiet: { type: "boolean", default: false },
  },
});
const [url] = positionals;
if (url === undefined) {
  console.error("usage: node scripts/conversations.mjs ws://HOST:PORT/ws [--schema FILE] [--quiet]");
  process.exit(2);
}

let validate;
try {
  validate = frameValidator(JSON.parse(readFileSync(options.schema, "utf8")));
} catch (error) {
  console.error(`${options.schema}: cannot be used: ${error.message}\n\`make regen-ws-code\` writes it.`);
  process.exit(2);
}

const transcript = options.quiet ? () => {} : (line) => console.log(line);

const conversations = {
  "subscribe_thread is answered with the thread's history, send_message with a stream": thread,
  "request_data is answered with data_response or data_error": data,
  "ping is answered with pong": ping,
  "a frame without what it must have is explained, and ends the connection": () =>
    refused(
      { type: "send_message", topic: "thread:welcome", data: {} },
      { pointer: "/data/content", keyword: "required" },
    ),
  "a frame of a type that does not exist is explained, and ends the connection": () =>
    refused({ type: "shout", topic: "system", data: {} }, { pointer: "/type", keyword: "enum" }),
  "a text that is not JSON is explained, and ends the connection": () => refused("{", { pointer: "", keyword: "json" }),
};

for (const [title, converse] of Object.entries(conversations)) {
  transcript(`\n# ${title}`);
  try {
    await converse();
  } catch (error) {
    console.error(`\nFAILED: ${title}\n${error.message}`);
    process.exit(1);
  }
}
console.log(`${url}: ${Object.keys(conversations).length} conversations as the protocol says, every frame valid`);

/** Connects; the first frame is always `connection_established`. */
async function connect() {
  const peer = await Peer.connect(url, validate, transcript);
  const { data, topic } = await peer.expect("connection_established");
  assert.equal(topic, "system");
  assert.match(data.contract_version, /^\d+\.\d+\.\d+/);
  return peer;
}

async function thread() {
  const peer = await connect();
  const threadId = `conversation-${randomUUID()}`;
  const topic = `thread:${threadId}`;

  const subscription = peer.send("subscribe_thread", topic, { limit: 10 });
  const history = await peer.expect("thread_history", { answers: subscription, topic });
  assert.equal(history.data.thread_id, threadId);
  assert.deepEqual(history.data.messages, [], "a new thread has no messages");

  const content = "What does a close code of 4408 mean?";
  const request = peer.send("send_message", topic, { content, metadata: { client: "conversations.mjs" } });
  const created = await peer.expect("thread_message_created", { answers: request, topic });
  const { message } = created.data;
  assert.equal(message.content, content);
  assert.equal(message.author.kind, "user");
  assert.deepEqual(message.metadata, { client: "conversations.mjs" });
  assert.equal(created.seq, history.data.seq + 1, "live frames continue where the history ends");

  const start = await peer.expect("stream_start", { answers: request, topic, after: created });
  assert.equal(start.data.in_reply_to, message.message_id);
  const { stream_id: streamId } = start.data;

  let text = "";
  let chunks = 0;
  let last = start;
  for (;;) {
    const frame = await peer.expect(["stream_chunk", "stream_end"], { answers: request, topic, after: last });
    assert.equal(frame.data.stream_id, streamId, "one stream has one id");
    last = frame;
    if (frame.type === "stream_end") {
      break;
    }
    assert.equal(frame.data.index, chunks, "indexes start at 0 and have no holes");
    chunks += 1;
    text += frame.data.delta;
  }
  assert.ok(chunks >= 1, "at least one chunk");
  assert.equal(last.data.chunks, chunks, "stream_end tells the number of chunks");
  assert.equal(last.data.finish_reason, "stop");

  const again = peer.send("subscribe_thread", topic, {});
  const { data } = await peer.expect("thread_history", { answers: again, topic });
  assert.deepEqual(
    data.messages.map(({ message_id, content }) => [message_id, content]),
    [
      [message.message_id, content],
      [last.data.message_id, text],
    ],
    "the history has the question and the answer that was streamed",
  );
  assert.equal(data.seq, last.seq);
  assert.equal(data.epoch, last.epoch);
  await peer.close();
}

async function data() {
  const peer = await connect();
  for (const data_type of ["agent_status", "coordination_metrics", "system_health"]) {
    const request = peer.send("request_data", "dashboard", { data_type });
    const response = await peer.expect("data_response", { answers: request, topic: "dashboard" });
    assert.equal(response.data.data_type, data_type);
  }
  const request = peer.send("request_data", "dashboard", {
    data_type: "agent_status",
    params: { agent_id: "nobody-has-this-name" },
  });
  const response = await peer.expect("data_error", { answers: request, topic: "dashboard" });
  assert.equal(response.data.data_type, "agent_status");
  await peer.close();
}

async function ping() {
  const peer = await connect();
  const timestamp = "2026-01-01T00:00:00Z";
  const request = peer.send("ping", "system", { timestamp });
  const pong = await peer.expect("pong", { answers: request, topic: "system" });
  assert.equal(Date.parse(pong.data.timestamp), Date.parse(timestamp), "a pong has the timestamp of its ping");
  await peer.expect("pong", { answers: peer.send("ping", "system", {}), topic: "system" });
  await peer.close();
}

/** Sends what the contract refuses: one `error` that names the place, then the close code 1002. */
async function refused(frame, violation) {
  const peer = await connect();
  const sent = typeof frame === "string" ? peer.sendText(frame) : peer.send(frame.type, frame.topic, frame.data);
  const { data } = await peer.expect("error", { answers: sent });
  assert.equal(data.code, "contract_violation");
  const named = (data.violations ?? []).map(({ pointer, keyword }) => ({ pointer, keyword }));
  assert.deepEqual(named, [violation], "the error names the violation");
  assert.equal(await peer.closed(), 1002);
}
