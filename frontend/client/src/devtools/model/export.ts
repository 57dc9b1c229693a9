/** Packets as text, one JSON object in each line (NDJSON). Pure. */
import type { Entry } from "../recording.js";

/** The packets, oldest first. */
export function toNdjson(entries: readonly Entry[]): string {
  const line = ({ number, packet, sent }: Entry): string => {
    const { at, direction, transport, frame, text, violations, duplicate } = packet;
    const body = frame === undefined ? { text } : { frame };
    return JSON.stringify({
      number,
      at: new Date(at).toISOString(),
      direction,
      transport,
      sent,
      duplicate,
      violations,
      ...body,
    });
  };
  return entries.map((entry) => `${line(entry)}\n`).join("");
}
