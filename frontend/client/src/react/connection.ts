/** What is needed of a client to show how it is connected. */
import type { Clock } from "../clock.js";
import type { Unsubscribe } from "../listeners.js";
import type { CloseCode } from "../protocol.js";
import type { ConnectionState } from "../state.js";

/** A client of any protocol, as far as its connection goes. */
export interface Connection {
  readonly state: ConnectionState;
  readonly clock: Clock;
  readonly protocol: { readonly closeCodes: { readonly [name: string]: CloseCode } };
  onEvent(name: "state", listener: (state: ConnectionState) => void): Unsubscribe;
  connect(): void;
  retryNow(): void;
}

/** Where a connection is on a server that renders a page: nowhere yet. */
export const IDLE: ConnectionState = { status: "idle" };
