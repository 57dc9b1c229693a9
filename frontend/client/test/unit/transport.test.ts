import { describe, expect, it } from "vitest";
import { type TransportEvents, type WebSocketOptions, webSockets } from "../../src/transport.js";
import { FakeClock } from "../support/clock.js";
import { FakeSocket } from "../support/socket.js";

function bench(options: Partial<WebSocketOptions>, token?: string) {
  const clock = new FakeClock();
  const told: string[] = [];
  const events = {
    opened: () => told.push("opened"),
    text: (text) => told.push(text),
    binary: () => told.push("binary"),
    closed: (code, reason) => told.push(`${code} ${reason}`),
  } as Partial<TransportEvents> as TransportEvents;
  const end = { opened: () => {}, text: () => {}, closed: () => {} };
  let socket: FakeSocket | undefined;
  const connect = webSockets({
    url: "wss://chat.example/ws",
    webSocket: (url, protocols) => {
      socket = new FakeSocket(url, protocols, "up", clock, end, () => 0);
      return socket;
    },
    ...options,
  });
  const transport = connect(token, events);
  return { clock, told, transport, socket: socket as unknown as FakeSocket };
}

describe("a WebSocket", () => {
  it("takes the token as a subprotocol, or in the address", () => {
    const made = (options: Partial<WebSocketOptions>, token?: string) => {
      const { socket } = bench(options, token);
      return [socket.url, ...socket.protocols];
    };
    const url = "wss://chat.example/ws";
    expect(made({})).toEqual([url]);
    expect(made({}, "a.b")).toEqual([url, "tightwire", "bearer.a.b"]);
    expect(made({ subprotocol: "chat" }, "a")).toEqual([url, "chat", "bearer.a"]);
    expect(made({ tokenPlace: "query" }, "a/b")).toEqual([`${url}?token=a%2Fb`]);
    expect(made({ tokenPlace: "query", url: () => `${url}?x=1` }, "a")).toEqual([`${url}?x=1&token=a`]);
    expect(made({ tokenPlace: "query" })).toEqual([url]);
  });

  it("tells what happens", async () => {
    const { clock, socket, told } = bench({});
    await clock.advance(0);
    socket.serverText("hello");
    socket.serverBinary();
    socket.serverClose(4408, "why");
    await clock.advance(0);
    expect(told).toEqual(["opened", "hello", "binary", "4408 why"]);
  });

  it("takes what the browser can send now", async () => {
    const { clock, socket, transport } = bench({});
    expect(transport.send("early")).toBe(false);
    await clock.advance(0);
    expect(transport.send("x")).toBe(true);
    socket.bufferedAmount = 65_537;
    expect(transport.send("too much")).toBe(false);
    socket.bufferedAmount = 65_536;
    expect(transport.send("y")).toBe(true);
    transport.close(1000, "");
    expect(transport.send("late")).toBe(false);
    expect(transport.kind).toBe("websocket");
  });

  it("is closed with codes that pages may use", () => {
    for (const [code, said] of [
      [1000, 1000],
      [1002, 4002],
      [1006, 4006],
      [4401, 4401],
    ] as const) {
      const { socket, transport } = bench({});
      transport.close(code, "");
      expect(socket.closedWith).toBe(said);
    }
  });
});
