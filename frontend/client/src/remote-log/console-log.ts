/** What the client says of itself, in the browser's console. */
import type { Log, LogLevel } from "../log.js";
import { isAtLeast } from "./level.js";

/** A log in the console: what matters less than `level` is left out. */
export function consoleLog(level: LogLevel = "info", target: Pick<Console, LogLevel> = globalThis.console): Log {
  return ({ at, level: own, event, connectionId, fields }) => {
    if (isAtLeast(own, level)) {
      target[own](`[tightwire] ${event}`, { at: new Date(at).toISOString(), connectionId, ...fields });
    }
  };
}

/** A log that tells several. */
export function allLogs(...logs: readonly Log[]): Log {
  return (entry) => {
    for (const log of logs) {
      log(entry);
    }
  };
}
