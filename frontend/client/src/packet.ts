/** What goes by, for those who look: a developer's overlay, a log. Nothing is made of it where nobody does. */
import type { FrameBase, Violation } from "./protocol.js";
import type { TransportKind } from "./state.js";

/** A frame that was sent, or that came. */
export interface Packet {
  /** When, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** `out` to the server. */
  readonly direction: "in" | "out";
  /** How it went. */
  readonly transport: TransportKind;
  /** Its text, as it went. */
  readonly text: string;
  /** What it is; `undefined` for what is no frame. */
  readonly frame: FrameBase | undefined;
  /** What is wrong with it. */
  readonly violations: readonly Violation[];
  /** Whether it was dropped since it had been delivered already. */
  readonly duplicate: boolean;
}
