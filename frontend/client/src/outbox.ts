/**
 * Frames that wait to be sent, bounded by count, bytes and age, and let go no faster than the server takes them. Pure: it
 * says what may be sent now, and when to ask again.
 */

import type { FrameBase } from "./protocol.js";

/** How much may wait, and for how long. */
export interface OutboxOptions {
  /** Frames. Default: 100. */
  readonly frames: number;
  /** Bytes of their text in UTF-8. Default: 262 144. */
  readonly bytes: number;
  /** What has waited for longer is given up, in milliseconds. Default: 60 000. */
  readonly ageMs: number;
}

/** What applies where nothing is said. */
export const OUTBOX: OutboxOptions = { frames: 100, bytes: 262_144, ageMs: 60_000 };

/** How fast the server takes frames: `perSecond` for long, `burst` at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What became of a frame. */
export type Fate = "sent" | "expired" | "closed";

/** A frame that waits. */
export interface Waiting {
  /** The frame. */
  readonly frame: FrameBase;
  /** Its text. */
  readonly text: string;
  /** Bytes of the text in UTF-8. */
  readonly bytes: number;
  /** Since when it waits. */
  readonly since: number;
  /** Told once what became of it. */
  readonly settle: (fate: Fate) => void;
}

/** A bounded queue with a pace. */
export class Outbox {
  readonly #options: OutboxOptions;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #rate: Rate | undefined;
  #tokens = 0;
  #filledAt = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** How many frames wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Takes a frame, unless there is no room for it. */
  push(frame: Waiting): boolean {
    const { frames, bytes } = this.#options;
    if (this.#waiting.length >= frames || this.#bytes + frame.bytes > bytes) {
      return false;
    }
    this.#waiting.push(frame);
    this.#bytes += frame.bytes;
    return true;
  }

  /** A new connection, whose server takes frames at this rate. */
  open(rate: Rate | undefined, now: number): void {
    this.#rate = rate;
    this.#tokens = rate?.burst ?? 0;
    this.#filledAt = now;
  }

  /** Something was sent beside the queue (a pong): it counts for the server all the same. */
  spend(now: number): void {
    this.#fill(now);
    this.#tokens -= 1;
  }

  /**
   * Hands what may go now to `send`, oldest first. `send` says whether the frame was taken; what was not stays. Returns
   * after how many milliseconds there will be more; `undefined` if nothing waits for the pace.
   */
  drain(now: number, send: (frame: Waiting) => boolean): number | undefined {
    this.expire(now);
    this.#fill(now);
    while (this.#waiting[0] !== undefined) {
      const rate = this.#rate;
      if (rate !== undefined && this.#tokens < 1) {
        return Math.ceil(((1 - this.#tokens) * 1000) / rate.perSecond);
      }
      const frame = this.#waiting[0];
      if (!send(frame)) {
        return undefined;
      }
      this.#tokens -= 1;
      this.#remove(1);
      frame.settle("sent");
    }
    return undefined;
  }

  /** Gives up what has waited too long. Returns when the next one will have, in milliseconds from `now`. */
  expire(now: number): number | undefined {
    while (this.#waiting[0] !== undefined && now - this.#waiting[0].since >= this.#options.ageMs) {
      const frame = this.#waiting[0];
      this.#remove(1);
      frame.settle("expired");
    }
    const oldest = this.#waiting[0];
    return oldest === undefined ? undefined : this.#options.ageMs - (now - oldest.since);
  }

  /** Gives up everything: the client was closed. */
  clear(): void {
    const all = this.#waiting;
    this.#remove(all.length);
    for (const frame of all) {
      frame.settle("closed");
    }
  }

  #remove(count: number): void {
    for (const frame of this.#waiting.slice(0, count)) {
      this.#bytes -= frame.bytes;
    }
    this.#waiting = this.#waiting.slice(count);
  }

  #fill(now: number): void {
    if (this.#rate !== undefined) {
      const gained = (Math.max(0, now - this.#filledAt) * this.#rate.perSecond) / 1000;
      this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
      this.#filledAt = now;
    }
  }
}
