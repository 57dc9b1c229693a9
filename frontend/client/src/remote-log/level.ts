/** Which levels matter more than others. */
import type { LogLevel } from "../log.js";

const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Whether `level` matters at least as much as `least`. */
export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return ORDER.indexOf(level) >= ORDER.indexOf(least);
}
