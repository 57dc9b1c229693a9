/** What the compiler knows. `@ts-expect-error` is an error where there is none. */
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type AgentEventFrame,
  type ChatTypes,
  type DataErrorFrame,
  type DataResponseFrame,
  type ErrorFrame,
  protocol,
  type ReplayGapFrame,
  type ServerFrame,
  type StreamChunkFrame,
  type StreamEndFrame,
  type StreamStartFrame,
  type ThreadHistoryFrame,
  type ThreadMessageCreatedFrame,
  topic,
} from "../../chat/src/index.js";
import {
  assertNever,
  type Client,
  type ConnectionState,
  createClient,
  type FramesOn,
  type SendResult,
} from "../src/index.js";

const client = createClient(protocol, { url: "ws://chat.example/ws" });

describe("the types", () => {
  it("of the client are those of its protocol", () => {
    expectTypeOf(client).toEqualTypeOf<Client<ChatTypes>>();
    expectTypeOf(client.state).toEqualTypeOf<ConnectionState>();
    expect(client.state.status).toBe("idle");
  });

  it("of what is sent", () => {
    const send = () => client.send("send_message", topic.thread("a"), { content: "Hello" });
    expectTypeOf(send).returns.resolves.toEqualTypeOf<SendResult>();
    void (() => {
      // @ts-expect-error there is no such message
      client.send("nothing", "system", {});
      // @ts-expect-error it is the server who says that
      client.send("stream_chunk", topic.thread("a"), {});
      // @ts-expect-error that is not its topic
      client.send("send_message", "dashboard", { content: "Hello" });
      // @ts-expect-error its content is missing
      client.send("send_message", topic.thread("a"), {});
      // @ts-expect-error there is nothing else in it
      client.send("send_message", topic.thread("a"), { content: "Hello", more: 1 });
    });
  });

  it("of what answers", () => {
    const history = () => client.request("subscribe_thread", topic.thread("a"), {});
    expectTypeOf(history).returns.resolves.toEqualTypeOf<ThreadHistoryFrame>();
    const data = () => client.request("request_data", "dashboard", { data_type: "agent_status" });
    expectTypeOf(data).returns.resolves.toEqualTypeOf<DataResponseFrame | DataErrorFrame>();
    const answer = () => client.request("send_message", topic.thread("a"), { content: "?" });
    expectTypeOf(answer).returns.resolves.toEqualTypeOf<
      readonly [ThreadMessageCreatedFrame, StreamStartFrame, StreamChunkFrame, ...StreamChunkFrame[], StreamEndFrame]
    >();
    void (() => {
      // @ts-expect-error nobody answers that
      client.request("pong", "system", { timestamp: "" });
      // @ts-expect-error there is no such data
      client.request("request_data", "dashboard", { data_type: "nothing" });
    });
  });

  it("of what comes", () => {
    client.on("stream_chunk", (frame) => {
      expectTypeOf(frame).toEqualTypeOf<StreamChunkFrame>();
      expectTypeOf(frame.seq).toEqualTypeOf<number>();
    });
    // @ts-expect-error that is what clients say
    client.on("send_message", () => {});
    client.topic(topic.thread("a")).subscribe((frame) => {
      expectTypeOf(frame).toEqualTypeOf<FramesOn<ChatTypes, `thread:${string}`>>();
      expectTypeOf(frame).toEqualTypeOf<
        | ErrorFrame
        | ThreadHistoryFrame
        | ThreadMessageCreatedFrame
        | StreamStartFrame
        | StreamChunkFrame
        | StreamEndFrame
        | ReplayGapFrame
      >();
    });
    expectTypeOf<FramesOn<ChatTypes, "agent:guide">>().toEqualTypeOf<ErrorFrame | AgentEventFrame | ReplayGapFrame>();
    // @ts-expect-error there is no such topic
    client.topic("nothing");
    client.onEvent("frame", (frame) => expectTypeOf(frame).toEqualTypeOf<ServerFrame>());
    // @ts-expect-error there is no such event
    client.onEvent("nothing", () => {});
  });

  it("make a switch over frames complete", () => {
    const words = (frame: FramesOn<ChatTypes, "agent:guide">): string => {
      switch (frame.type) {
        case "agent_event":
          return frame.data.event;
        case "error":
          return frame.data.message;
        case "replay_gap":
          return `up to ${frame.data.latest_seq}`;
        default:
          return assertNever(frame);
      }
    };
    const incomplete = (frame: FramesOn<ChatTypes, "agent:guide">): string => {
      switch (frame.type) {
        case "agent_event":
          return frame.data.event;
        default:
          // @ts-expect-error `error` and `replay_gap` are not handled
          return assertNever(frame);
      }
    };
    const gap = { type: "replay_gap", data: { latest_seq: 3 } } as ReplayGapFrame;
    expect(words(gap)).toBe("up to 3");
    expect(() => incomplete(gap)).toThrow('nobody expected {"type":"replay_gap"');
  });

  it("make a switch over states complete", () => {
    const words = (state: ConnectionState): string => {
      switch (state.status) {
        case "idle":
        case "stopped":
        case "connecting":
        case "open":
        case "waiting":
          return state.status;
        default:
          return assertNever(state);
      }
    };
    expect(words(client.state)).toBe("idle");
    expect(() => words({ status: "new" } as never)).toThrow(TypeError);
  });
});
