/**
 * What the compiler has to notice. `npm run typecheck` is the test: each `@ts-expect-error` fails where there is no error.
 */
import type { FramesOn, Protocol, ReplyOf } from "@tightwire/client";
import { expect, expectTypeOf, it } from "vitest";
import { protocol as protocolOfNames } from "../../../crates/tightwire-codegen/tests/typescript/names/protocol.js";
import {
  type ChatTypes,
  CLOSE_CODES,
  type ClientFrame,
  type DataErrorFrame,
  type DataResponse,
  type DataResponseFrame,
  DataType,
  isSendMessageFrame,
  protocol,
  type Replies,
  type ReplySequences,
  type SendMessageFrame,
  type ServerFrame,
  type ServerFrameOf,
  type StreamChunkFrame,
  type ThreadTopic,
  topic,
} from "../src/index.js";

function assertNever(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}

const envelope = { v: 1, id: "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11", ts: 1_767_225_600_000 } as const;

/** Exhaustive: a new message of clients is a compile error here. */
function topicKind(frame: ClientFrame): string {
  switch (frame.type) {
    case "subscribe":
    case "unsubscribe":
    case "ping":
    case "pong":
    case "authenticate":
      return frame.topic;
    case "subscribe_thread":
    case "send_message":
      return frame.topic.slice(0, "thread".length);
    case "request_data":
      return frame.topic;
    default:
      return assertNever(frame);
  }
}

/** Not exhaustive, so the compiler objects. */
function incomplete(frame: ClientFrame): string {
  switch (frame.type) {
    case "send_message":
      return frame.data.content;
    default:
      // @ts-expect-error the other messages are not handled
      return assertNever(frame);
  }
}

it("tells frames apart by their type", () => {
  const frame: SendMessageFrame = {
    ...envelope,
    type: "send_message",
    topic: topic.thread("welcome"),
    data: { content: "Hello" },
  };
  expect(topicKind(frame)).toBe("thread");
  expect(incomplete(frame)).toBe("Hello");
  const value: unknown = frame;
  if (isSendMessageFrame(value)) {
    expectTypeOf(value).toEqualTypeOf<SendMessageFrame>();
    expectTypeOf(value.data.content).toEqualTypeOf<string>();
  }
});

it("knows the topics of each message", () => {
  expectTypeOf(topic.thread).returns.toEqualTypeOf<ThreadTopic>();
  expectTypeOf(topic.system).toEqualTypeOf<"system">();
  const frame: SendMessageFrame = {
    ...envelope,
    type: "send_message",
    // @ts-expect-error messages are not sent to the dashboard
    topic: topic.dashboard,
    data: { content: "Hello" },
  };
  expect(isSendMessageFrame(frame)).toBe(false);
  // @ts-expect-error an agent's topic is not a thread's
  const wrong: ThreadTopic = topic.agent("guide");
  expect(wrong).toBe("agent:guide");
});

it("keeps payloads exact and readonly", () => {
  const frame: SendMessageFrame = {
    ...envelope,
    type: "send_message",
    topic: topic.thread("welcome"),
    // @ts-expect-error `content` is missing
    data: {},
  };
  expect(isSendMessageFrame(frame)).toBe(false);
  const data: SendMessageFrame["data"] = { content: "Hello" };
  // @ts-expect-error payloads are not changed in place
  data.content = "Bye";
  // @ts-expect-error an optional property is left out, not undefined
  const explicit: SendMessageFrame["data"] = { content: "Hello", metadata: undefined };
  expect(explicit).toHaveProperty("metadata");
});

it("narrows payloads that are alternatives", () => {
  const response = { data_type: DataType.agent_status, data: { agents: [] } } as DataResponse;
  if (response.data_type === DataType.agent_status) {
    expectTypeOf(response.data.agents).items.toHaveProperty("agent_id");
  }
  expectTypeOf<ServerFrameOf<"stream_chunk">>().toEqualTypeOf<StreamChunkFrame>();
  expectTypeOf<ServerFrame>().toHaveProperty("correlation_id");
  expectTypeOf<StreamChunkFrame["seq"]>().toEqualTypeOf<number>();
});

it("knows what each request is answered with", () => {
  expectTypeOf<Replies["request_data"]>().toEqualTypeOf<DataResponseFrame | DataErrorFrame>();
  expectTypeOf<Replies["subscribe_thread"]["data"]>().toHaveProperty("messages");
  expectTypeOf<ReplySequences["send_message"][0]["type"]>().toEqualTypeOf<"thread_message_created">();
  // @ts-expect-error a pong of the client is not answered
  expectTypeOf<Replies["pong"]>();
  expectTypeOf(CLOSE_CODES.contract_violation.code).toEqualTypeOf<1002>();
});

it("is a protocol as the client takes it", () => {
  const chat: Protocol<ChatTypes> = protocol;
  expect(chat.session.toServer).toEqual({
    subscribe: "subscribe",
    unsubscribe: "unsubscribe",
    ping: "ping",
    pong: "pong",
    authenticate: "authenticate",
  });
  expect(Object.keys(chat.session.toClient)).toEqual([
    "connection_established",
    "subscription_updated",
    "ping",
    "pong",
    "error",
    "authenticated",
    "replay_gap",
    "disconnect_notice",
  ]);
  expect(chat.session.topic).toBe(topic.system);
  expect(chat.subscribing).toEqual(["subscribe_thread", "send_message"]);
  expect(chat.heartbeat).toEqual({ ping_interval_ms: 30_000, pong_timeout_ms: 60_000 });
  expect(chat.isTopic(topic.thread("welcome"))).toBe(true);
  expect(chat.isTopic("thread:")).toBe(false);
  expectTypeOf<ReplyOf<ChatTypes, "request_data">>().toEqualTypeOf<DataResponseFrame | DataErrorFrame>();
  expectTypeOf<FramesOn<ChatTypes, "dashboard">>().toExtend<ServerFrame>();
  // @ts-expect-error what others call a protocol is none
  const other: Protocol<ChatTypes> = { ...protocol, session: { topic: "system" } };
  expect(other.version).toBe(chat.version);
});

it("is a protocol as the client takes it, whatever the document leaves out", () => {
  const names: Protocol<NonNullable<(typeof protocolOfNames)["types"]>> = protocolOfNames;
  expect(names.session).toEqual({ topic: "system", positions: false, toServer: {}, toClient: {} });
  expect(names.subscribing).toEqual([]);
  expect(names.heartbeat).toEqual({ ping_interval_ms: 30_000, pong_timeout_ms: 60_000 });
});
