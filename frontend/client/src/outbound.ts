/** Frames that go: those of the application in their turn, those of the client itself ahead of them. */
import type { Limits } from "./attempts.js";
import type { Timer } from "./clock.js";
import type { Core } from "./core.js";
import { frameOf } from "./frame.js";
import type { Link } from "./link.js";
import type { SendResult } from "./options.js";
import { type Fate, OUTBOX, Outbox, type Waiting } from "./outbox.js";
import { Positions } from "./positions.js";
import type { FrameBase } from "./protocol.js";
import { Subscriptions } from "./subscriptions.js";

/** How many topics one `subscribe` names at most. */
const TOPICS_AT_ONCE = 100;

/** How many frames are not sent after the server has dropped what was too much. */
const PAUSE = 20;

/** How soon to try again where the browser has too much to send already. */
const FULL_MS = 100;

/** What is sent, and what is asked for. */
export interface Outbound {
  readonly positions: Positions;
  readonly subscriptions: Subscriptions;
  readonly outbox: Outbox;
  /** Checks a frame and lets it wait for its turn. `isStopped` says that there will be none. */
  post(frame: FrameBase, isStopped: boolean): Promise<SendResult>;
  /** Sends a frame of the client's own, ahead of what waits. Returns it. */
  transmit(link: Link, type: string, data: unknown): FrameBase;
  /** Sends a frame of the heartbeat, if the protocol has it. */
  beat(link: Link, type: string | undefined, data?: object): void;
  /** A connection is open, under these limits. */
  opened(link: Link, limits: Limits): void;
  /** A transport that asks for its topics as it is made. */
  made(link: Link): void;
  /** The server has dropped what was too much. */
  paused(): void;
  /** Asks for what has changed, once whoever is at work has subscribed to all that it wants. */
  sync(): void;
  /** The client was closed. */
  clear(): void;
}

/** Nothing waits. `sent` is told of each frame of the application that was handed to the network. */
export function makeOutbound(core: Core, sent: (id: string) => void): Outbound {
  const { clock, options, protocol, tell } = core;
  const { subscribe = "", unsubscribe = "" } = protocol.session.toServer;
  const positions = new Positions();
  const subscriptions = new Subscriptions();
  const outbox = new Outbox({ ...OUTBOX, ...options.outbox });
  /** Whether the server has not been asked for what is wanted now. */
  let isStale = false;
  let flushing: Timer;
  let syncing: Timer;

  const post: Outbound["post"] = (frame, isStopped) =>
    new Promise((resolve) => {
      const { id } = frame;
      const violations = protocol.checkClientFrame(frame);
      let text = "";
      try {
        text = JSON.stringify(frame);
      } catch {
        // What is no JSON does not follow the contract either.
      }
      const bytes = new TextEncoder().encode(text).length;
      const settle = (fate: Fate | "invalid" | "queue_full"): void =>
        resolve(fate === "sent" ? { ok: true, id } : { ok: false, id, reason: fate, violations });
      if (violations.length > 0) {
        tell("violation", { direction: "out", text, violations });
        settle("invalid");
      } else if (isStopped) {
        settle("closed");
      } else if (outbox.push({ text, bytes, since: clock.now(), frame, settle })) {
        flush();
      } else {
        settle("queue_full");
      }
    });

  /** Sends what waits, as far as server and browser take it, and comes back when there may be more. */
  const flush = (): void => {
    const { link } = core;
    const now = clock.now();
    clock.cancel(flushing);
    let again = outbox.expire(now);
    if (link?.transport !== undefined && link.openedAt !== undefined) {
      if (isStale && outbox.pace(now) === 0) {
        ask(link);
      }
      if (link.transport.kind === "websocket") {
        const pace = isStale ? outbox.pace(now) : outbox.drain(now, (waiting) => send(link, waiting));
        again = pace ?? (outbox.length > 0 ? FULL_MS : undefined);
      }
    }
    if (again !== undefined) {
      flushing = clock.after(again, flush);
    }
  };

  const send = (link: Link, { text, frame }: Waiting): boolean => {
    const isSent = put(link, text, frame);
    if (isSent) {
      if (protocol.subscribing.includes(frame.type)) {
        subscriptions.joining(frame);
      }
      sent(frame.id);
    }
    return isSent;
  };

  const put = (link: Link, text: string, frame: FrameBase): boolean => {
    const isSent = core.muffled || link.transport?.send(text) === true;
    if (isSent) {
      core.packet(link, "out", text, { frame });
    }
    return isSent;
  };

  const transmit: Outbound["transmit"] = (link, type, data) => {
    const now = clock.now();
    const frame = frameOf(type, protocol.session.topic, data, now);
    outbox.spend(1, now);
    put(link, JSON.stringify(frame), frame);
    return frame;
  };

  /** Asks the server for what is wanted now. */
  const ask = (link: Link): void => {
    const { add, remove } = subscriptions.sync();
    isStale = false;
    for (const topic of add) {
      if (subscriptions.isLive(topic) && positions.get(topic) === undefined) {
        // What came between the connections cannot be asked for.
        tell("gap", { topic, from: undefined, to: undefined });
      }
    }
    if (link.transport?.kind !== "websocket") {
      const topics = subscriptions.topics();
      link.transport?.want(topics, positions.after(topics));
      return;
    }
    // First, since there is a limit to how many there may be at a time.
    for (const topics of chunks(remove)) {
      transmit(link, unsubscribe, { topics });
    }
    for (const topics of chunks(add)) {
      const after = positions.after(topics);
      const data = {
        topics,
        ...(Object.keys(after).length > 0 && { after }),
        ...(protocol.session.positions && { positions: true }),
      };
      subscriptions.asking(transmit(link, subscribe, data).id, topics);
    }
  };

  /** Another connection, which has been asked for nothing. */
  const renew = (): void => {
    isStale = true;
    subscriptions.reset();
  };

  const prune = (): void => {
    subscriptions.prune();
    positions.keep((topic) => subscriptions.has(topic));
  };

  const sync = (): void => {
    isStale = true;
    clock.cancel(syncing);
    syncing = clock.after(0, () => {
      prune();
      flush();
    });
  };

  return {
    positions,
    subscriptions,
    outbox,
    post,
    transmit,
    beat(link, type, data) {
      if (type !== undefined) {
        transmit(link, type, { timestamp: new Date(clock.now()).toISOString(), ...data });
      }
    },
    opened(link, { messages_per_second: perSecond, message_burst: burst }) {
      outbox.open(perSecond, burst, clock.now());
      if (link.transport?.kind === "websocket") {
        renew();
      }
      flush();
    },
    made(link) {
      renew();
      ask(link);
    },
    paused() {
      outbox.spend(PAUSE, clock.now());
      subscriptions.unanswered();
      sync();
    },
    sync,
    clear() {
      clock.cancel(flushing);
      clock.cancel(syncing);
      outbox.clear();
      prune();
    },
  };
}

function* chunks(names: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < names.length; at += TOPICS_AT_ONCE) {
    yield names.slice(at, at + TOPICS_AT_ONCE);
  }
}
