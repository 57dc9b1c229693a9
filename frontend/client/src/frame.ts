/** Frames that the client makes. */
import type { FrameBase } from "./protocol.js";

/** A UUID, version 4 (RFC 9562). `crypto.randomUUID` is for pages from a secure context only. */
export function uuid(): string {
  const random = crypto.getRandomValues(new Uint8Array(36));
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, (_, at) => ((random[at] ?? 0) % 16).toString(16));
}

/** A frame in version 1 of the envelope. */
export function frameOf(type: string, topic: string, data: unknown, now: number, id: string = uuid()): FrameBase {
  return { v: 1, id, type, topic, ts: now, data };
}
