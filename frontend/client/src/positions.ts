/**
 * Where the client is in each topic: what to ask for after a reconnect, what has been delivered already, and whether
 * something is missing in between. Pure.
 */
import type { ServerFrameBase } from "./protocol.js";

/** A place in a topic's log. */
export interface Position {
  /** Changes when the log was lost or rebuilt. Positions of different epochs are never compared. */
  readonly epoch: string;
  /** The newest frame that was delivered; 0 for none. */
  readonly seq: number;
}

/** Frames of a topic that the client will never get. Its state has to be loaded anew. */
export interface Gap {
  /** The topic. */
  readonly topic: string;
  /** Where the client was; `undefined` if it had seen nothing. */
  readonly from: Position | undefined;
  /** Where it goes on; `undefined` where that is not known. */
  readonly to: Position | undefined;
}

/** What to do with a frame: deliver it, drop it since it has been delivered, or tell of a gap before it. */
export type Arrival = "next" | "duplicate" | Gap;

/** The positions of a client. */
export class Positions {
  readonly #positions = new Map<string, Position>();

  /** Where the client is in `topic`. */
  get(topic: string): Position | undefined {
    return this.#positions.get(topic);
  }

  /** Takes note of where a topic is of which that was not known (`thread_history`, `subscription_updated`). */
  learn(topic: string, position: Position): void {
    if (!this.#positions.has(topic)) {
      this.#positions.set(topic, position);
    }
  }

  /** Forgets the other topics: whoever left one has missed nothing that it asked for. */
  keep(has: (topic: string) => boolean): void {
    for (const topic of this.#positions.keys()) {
      if (!has(topic)) {
        this.#positions.delete(topic);
      }
    }
  }

  /** Judges a frame, and takes note of it. Frames without a position are always next. */
  arrive(frame: ServerFrameBase): Arrival {
    const { topic, seq, epoch } = frame;
    if (seq === undefined || epoch === undefined) {
      return "next";
    }
    const from = this.#positions.get(topic);
    const to = { epoch, seq };
    if (from !== undefined && from.epoch === epoch && seq <= from.seq) {
      return "duplicate";
    }
    this.#positions.set(topic, to);
    const follows = from === undefined || (from.epoch === epoch && seq === from.seq + 1);
    return follows ? "next" : { topic, from, to: { epoch, seq: seq - 1 } };
  }

  /** The server said that frames are lost; live ones follow `to`. */
  lost(topic: string, to: Position): Gap {
    const from = this.#positions.get(topic);
    this.#positions.set(topic, to);
    return { topic, from, to };
  }

  /** What `subscribe` says in `after`, for those of `topics` whose position is known. */
  after(topics: Iterable<string>): { [topic: string]: Position } {
    const known: { [topic: string]: Position } = {};
    for (const topic of topics) {
      const position = this.#positions.get(topic);
      if (position !== undefined) {
        known[topic] = position;
      }
    }
    return known;
  }
}
