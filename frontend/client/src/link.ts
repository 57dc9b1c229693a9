/** A connection that is being made, or is open. */
import type { Timer } from "./clock.js";
import type { Transport } from "./transport.js";
import type { Watchdog } from "./watchdog.js";

/** Its state. `Attempts` makes it and ends it. */
export interface Link {
  /** Whether its token has come, if it needs one. */
  hasToken?: boolean;
  transport?: Transport;
  /** When the attempt began. */
  readonly startedAt: number;
  /** When the server said that it is open; `undefined` before. */
  openedAt?: number;
  connectionId?: string | undefined;
  /** What the server said before it closes. */
  notice?: { readonly reason: string; readonly reconnectAfterMs: number };
  /** Whether the other end is there. */
  dog: Watchdog;
  /** After how long without a frame that is doubtful. */
  silenceMs: number;
  /** When its token expires, by the server's clock, where that is known. */
  expiresAt?: number | undefined;
  /** Whether its token was asked for since the one before was refused. */
  readonly renewed: boolean;
  /** By how much the server's clock is ahead. */
  skewMs: number;
  /** What is to be taken back when it ends. */
  readonly timers: { [name: string]: Timer };
}
