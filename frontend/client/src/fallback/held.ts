/** Live frames of topics whose replay is not done: they are told after what was missed. Pure. */
import type { Position } from "../positions.js";

/** A frame that waits. */
export interface HeldFrame {
  readonly text: string;
  /** Its place in the topic's log, if it is kept there. */
  readonly position: Position | undefined;
}

/** How many characters wait for one topic at most. Beyond it those go that the log has, and it is read further. */
const HELD_UNITS = 1 << 20;

/** What is held back, by topic. */
export class Held {
  readonly #byTopic = new Map<string, { frames: HeldFrame[]; units: number; newest: Position | undefined }>();

  /** Holds frames of the topic back from now on. */
  hold(topic: string): void {
    this.#byTopic.set(topic, { frames: [], units: 0, newest: undefined });
  }

  /** Takes a frame if its topic's are held back. */
  take(topic: string, frame: HeldFrame): boolean {
    const held = this.#byTopic.get(topic);
    if (held === undefined) {
      return false;
    }
    held.frames.push(frame);
    held.units += frame.text.length;
    held.newest = frame.position ?? held.newest;
    if (held.units > HELD_UNITS) {
      held.frames = held.frames.filter(({ position }) => position === undefined);
      held.units = held.frames.reduce((sum, { text }) => sum + text.length, 0);
      while (held.units > HELD_UNITS) {
        held.units -= held.frames.shift()?.text.length ?? held.units;
      }
    }
    return true;
  }

  /** The first place in the topic's log that is held back. */
  first(topic: string): Position | undefined {
    return this.#byTopic.get(topic)?.frames.find(({ position }) => position !== undefined)?.position;
  }

  /** Whether nothing is missing between what was read and what is held back. */
  adjoins(topic: string, read: Position): boolean {
    const newest = this.#byTopic.get(topic)?.newest;
    if (newest === undefined || (newest.epoch === read.epoch && newest.seq <= read.seq)) {
      return true;
    }
    const first = this.first(topic);
    return first !== undefined && first.epoch === read.epoch && first.seq <= read.seq + 1;
  }

  /** Lets go of what was held back for the topic. */
  release(topic: string): readonly HeldFrame[] {
    const frames = this.#byTopic.get(topic)?.frames ?? [];
    this.#byTopic.delete(topic);
    return frames;
  }
}
