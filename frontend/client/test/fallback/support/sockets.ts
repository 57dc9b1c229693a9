import type { FrameBase, WebSocketLike, WebSocketMaker } from "../../../src/index.js";
import type { FakeServer } from "./server.js";

/** WebSockets that are refused, or accepted and then answered as a server does. */
export class Sockets {
  accepts = false;
  attempts = 0;
  /** What clients have said, by type. */
  readonly said: FrameBase[] = [];
  readonly #server: FakeServer;
  readonly #ends = new Set<() => void>();

  constructor(server: FakeServer) {
    this.#server = server;
  }

  /** Ends those that are open. */
  end(): void {
    for (const end of this.#ends) {
      end();
    }
  }

  readonly make: WebSocketMaker = () => {
    this.attempts += 1;
    const topics = new Set<string>();
    const socket: WebSocketLike = {
      readyState: 0,
      bufferedAmount: 0,
      binaryType: "blob",
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => this.#hear(socket, topics, JSON.parse(text) as FrameBase),
      close: () => end(false),
    };
    const tell = (frame: FrameBase): unknown => topics.has(frame.topic) && this.#say(socket, frame);
    const endIt = (): void => end(true);
    const end = (isTold: boolean): void => {
      this.#ends.delete(endIt);
      this.#server.others.delete(tell);
      if (isTold) {
        socket.onclose?.({ code: 1006, reason: "" } as never);
      }
    };
    queueMicrotask(() => {
      if (this.accepts) {
        Object.assign(socket, { readyState: 1 });
        this.#ends.add(endIt);
        this.#server.others.add(tell);
        socket.onopen?.({} as never);
        this.#say(socket, this.#server.frame("connection_established", "system", { connection_id: "ws" }));
      } else {
        socket.onclose?.({ code: 1006, reason: "" } as never);
      }
    });
    return socket;
  };

  #hear(socket: WebSocketLike, subscribed: Set<string>, frame: FrameBase): void {
    this.said.push(frame);
    if (frame.type === "subscribe") {
      const { topics, after = {} } = frame.data as {
        readonly topics: readonly string[];
        readonly after?: { readonly [topic: string]: { readonly seq: number } };
      };
      const positions = Object.fromEntries(
        topics.map((topic) => [topic, { epoch: this.#server.log(topic).epoch, seq: this.#server.log(topic).seq }]),
      );
      for (const topic of topics) {
        subscribed.add(topic);
      }
      const updated = this.#server.frame("subscription_updated", "system", {
        topics: [...subscribed].sort(),
        positions,
      });
      this.#say(socket, { ...updated, correlation_id: frame.id });
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
