// A server of the protocol for the tests of `conversations.mjs`: as small as it can be, and wrong where it is told to be.

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { WebSocketServer } from "ws";

/** Starts a server. `spoil(frame)` may change a frame before it is sent, or give none; `code` is the close code. */
export async function fakeServer({ spoil = (frame) => frame, code = 1002 } = {}) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  server.on("connection", (socket) => converse(socket, spoil, code));
  return { url: `ws://127.0.0.1:${server.address().port}/ws`, close: () => server.close() };
}

function converse(socket, spoil, code) {
  const messages = [];
  let seq = 0;
  const now = new Date().toISOString();
  const send = (type, topic, data, correlation_id = randomUUID(), more = {}) => {
    const frame = spoil({ v: 1, id: randomUUID(), type, topic, ts: Date.now(), correlation_id, ...more, data });
    if (frame !== undefined) {
      socket.send(JSON.stringify(frame));
    }
  };
  const publish = (type, topic, data, cause) => {
    seq += 1;
    send(type, topic, data, cause, { seq, epoch: "e" });
  };
  const refuse = (violation, cause) => {
    const violations = [{ ...violation, message: "is wrong" }];
    send("error", "system", { code: "contract_violation", message: "Wrong.", timestamp: now, violations }, cause);
    socket.close(code);
  };
  const answer = {
    subscribe_thread({ id, topic }) {
      const thread_id = topic.slice("thread:".length);
      send("thread_history", topic, { thread_id, messages, epoch: "e", seq }, id);
    },
    send_message({ id, topic, data }) {
      if (data.content === undefined) {
        refuse({ pointer: "/data/content", keyword: "required" }, id);
        return;
      }
      const add = (kind, content) => {
        const thread_id = topic.slice("thread:".length);
        const metadata = kind === "user" ? { metadata: data.metadata } : {};
        const message = { message_id: randomUUID(), thread_id, author: { kind, id: kind }, content, created_at: now };
        messages.push({ ...message, ...metadata });
        return messages.at(-1);
      };
      const question = add("user", data.content);
      const stream_id = randomUUID();
      publish("thread_message_created", topic, { message: question }, id);
      publish("stream_start", topic, { stream_id, agent_id: "guide", in_reply_to: question.message_id }, id);
      publish("stream_chunk", topic, { stream_id, index: 0, delta: "No " }, id);
      publish("stream_chunk", topic, { stream_id, index: 1, delta: "pong." }, id);
      const { message_id } = add("agent", "No pong.");
      publish("stream_end", topic, { stream_id, finish_reason: "stop", chunks: 2, message_id }, id);
    },
    request_data({ id, topic, data: { data_type, params } }) {
      if (params !== undefined) {
        send("data_error", topic, { data_type, error: "There is no such agent.", timestamp: now }, id);
        return;
      }
      const sets = {
        agent_status: { agents: [] },
        coordination_metrics: { success_rate: 1, trend: "steady" },
        system_health: { overall_status: "healthy", components: [] },
      };
      send("data_response", topic, { data_type, data: sets[data_type] }, id);
    },
    ping({ id, data }) {
      send("pong", "system", { timestamp: data.timestamp ?? now }, id);
    },
  };
  const limits = {
    max_message_bytes: 1,
    messages_per_second: 1,
    message_burst: 1,
    subscriptions_per_connection: 1,
    outbound_queue_frames: 1,
    outbound_queue_bytes: 1,
    idle_timeout_ms: 1,
  };
  const greeting = { contract_version: "1.0.0", server_time: now, ping_interval_ms: 1, pong_timeout_ms: 1, limits };
  send("connection_established", "system", { connection_id: randomUUID(), ...greeting });
  socket.on("message", (text) => {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      refuse({ pointer: "", keyword: "json" });
      return;
    }
    if (Object.hasOwn(answer, frame.type)) {
      answer[frame.type](frame);
    } else {
      refuse({ pointer: "/type", keyword: "enum" }, frame.id);
    }
  });
}
