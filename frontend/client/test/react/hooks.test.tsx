// @vitest-environment happy-dom
import { cleanup, render, renderHook, screen } from "@testing-library/react";
import { type ReactNode, StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ChatTypes, protocol, type StreamChunkFrame, type ThreadTopic, topic } from "../../../chat/src/index.js";
import {
  ClientProvider,
  type TopicEvent,
  useClient,
  useConnectionState,
  useRequest,
  useResilientWebSocket,
  useTopic,
  useTopicState,
} from "../../src/react/index.js";
import { World } from "./support.js";

let world: World;

beforeEach(() => {
  world = new World();
});
afterEach(() => {
  cleanup();
  world.client.close();
});

function App() {
  const client = useResilientWebSocket(protocol, world.options);
  return <p>{useConnectionState(client).status}</p>;
}

const inProvider = ({ children }: { readonly children: ReactNode }) => (
  <StrictMode>
    <ClientProvider client={world.client}>{children}</ClientProvider>
  </StrictMode>
);

const welcome = topic.thread("welcome");
const other = topic.thread("other");
const chunk = (index: number, delta: string) => ({ stream_id: "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7ebb", index, delta });
const at = (seq: number, epoch = "a") => ({ seq, epoch });

describe("useResilientWebSocket", () => {
  it("connects once in StrictMode, and closes when it is not mounted any more", async () => {
    const { unmount } = render(
      <StrictMode>
        <App />
      </StrictMode>,
    );
    await world.run();
    expect(world.sockets).toHaveLength(1);
    await world.run(() => world.socket.establish());
    expect(screen.getByText("open")).toBeTruthy();
    unmount();
    expect(world.socket.closedWith).toBe(1000);
    expect(world.clock.timers).toBe(0);
  });

  it("does nothing on a server", () => {
    expect(renderToString(<App />)).toBe("<p>idle</p>");
    expect(world.sockets).toHaveLength(0);
  });
});

describe("useClient", () => {
  it("says what is missing where there is no client", () => {
    expect(() => renderHook(() => useClient())).toThrow("put a <ClientProvider> around");
  });
});

describe("useTopic", () => {
  it("subscribes once in StrictMode, calls the newest function, and leaves with the component", async () => {
    const heard: string[] = [];
    const { rerender, unmount } = renderHook(
      ({ name }: { readonly name: string }) =>
        useTopic<ThreadTopic, ChatTypes>(welcome, (frame) => heard.push(`${name} ${frame.type}`)),
      { wrapper: inProvider, initialProps: { name: "first" } },
    );
    await world.open();
    await world.pass(0);
    expect(world.socket.sent.map(({ type, data }) => [type, data])).toEqual([
      ["subscribe", { topics: [welcome], positions: true }],
    ]);
    await world.run(() => world.socket.frame("stream_chunk", welcome, chunk(0, "a"), at(1)));
    rerender({ name: "second" });
    await world.run(() => world.socket.frame("stream_chunk", welcome, chunk(1, "b"), at(2)));
    await world.run(() => world.socket.frame("stream_chunk", other, chunk(2, "c"), at(3)));
    expect(heard).toEqual(["first stream_chunk", "second stream_chunk"]);
    unmount();
    await world.pass(0);
    expect(world.socket.sent.at(-1)).toMatchObject({ type: "unsubscribe", data: { topics: [welcome] } });
  });

  it("goes over to another topic, and to none", async () => {
    const { rerender } = renderHook(
      ({ name }: { readonly name: ThreadTopic | undefined }) => useTopic<ThreadTopic, ChatTypes>(name, () => {}),
      { wrapper: inProvider, initialProps: { name: welcome as ThreadTopic | undefined } },
    );
    await world.open();
    await world.pass(0);
    rerender({ name: other });
    await world.pass(0);
    rerender({ name: undefined });
    await world.pass(0);
    expect(world.socket.sent.map(({ type, data }) => [type, data])).toEqual([
      ["subscribe", { topics: [welcome], positions: true }],
      ["unsubscribe", { topics: [welcome] }],
      ["subscribe", { topics: [other], positions: true }],
      ["unsubscribe", { topics: [other] }],
    ]);
  });
});

