/**
 * Where the connection is, as applications see it.
 *
 * ```text
 *   idle ──connect()──▶ connecting ──connection_established──▶ open
 *                          ▲  │                                 │
 *                  time up │  │ failed                          │ lost
 *                          │  ▼                                 ▼
 *                         waiting ◀──────────────────────────────
 *                            │ a code that says not to reconnect, or close(), from anywhere
 *                            ▼
 *                         stopped ──connect()──▶ connecting
 * ```
 */
import type { CloseCode } from "./protocol.js";

/** How the frames come. */
export type TransportKind = "websocket" | "sse" | "polling";

/** How a connection ended, or an attempt. */
export interface Closing {
  /** The close code (RFC 6455, section 7.4); 1006 where there was none. */
  readonly code: number;
  /** What the server said; empty for nothing. */
  readonly reason: string;
  /** The entry of the contract's table, if it has one. */
  readonly known: CloseCode | undefined;
  /** Whether that is nothing to worry about: a deploy, a token that has expired, a probe that was not answered. */
  readonly planned: boolean;
}

/** Where the connection is. */
export type ConnectionState =
  | {
      /** `connect()` has not been called. */
      readonly status: "idle";
    }
  | {
      /** An attempt is under way. */
      readonly status: "connecting";
      /** How many attempts before it came to nothing, in a row. */
      readonly failures: number;
      /** Since when there are no live updates; `undefined` before there ever were. */
      readonly downSince: number | undefined;
      /** How the last connection ended. */
      readonly closing: Closing | undefined;
    }
  | {
      /** Frames come. */
      readonly status: "open";
      /** Since when. */
      readonly since: number;
      /** How. */
      readonly transport: TransportKind;
      /** The server's name for the connection, for logs; `undefined` where the transport has none. */
      readonly connectionId: string | undefined;
      /** Whether the server was asked for a sign of life and has not answered yet. */
      readonly probing: boolean;
    }
  | {
      /** The next attempt is made at `retryAt`, or when there is a network again. */
      readonly status: "waiting";
      /** When the next attempt is made. */
      readonly retryAt: number;
      /** Whether the browser says that there is no network: attempts wait for it. */
      readonly offline: boolean;
      /** How many attempts came to nothing, in a row. */
      readonly failures: number;
      /** Since when there are no live updates; `undefined` if there never were. */
      readonly downSince: number | undefined;
      /** How the last connection ended. */
      readonly closing: Closing;
    }
  | {
      /** No attempt will be made until `connect()` is called. */
      readonly status: "stopped";
      /** How the last connection ended; `undefined` after `close()`. */
      readonly closing: Closing | undefined;
      /** Since when there are no live updates; `undefined` if there never were. */
      readonly downSince: number | undefined;
    };

/** The state in a colour: `green` for live, `red` for what will not come back by itself, `amber` in between. */
export function colourOf(state: ConnectionState): "green" | "amber" | "red" {
  if (state.status === "open") {
    return state.transport === "websocket" && !state.probing ? "green" : "amber";
  }
  return state.status === "stopped" ? "red" : "amber";
}

/** Since when there are no live updates; `undefined` while there are, and before there ever were. */
export function downSince(state: ConnectionState): number | undefined {
  return state.status === "idle" || state.status === "open" ? undefined : state.downSince;
}
