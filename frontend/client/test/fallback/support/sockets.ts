import type { FrameBase, WebSocketLike, WebSocketMaker } from "../../../src/index.js";
import type { FakeServer } from "./server.js";

/** WebSockets that are refused, or accepted and then answered as a server does. */
export class Sockets {
  accepts = false;
  attempts = 0;
  /** What clients have said, by type. */
  readonly said: FrameBase[] = [];
  readonly #server: FakeServer;

  constructor(server: FakeServer) {
    this.#server = server;
  }

  readonly make: WebSocketMaker = () => {
    this.attempts += 1;
    const socket: WebSocketLike = {
      readyState: 0,
      bufferedAmount: 0,
      binaryType: "blob",
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => this.#hear(socket, JSON.parse(text) as FrameBase),
      close: () => {},
    };
    queueMicrotask(() => {
      if (this.accepts) {
        Object.assign(socket, { readyState: 1 });
        socket.onopen?.({} as never);
        this.#say(socket, this.#server.frame("connection_established", "system", { connection_id: "ws" }));
      } else {
        socket.onclose?.({ code: 1006, reason: "" } as never);
      }
    });
    return socket;
  };

  #hear(socket: WebSocketLike, frame: FrameBase): void {
    this.said.push(frame);
    if (frame.type === "subscribe") {
      const { topics, after = {} } = frame.data as {
        readonly topics: readonly string[];
        readonly after?: { readonly [topic: string]: { readonly seq: number } };
      };
      for (const topic of topics) {
        const seq = after[topic]?.seq ?? this.#server.log(topic).seq;
        for (const missed of this.#server.log(topic).frames.slice(seq)) {
          this.#say(socket, missed);
        }
      }
    }
  }

  #say(socket: WebSocketLike, frame: unknown): void {
    socket.onmessage?.({ data: JSON.stringify(frame) } as never);
  }
}
