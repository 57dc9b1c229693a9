/** The topics of a transport that can send nothing: which are wanted, which are refused, and how far each was read. Pure. */
import type { Position } from "../positions.js";

/** What is wanted, and where it is. */
export class Topics {
  #wanted: readonly string[] = [];
  readonly #refused = new Set<string>();
  readonly #positions = new Map<string, Position>();

  /** Those to ask for, sorted. */
  get names(): readonly string[] {
    return this.#wanted.filter((topic) => !this.#refused.has(topic));
  }

  /** Which are wanted from now on, and after which positions, where those are known. Says whether those to ask for change. */
  want(topics: readonly string[], after: { readonly [topic: string]: Position }): boolean {
    const before = this.names.join();
    this.#wanted = [...new Set(topics)].sort();
    for (const topic of this.#positions.keys()) {
      if (!this.#wanted.includes(topic)) {
        this.#positions.delete(topic);
      }
    }
    for (const [topic, position] of Object.entries(after)) {
      if (this.#wanted.includes(topic) && !this.#positions.has(topic)) {
        this.#positions.set(topic, position);
      }
    }
    return this.names.join() !== before;
  }

  /** A topic is not to be had. Says whether that is news. */
  refuse(topic: string): boolean {
    const isNews = !this.#refused.has(topic);
    this.#refused.add(topic);
    return isNews;
  }

  /** How far the topic was read. */
  position(topic: string): Position | undefined {
    return this.#positions.get(topic);
  }

  /** The topic was read so far. An older frame of the same log changes nothing. */
  read(topic: string, position: Position): void {
    const before = this.#positions.get(topic);
    const isOlder = before !== undefined && before.epoch === position.epoch && before.seq > position.seq;
    if (!isOlder && this.#wanted.includes(topic)) {
      this.#positions.set(topic, position);
    }
  }
}
