/** What the client says of itself, as data: nothing of what frames carry is in it, and never a token. */

/** How much it matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Something that happened. */
export interface LogEntry {
  /** When, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly level: LogLevel;
  /** What, in the words of this library: `connection.open`. */
  readonly event: string;
  /** The connection's id, if there is one. */
  readonly connectionId: string | undefined;
  /** What belongs to it. */
  readonly fields: { readonly [name: string]: string | number | boolean | undefined };
}

/** Takes what happens. */
export type Log = (entry: LogEntry) => void;
