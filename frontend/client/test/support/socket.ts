/** The two ends of a WebSocket, and the network between them. */
import type { WebSocketLike } from "../../src/index.js";
import type { FakeClock } from "./clock.js";

/** What the server does with what comes. */
export interface ServerEnd {
  opened(socket: FakeSocket): void;
  text(socket: FakeSocket, text: string): void;
  closed(socket: FakeSocket, code: number): void;
}

/** What a network does. */
export type Network = "up" | "refused" | "silent";

/** A `WebSocket` as the client has it. What is named `server…` is the other end's. */
export class FakeSocket implements WebSocketLike {
  readyState = 0;
  bufferedAmount = 0;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  /** What the client sent, as far as it reached the server. */
  readonly sent: string[] = [];
  /** The code with which the client closed. */
  closedWith: number | undefined;
  /** Nothing gets through any more, and nobody is told. */
  isSilent = false;
  #isOver = false;
  readonly url: string;
  readonly protocols: readonly string[];
  readonly #clock: FakeClock;
  readonly #server: ServerEnd;
  readonly #latency: () => number;
  #lastIn = 0;
  #lastOut = 0;

  constructor(
    url: string,
    protocols: readonly string[],
    network: Network,
    clock: FakeClock,
    server: ServerEnd,
    latency: () => number,
  ) {
    this.url = url;
    this.protocols = protocols;
    this.#clock = clock;
    this.#server = server;
    this.#latency = latency;
    if (network === "up") {
      this.#inOrder(() => {
        this.readyState = 1;
        this.onopen?.({} as never);
        server.opened(this);
      });
    } else if (network === "refused") {
      this.#inOrder(() => {
        this.#fail("refused");
        this.#end(1006, "");
      });
    }
  }

  /** Whether the server can still say something. */
  get isOpen(): boolean {
    return !this.#isOver && this.readyState < 2;
  }

  send(text: string): void {
    if (this.readyState !== 1) {
      throw new Error("InvalidStateError");
    }
    const at = Math.max(this.#lastOut, this.#clock.elapsed + this.#latency());
    this.#lastOut = at;
    this.#clock.after(at - this.#clock.elapsed, () => {
      if (!this.isSilent && !this.#isOver) {
        this.sent.push(text);
        this.#server.text(this, text);
      }
    });
  }

  close(code = 1000): void {
    if (code !== 1000 && (code < 3000 || code > 4999)) {
      throw new Error("InvalidAccessError");
    }
    if (this.readyState < 2) {
      const isEarly = this.readyState === 0;
      this.closedWith = code;
      this.readyState = 3;
      this.#isOver = true;
      if (!this.isSilent) {
        this.#server.closed(this, code);
      }
      this.#clock.after(0, () => {
        if (isEarly) {
          this.#fail("closed before the connection was made");
        }
        this.onclose?.({ code, reason: "" } as never);
      });
    }
  }

  serverText(text: string): void {
    this.#inOrder(() => this.onmessage?.({ data: text } as never));
  }

  serverBinary(): void {
    this.#inOrder(() => this.onmessage?.({ data: new ArrayBuffer(1) } as never));
  }

  serverClose(code: number, reason = ""): void {
    this.#inOrder(() => this.#end(code, reason));
  }

  /** The network breaks the connection, and both ends notice. */
  break(): void {
    this.#end(1006, "");
  }

  /** An error, as sockets of Node.js have it: one that nobody listens to is thrown. */
  #fail(message: string): void {
    if (this.onerror === null) {
      throw new Error(message);
    }
    this.onerror({ message } as never);
  }

  #end(code: number, reason: string): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.readyState = 3;
      this.#server.closed(this, code);
      this.onclose?.({ code, reason } as never);
    }
  }

  /** Does what arrives at the client after what arrives there already. */
  #inOrder(then: () => void): void {
    const at = Math.max(this.#lastIn, this.#clock.elapsed + this.#latency());
    this.#lastIn = at;
    this.#clock.after(Math.max(0, at - this.#clock.elapsed), () => {
      if (!this.isSilent && !this.#isOver) {
        then();
      }
    });
  }
}
