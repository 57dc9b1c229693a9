import type { Entry } from "../../src/devtools/recording.js";
import type { ConnectionState, FrameBase, Packet } from "../../src/index.js";

/** A packet; `fields` are those of its frame. */
export function packet(at: number, direction: "in" | "out", type: string, fields: Partial<FrameBase> = {}): Packet {
  const frame: FrameBase = { v: 1, id: `${type}-${at}`, type, topic: "system", ts: at, data: {}, ...fields };
  return {
    at,
    direction,
    transport: "websocket",
    text: JSON.stringify(frame),
    frame,
    violations: [],
    duplicate: false,
  };
}

/** The packets as a recording has them. */
export function entriesOf(...packets: readonly Packet[]): Entry[] {
  return packets.map((own, index) => ({ number: index + 1, packet: own, sent: true }));
}

/** A connection that is open. */
export function openState(
  since: number,
  transport: "websocket" | "sse" = "websocket",
  probing = false,
): ConnectionState {
  return { status: "open", since, transport, connectionId: undefined, probing };
}
