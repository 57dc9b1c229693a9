/** A client on a clock and on sockets that the test holds in its hands. */
import { act } from "@testing-library/react";
import { type ChatTypes, protocol } from "../../../chat/src/index.js";
import { type Client, type ClientOptions, createClient, type WebSocketLike } from "../../src/index.js";
import { FakeClock } from "../support/clock.js";

/** When the frames were made that tests hand in. */
const TS: number = Date.UTC(2026, 0, 1);

/** No chance: waits are as long as they are said to be. */
class SteadyClock extends FakeClock {
  override random(): number {
    return 0.5;
  }
}

/** A socket whose other end is the test. */
export class Socket implements WebSocketLike {
  readyState = 0;
  bufferedAmount = 0;
  binaryType = "";
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  /** What the client has sent. */
  readonly sent: { readonly id: string; readonly type: string; readonly topic: string; readonly data: unknown }[] = [];
  /** With which code the client has closed it. */
  closedWith: number | undefined;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code?: number): void {
    this.readyState = 3;
    this.closedWith = code;
  }

  /** The server sends a frame. */
  frame(type: string, topic: string, data: object, more: object = {}): void {
    const id = crypto.randomUUID();
    const frame = { v: 1, id, type, topic, ts: TS, correlation_id: crypto.randomUUID(), data, ...more };
    this.onmessage?.({ data: JSON.stringify(frame) } as never);
  }

  /** The server takes the connection. */
  establish(): void {
    this.readyState = 1;
    this.onopen?.({} as never);
    this.frame("connection_established", "system", {
      connection_id: crypto.randomUUID(),
      contract_version: protocol.version,
      server_time: new Date(TS).toISOString(),
      ping_interval_ms: 3_600_000,
      pong_timeout_ms: 3_600_000,
      limits: {
        max_message_bytes: 65536,
        messages_per_second: 20,
        message_burst: 40,
        subscriptions_per_connection: 100,
        outbound_queue_frames: 500,
        outbound_queue_bytes: 1048576,
        idle_timeout_ms: 600000,
      },
    });
  }

  /** The server closes. */
  end(code: number, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason } as never);
  }
}

/** A client, its clock and its sockets, the newest last. */
export class World {
  readonly clock: FakeClock = new SteadyClock();
  readonly sockets: Socket[] = [];
  readonly window: EventTarget = new EventTarget();
  readonly options: ClientOptions = {
    url: "ws://localhost/ws",
    clock: this.clock,
    hints: { window: this.window, document: undefined },
    webSocket: () => {
      const socket = new Socket();
      this.sockets.push(socket);
      return socket;
    },
  };
  readonly client: Client<ChatTypes> = createClient(protocol, this.options);

  /** The socket that was made last. */
  get socket(): Socket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) {
      throw new Error("the client has made no socket");
    }
    return socket;
  }

  /** Does something, and lets promises and React come after. */
  async run(what: () => void = () => {}): Promise<void> {
    await act(async () => what());
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await act(() => this.clock.advance(ms));
  }

  /** Connects. */
  async open(): Promise<void> {
    await this.run(() => this.client.connect());
    await this.run(() => this.socket.establish());
  }
}
