/** Frames that the client makes. */
import type { FrameBase } from "./protocol.js";

/** A UUID, version 4 (RFC 9562), in a page without a secure context too. */
export function uuid(): string {
  if (typeof crypto.randomUUID === "function") {
    return crypto.randomUUID();
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 15) | 64;
  bytes[8] = ((bytes[8] ?? 0) & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

/** A frame in version 1 of the envelope. */
export function frameOf(type: string, topic: string, data: unknown, now: number, id: string = uuid()): FrameBase {
  return { v: 1, id, type, topic, ts: now, data };
}
