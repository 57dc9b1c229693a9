/** What follows the end of a connection: the contract's table of close codes decides. Pure. */
import { type BackoffOptions, backoffDelay, failuresAfter } from "./backoff.js";
import type { CloseCode, Protocol, ProtocolTypes } from "./protocol.js";
import type { Closing } from "./state.js";

/** What the connection had been when it ended. */
export interface Ended {
  /** The close code; 1006 where there was none (RFC 6455, section 7.1.5). */
  readonly code: number;
  /** What the server said. */
  readonly reason: string;
  /** How long it had been open, in milliseconds; `undefined` if it never was. */
  readonly openMs: number | undefined;
  /** How many attempts before it had come to nothing, in a row. */
  readonly failures: number;
  /** What the server's notice said, if there was one: come back after so many milliseconds. */
  readonly notice: { readonly reason: string; readonly reconnectAfterMs: number } | undefined;
  /** Whether the watchdog ended it, or a wish of the client's own: then the next attempt need not wait. */
  readonly replaced: boolean;
  /** Whether another token can be had, which this connection had not been refused for before. */
  readonly tokenLeft: boolean;
  /** Before that many milliseconds another attempt would come to nothing (`Retry-After`). */
  readonly retryAfterMs?: number | undefined;
}

/** What to do. */
export type Sequel =
  | { readonly next: "stop"; readonly closing: Closing }
  | {
      readonly next: "retry";
      /** After how many milliseconds. */
      readonly delayMs: number;
      /** How many attempts have come to nothing now, in a row. */
      readonly failures: number;
      /** Whether to ask for a token that is not the last one. */
      readonly newToken: boolean;
      readonly closing: Closing;
    };

/** Reasons of the server's notice that are nothing to worry about. */
const PLANNED: readonly string[] = ["shutdown", "idle_timeout"];

/** The entry of the contract's table for a code. */
export function closeCode<Types extends ProtocolTypes>(
  protocol: Pick<Protocol<Types>, "closeCodes">,
  code: number,
): CloseCode | undefined {
  return Object.values(protocol.closeCodes).find((entry) => entry.code === code);
}

/** What follows. Codes that the table does not have are taken for failures that may pass. */
export function sequel<Types extends ProtocolTypes>(
  protocol: Pick<Protocol<Types>, "closeCodes">,
  options: BackoffOptions,
  ended: Ended,
  random: number,
): Sequel {
  const { code, reason, notice, openMs, replaced } = ended;
  const known = closeCode(protocol, code);
  const newToken = code === protocol.closeCodes.unauthorized?.code && ended.tokenLeft;
  const planned = replaced || newToken || code === 1001 || PLANNED.includes(notice?.reason ?? "");
  const closing: Closing = { code, reason, known, planned };
  if (known?.reconnect === false && !newToken && !replaced) {
    return { next: "stop", closing };
  }
  const failures = failuresAfter(options, ended.failures, openMs ?? 0);
  const leastMs = (ended.retryAfterMs ?? Number.NEGATIVE_INFINITY) + Math.round(options.spreadMs * random);
  const backoff = Math.max(leastMs, backoffDelay(options, failures, random));
  // Whatever the reason: connections that do not last are not made at a higher rate than attempts that fail.
  const isShort = openMs !== undefined && openMs < options.firstMs;
  const wish = notice?.reconnectAfterMs ?? (newToken || (replaced && openMs !== undefined) ? 0 : backoff);
  return { next: "retry", delayMs: isShort ? Math.max(wish, backoff) : wish, failures, newToken, closing };
}