describe("a topic that is refused", () => {
  it("is told to whoever wants it, and to nobody else", async () => {
    const refused: string[] = [];
    const onRefused = ({ reason }: { readonly reason: string }) => refused.push(reason);
    renderHook(() => useTopic<ThreadTopic, ChatTypes>(welcome, () => {}, { onRefused }), { wrapper: inProvider });
    renderHook(() => useTopic<ThreadTopic, ChatTypes>(other, () => {}), { wrapper: inProvider });
    await world.open();
    await world.pass(0);
    const { id } = world.socket.sent.at(-1) ?? { id: "" };
    const error = {
      code: "topic_forbidden",
      message: "not for you",
      timestamp: "2026-01-01T00:00:00Z",
      topics: [welcome],
    };
    await world.run(() => world.socket.frame("error", "system", error, { correlation_id: id }));
    await world.run(() =>
      world.socket.frame("subscription_updated", "system", { topics: [other] }, { correlation_id: id }),
    );
    expect(refused).toEqual(["not for you"]);
  });
});

describe("useTopicState", () => {
  type Event = TopicEvent<{ readonly type: string }>;
  const reducer = (text: string, event: Event): string => {
    if (event.kind === "gap") {
      return `${text} …`;
    }
    return event.frame.type === "stream_chunk" ? text + (event.frame as StreamChunkFrame).data.delta : text;
  };

  it("makes a state of frames and gaps, and begins anew with another topic", async () => {
    const gaps: string[] = [];
    const { result, rerender } = renderHook(
      ({ name }: { readonly name: ThreadTopic }) =>
        useTopicState<string, ThreadTopic, ChatTypes>(name, reducer, ">", { onGap: ({ topic }) => gaps.push(topic) }),
      { wrapper: inProvider, initialProps: { name: welcome } },
    );
    await world.open();
    await world.pass(0);
    await world.run(() => world.socket.frame("stream_chunk", welcome, chunk(0, "a"), at(1)));
    await world.run(() => world.socket.frame("stream_chunk", welcome, chunk(0, "a"), at(1)));
    expect(result.current).toBe(">a");
    await world.run(() => world.socket.frame("stream_chunk", welcome, chunk(5, "z"), at(6)));
    expect(result.current).toBe(">a …z");
    expect(gaps).toEqual([welcome]);
    rerender({ name: other });
    expect(result.current).toBe(">");
    await world.pass(0);
    await world.run(() => world.socket.frame("stream_chunk", other, chunk(0, "b"), at(1)));
    expect(result.current).toBe(">b");
  });
});

describe("useRequest", () => {
  it("tells how far a request has come, and what it was answered with", async () => {
    const { result } = renderHook(() => useRequest<"ping", ChatTypes>("ping"), { wrapper: inProvider });
    await world.open();
    expect(result.current.status).toBe("idle");
    let reply: unknown;
    await world.run(() => {
      result.current.request("system", {}).then((given) => {
        reply = given;
      });
    });
    expect(result.current.status).toBe("pending");
    const { id } = world.socket.sent.at(-1) ?? { id: "" };
    const timestamp = "2026-01-01T00:00:00Z";
    await world.run(() => world.socket.frame("pong", "system", { timestamp }, { correlation_id: id }));
    expect(result.current).toMatchObject({ status: "done", reply: { type: "pong", data: { timestamp } } });
    expect(reply).toBe(result.current.reply);
  });

  it("fails without throwing, and keeps the last reply", async () => {
    const { result } = renderHook(() => useRequest<"ping", ChatTypes>("ping"), { wrapper: inProvider });
    await world.open();
    await world.run(() => void result.current.request("system", {}, { timeoutMs: 100 }));
    await world.pass(100);
    expect(result.current).toMatchObject({ status: "failed", error: { failure: "timeout" } });
  });

  it("gives up the request before, and the last one with its component", async () => {
    const { result, unmount } = renderHook(() => useRequest<"ping", ChatTypes>("ping"), { wrapper: inProvider });
    await world.open();
    const replies: unknown[] = [];
    await world.run(() => void result.current.request("system", {}).then((reply) => replies.push(reply)));
    await world.run(() => void result.current.request("system", {}).then((reply) => replies.push(reply)));
    expect(replies).toEqual([undefined]);
    expect(result.current.status).toBe("pending");
    unmount();
    await world.run();
    expect(replies).toEqual([undefined, undefined]);
  });
});
