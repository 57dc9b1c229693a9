/**
 * Which topics the application wants, which of them this connection has been asked for, and what the server has said to
 * that. Pure: `sync` says what to ask for now.
 *
 * A topic is *had* while it has listeners, and after a request to which the server has subscribed the client
 * (`x-subscribes`) was answered.
 */
import type { FrameBase } from "./protocol.js";

/** What to ask the server for. */
export interface Change {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** A topic that the server refuses. */
export interface Refusal {
  readonly topic: string;
  /** In words, for developers. */
  readonly reason: string;
  /** What the server's error says, where there was one: `topic_forbidden`, `invalid_topic`, `too_many_subscriptions`. */
  readonly code?: string | undefined;
}

/** What is known of a topic. */
interface Topic {
  /** How many listeners want it. */
  wanted?: number;
  /** A request has subscribed the client. */
  joined?: boolean;
  /** What was joined is left when the requests that are being answered there are done. */
  leaving?: boolean;
  /** The server has confirmed it, on this connection or one before. */
  live?: boolean;
  /** This connection has been asked for it. */
  asked?: boolean;
  /** This connection may not have it, and why. */
  refused?: string | undefined;
}

/** The error for a topic of which there were too many. */
const TOO_MANY = "too_many_subscriptions";

/** The subscriptions of a client. */
export class Subscriptions {
  readonly #topics = new Map<string, Topic>();
  /** Topics of frames `subscribe` that the server has not answered, by the frame's `id`. */
  readonly #asking = new Map<string, readonly string[]>();
  /** Topics of sent requests that subscribe, by the request's `id`. */
  readonly #joining = new Map<string, string>();

  /** One more wants the topic. If it was refused, the server is asked again: once for each that comes. */
  want(name: string): void {
    const topic = this.#topic(name);
    topic.wanted = (topic.wanted ?? 0) + 1;
    topic.leaving = false;
    if (topic.refused !== undefined) {
      topic.refused = undefined;
      topic.asked = false;
    }
  }

  /** One fewer wants it. True for the last one. */
  release(name: string): boolean {
    const topic = this.#topic(name);
    topic.wanted = (topic.wanted ?? 1) - 1;
    return topic.wanted === 0;
  }

  /** Nobody wants any more what a request has joined, or is about to join; but `isAwaited` says that one is being answered. */
  leave(name: string, isAwaited: boolean): void {
    const topic = this.#topic(name);
    if (isAwaited) {
      topic.leaving = true;
      return;
    }
    topic.joined = false;
    for (const [id, joining] of this.#joining) {
      if (joining === name) {
        this.#joining.delete(id);
        // The server will have granted it by the time at which it is told that nobody wants it.
        topic.asked = true;
      }
    }
  }

  /** A request is answered, or nobody waits for that any more. True if its topic is left with it. */
  done({ id, topic: name }: FrameBase): boolean {
    const topic = this.#topics.get(name);
    this.#joining.delete(id);
    if (topic?.leaving !== true) {
      return false;
    }
    topic.leaving = false;
    topic.joined = false;
    return true;
  }

  /** Whether the client is to have the topic. */
  has(name: string): boolean {
    return isHad(this.#topics.get(name));
  }

  /** All topics that the client is to have. */
  topics(): string[] {
    return [...this.#topics.keys()].filter((name) => this.has(name));
  }

  /** Whether the server has confirmed the topic. */
  isLive(name: string): boolean {
    return this.#topics.get(name)?.live === true;
  }

  /** A request was sent with which the server subscribes the client, if it grants it. */
  joining({ id, topic }: FrameBase): void {
    this.#joining.set(id, topic);
  }

  /** The request is answered. */
  joined(id: string, isRefused: boolean): void {
    const name = this.#joining.get(id);
    if (this.#joining.delete(id) && name !== undefined && !isRefused) {
      const topic = this.#topic(name);
      topic.joined = topic.live = topic.asked = true;
    }
  }

  /** A new connection, which has been asked for nothing. */
  reset(): void {
    for (const topic of this.#topics.values()) {
      topic.asked = false;
      topic.refused = undefined;
    }
    this.#asking.clear();
    this.#joining.clear();
  }

  /** Whoever left a topic has missed nothing of it. */
  prune(): void {
    for (const topic of this.#topics.values()) {
      topic.live &&= isHad(topic);
    }
  }

  /** What this connection has to be asked for; taken to be asked for then. */
  sync(): Change {
    const remove: string[] = [];
    for (const [name, topic] of this.#topics) {
      if (!isHad(topic)) {
        this.#topics.delete(name);
        if (topic.asked && topic.refused === undefined) {
          remove.push(name);
        }
      }
    }
    const add: string[] = [];
    for (const [name, topic] of this.#topics) {
      if (remove.length > 0 && topic.refused === TOO_MANY) {
        topic.refused = undefined;
        topic.asked = false;
      }
      if (!topic.asked) {
        topic.asked = true;
        add.push(name);
      }
    }
    return { add, remove };
  }

  /** The frame `subscribe` with this `id` was sent. */
  asking(id: string, topics: readonly string[]): void {
    this.#asking.set(id, topics);
  }

  /** The server has dropped frames, perhaps those that it has not answered: they are asked for again. */
  unanswered(): void {
    for (const topics of this.#asking.values()) {
      for (const name of topics) {
        this.#topic(name).asked = false;
      }
    }
    this.#asking.clear();
  }

  /**
   * The server says what the connection has, in answer to the frame `id`, about which it had the error `code` before.
   * Returns what it has refused.
   */
  confirm(id: string, granted: readonly string[], code = ""): readonly string[] {
    const refused = (this.#asking.get(id) ?? []).filter((name) => this.has(name) && !granted.includes(name));
    this.#asking.delete(id);
    for (const name of granted) {
      this.#topic(name).live = true;
    }
    for (const name of refused) {
      this.#topic(name).refused = code;
    }
    return refused;
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name) ?? {};
    this.#topics.set(name, topic);
    return topic;
  }
}

function isHad(topic: Topic | undefined): boolean {
  return topic !== undefined && ((topic.wanted ?? 0) > 0 || topic.joined === true);
}
