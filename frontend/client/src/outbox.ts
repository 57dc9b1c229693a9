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
  /** How much may wait. */
  readonly options: OutboxOptions;
  #waiting: Waiting[] = [];
  #perSecond = 0;
  #burst = 0;
  #tokens = 0;
  #filledAt = 0;

  constructor(options: OutboxOptions) {
    this.options = options;
  }

  /** How many frames wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Takes a frame, unless there is no room for it. */
  push(waiting: Waiting): boolean {
    const { frames, bytes } = this.options;
    const total = this.#waiting.reduce((sum, other) => sum + other.bytes, waiting.bytes);
    return this.#waiting.length < frames && total <= bytes && this.#waiting.push(waiting) > 0;
  }

  /**
   * A new connection, whose server takes so many frames per second for long, and `burst` at once; `undefined` for any
   * number. Only half of the burst is used: what a network has held up arrives at once, and the server drops what is too
   * much.
   */
  open(perSecond: number | undefined, burst: number | undefined, now: number): void {
    this.#perSecond = perSecond ?? Number.POSITIVE_INFINITY;
    this.#burst = Math.ceil((burst ?? Number.POSITIVE_INFINITY) / 2);
    this.#tokens = this.#burst;
    this.#filledAt = now;
  }

  /** So much was sent beside the queue (a pong), or is to count as sent: the server counts it all the same. */
  spend(frames: number, now: number): void {
    this.#fill(now);
    this.#tokens -= frames;
  }

  /** After how many milliseconds another frame may go; 0 for now. */
  pace(now: number): number {
    this.#fill(now);
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * 1000) / this.#perSecond);
  }

  /**
   * Hands what may go now to `send`, oldest first. `send` says whether the frame was taken; what was not stays. Returns
   * after how many milliseconds there will be more; `undefined` if nothing waits for the pace.
   */
  drain(now: number, send: (frame: Waiting) => boolean): number | undefined {
    this.expire(now);
    for (let frame = this.#waiting[0]; frame !== undefined; frame = this.#waiting[0]) {
      const wait = this.pace(now);
      if (wait > 0) {
        return wait;
      }
      if (!send(frame)) {
        return undefined;
      }
      this.#tokens -= 1;
      this.#waiting.shift();
      frame.settle("sent");
    }
    return undefined;
  }

  /** Gives up what has waited too long. Returns when the next one will have, in milliseconds from `now`. */
  expire(now: number): number | undefined {
    for (let oldest = this.#waiting[0]; oldest !== undefined; oldest = this.#waiting[0]) {
      // A clock that was set back says nothing of how long it was.
      const left = this.options.ageMs - Math.abs(now - oldest.since);
      if (left > 0) {
        return left;
      }
      this.#waiting.shift();
      oldest.settle("expired");
    }
    return undefined;
  }

  /** Gives a frame up of which nobody wants to know any more. */
  withdraw(id: string): void {
    this.#waiting = this.#waiting.filter(({ frame }) => frame.id !== id);
  }

  /** Gives up everything: the client was closed. */
  clear(): void {
    for (const { settle } of this.#waiting.splice(0)) {
      settle("closed");
    }
  }

  #fill(now: number): void {
    const gained = (Math.max(0, now - this.#filledAt) * this.#perSecond) / 1000;
    // Without a limit, infinity times nothing.
    this.#tokens = Math.min(this.#burst, this.#tokens + (gained || 0));
    this.#filledAt = now;
  }
}
