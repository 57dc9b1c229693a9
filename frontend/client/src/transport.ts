/** A way on which frames come, and perhaps go. */
import type { Position } from "./positions.js";
import type { TransportKind } from "./state.js";

/** What a transport tells. Nobody listens after `closed`. */
export interface TransportEvents {
  /** Frames can be sent. */
  opened(): void;
  /** The text of a frame. */
  text(text: string): void;
  /** Something came that is no text. */
  binary(): void;
  /** The other end is there, though it has said nothing that concerns the client. */
  alive(): void;
  /** Where a topic is of which nothing has come yet: what is published from now on comes after it. */
  located(topic: string, position: Position): void;
  /** Frames of a topic are lost; those that come follow `to`. */
  lost(topic: string, to: Position): void;
  /** There is no such topic, or it is not for this client. The others go on. */
  refused(topic: string, reason: string): void;
  /** The end; 1006 where there was no close code. Before `retryAfterMs` another attempt would come to nothing. */
  closed(code: number, reason: string, retryAfterMs?: number): void;
}

/** A connection that is being made, or is open. */
export interface Transport {
  readonly kind: TransportKind;
  /** Sends the text of a frame. `false` if this transport cannot, or not now. */
  send(text: string): boolean;
  /**
   * Which topics are wanted, and after which positions, where those are known: for transports that can send nothing. It
   * is said at once, so that they have something to ask for, and after each change.
   */
  want(topics: readonly string[], after: { readonly [topic: string]: Position }): void;
  /** Makes the other end give a sign of life. Where this is missing, a `ping` does. */
  readonly probe?: () => void;
  /** Ends it. Nobody listens any more to what it tells. */
  close(code: number, reason: string): void;
}

/** Makes a connection, with a token if there is one. It tells nothing before it returns. */
export type Connector = (token: string | undefined, events: TransportEvents) => Transport;

/** What is needed of a `WebSocket`. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  binaryType?: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Makes a `WebSocket`, or what behaves like one. */
export type WebSocketMaker = (url: string, protocols: string[]) => WebSocketLike;

/** Where the token goes: an entry `bearer.<token>` of `Sec-WebSocket-Protocol`, or the parameter `token` of the query. */
export type TokenPlace = "protocol" | "query";

/** Over how many unsent bytes of the browser's a frame waits in the client's own queue, where it can be given up. */
const BUFFERED_BYTES = 65_536;

/** What a WebSocket is made from. */
export interface WebSocketOptions {
  /** The server's WebSocket, `wss://chat.example/ws`; a function is asked before each attempt. */
  readonly url: string | (() => string);
  /** Where the token goes. Default: `protocol`. */
  readonly tokenPlace?: TokenPlace;
  /** The WebSocket subprotocol that is offered beside a token in `protocol`. Default: `tightwire`. */
  readonly subprotocol?: string;
  /** Makes a WebSocket. Default: the browser's. */
  readonly webSocket?: WebSocketMaker;
}

/** Connects by a WebSocket (RFC 6455). */
export function webSockets({
  url,
  tokenPlace,
  subprotocol = "tightwire",
  webSocket: make,
}: WebSocketOptions): Connector {
  return (token, events) => {
    let address = typeof url === "string" ? url : url();
    // A server selects one only where a token is among them, and browsers give up on a server that selects none.
    const protocols: string[] = [];
    if (token !== undefined && tokenPlace === "query") {
      address += `${address.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}`;
    } else if (token !== undefined) {
      protocols.push(subprotocol, `bearer.${token}`);
    }
    const socket: WebSocketLike = make ? make(address, protocols) : new WebSocket(address, protocols);
    const nothing = () => {};
    socket.onopen = events.opened;
    // The close that follows says it, too. Sockets of Node.js throw what nobody listens to.
    socket.onerror = nothing;
    socket.onmessage = ({ data }: { readonly data: unknown }) =>
      typeof data === "string" ? events.text(data) : events.binary();
    socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) =>
      events.closed(code, reason);
    return {
      kind: "websocket",
      send(text) {
        const takesMore = socket.readyState === 1 && socket.bufferedAmount <= BUFFERED_BYTES;
        if (takesMore) {
          socket.send(text);
        }
        return takesMore;
      },
      want: nothing,
      close(code, reason) {
        // Pages may close with 1000 and 3000 to 4999 only: 1002 is said as 4002, and 1006 as 4006.
        socket.close(code === 1000 || code >= 3000 ? code : code + 3000, reason);
      },
    };
  };
}
