/**
 * Which topics the application wants, and which of them this connection has been asked for. Pure: `sync` says what to
 * ask for now.
 */

/** What to ask the server for. */
export interface Change {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** The subscriptions of a client. */
export class Subscriptions {
  /** How many listeners each topic has. */
  readonly #wanted = new Map<string, number>();
  /** Topics to which a request has subscribed the client (`x-subscribes`), until it leaves them. */
  readonly #joined = new Set<string>();
  /** What this connection has been asked for. */
  #asked = new Set<string>();

  /** One more wants the topic. */
  want(topic: string): void {
    this.#wanted.set(topic, (this.#wanted.get(topic) ?? 0) + 1);
  }

  /** One fewer wants it. */
  release(topic: string): void {
    const left = (this.#wanted.get(topic) ?? 0) - 1;
    if (left > 0) {
      this.#wanted.set(topic, left);
    } else {
      this.#wanted.delete(topic);
    }
  }

  /** A request was sent with which the server subscribes the client. */
  join(topic: string): void {
    this.#joined.add(topic);
    this.#asked.add(topic);
  }

  /** The client wants nothing more from a topic that it has joined. */
  leave(topic: string): void {
    this.#joined.delete(topic);
  }

  /** The server refused a topic: it is not asked for again on this connection. */
  has(topic: string): boolean {
    return this.#wanted.has(topic) || this.#joined.has(topic);
  }

  /** All topics that are wanted, each once. */
  topics(): string[] {
    return [...new Set([...this.#wanted.keys(), ...this.#joined])];
  }

  /** A new connection, which has been asked for nothing. */
  reset(): void {
    this.#asked = new Set();
  }

  /** What this connection has to be asked for; taken to be asked for then. */
  sync(): Change {
    const wanted = this.topics();
    const add = wanted.filter((topic) => !this.#asked.has(topic));
    const remove = [...this.#asked].filter((topic) => !this.has(topic));
    this.#asked = new Set(wanted);
    return { add, remove };
  }
}
