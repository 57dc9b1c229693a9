/**
 * Which connection there is, and when the next is tried. `closing` and `backoff` decide what follows the end of one; here
 * it is done. `state.ts` has the states.
 */
import { BACKOFF } from "./backoff.js";
import type { Timer } from "./clock.js";
import { sequel } from "./closing.js";
import type { Core } from "./core.js";
import { type Hint, pageTargets, watchHints } from "./hints.js";
import type { Link } from "./link.js";
import type { Unsubscribe } from "./listeners.js";
import type { ServerFrameBase } from "./protocol.js";
import type { Closing, ConnectionState } from "./state.js";
import { type HeldToken, TokenSource } from "./token.js";
import { type Connector, type TransportEvents, webSockets } from "./transport.js";
import { heard as heardAt, judge, probed } from "./watchdog.js";

/** What the other parts of the client do when something happens to a connection. */
export interface Consequences {
  /** Text came; `undefined` for something that is no text. */
  received(link: Link, text: string | undefined): void;
  /** What transports tell beside frames. */
  readonly told: Pick<TransportEvents, "located" | "lost" | "refused">;
  /** A way was made on which topics are asked for as the connection is made. */
  made(link: Link): void;
  /** Frames can go, at this rate. */
  opened(link: Link, limits: Limits): void;
  /** The server is to be asked for a sign of life. */
  doubted(link: Link): void;
  /** The connection has ended. */
  ended(): void;
  /** No attempt will be made any more. */
  stopped(): void;
}

/** What the server says of the limits of a connection. */
export interface Limits {
  readonly messages_per_second?: number;
  readonly message_burst?: number;
}

/** How long after another way was taken a WebSocket is tried for the first time. */
const FIRST_UPGRADE_MS = 5000;

/** How often the clock is looked at: time that nobody has noticed was spent asleep. */
const TICK_MS = 5000;

/** The connections of a client, of which one at a time is in use. */
export interface Attempts {
  /** Where tokens come from. */
  readonly tokens: TokenSource | undefined;
  /** Where the connection is. A new object for each change. */
  state(): ConnectionState;
  connect(): void;
  retryNow(): void;
  close(): void;
  /** The server has said that the connection is open, and under which limits. */
  established(link: Link, frame: ServerFrameBase | undefined): void;
  /** Something was heard from the other end. */
  heard(link: Link): void;
  /**
   * A connection has ended, or an attempt, or is ended here: decides what follows. `replaced` says that it is the client
   * that wants another one.
   */
  lose(link: Link | undefined, code: number, reason: string, replaced?: boolean, retryAfterMs?: number): void;
}

/** The connections of a client that begins with none. */
export function makeAttempts(core: Core, then: Consequences): Attempts {
  const { clock, options, protocol, tell } = core;
  const { connectMs = 10_000, fallback = [], fallbackAfter = 3, probeMs = 5000, upgradeMs = 60_000 } = options;
  const backoff = { ...BACKOFF, ...options.backoff };
  const socket = webSockets(options);
  const tokens = options.token && new TokenSource(options.token);
  let state: ConnectionState = { status: "idle" };
  /** A WebSocket that is tried while a fallback is in use. */
  let trial: Link | undefined;
  let failures = 0;
  /** Attempts in a row in which no WebSocket came to be. */
  let refusals = 0;
  /** The last token was refused. */
  let newToken = false;
  /** No attempt before: the server asked for it. */
  let notBefore = 0;
  let offline = false;
  let asleep = false;
  let retry: Timer;
  let tick: Timer;
  let unwatch: Unsubscribe | undefined;

  const isCurrent = (link: Link | undefined): link is Link =>
    link !== undefined && (link === core.link || link === trial);

  // --- making one -------------------------------------------------------------------------------------------------

  const attempt = (): void => {
    clock.cancel(retry);
    asleep = false;
    // Every attempt after that many takes the next way, and the WebSocket in its turn.
    const turn = refusals < fallbackAfter ? 0 : (refusals - fallbackAfter + 1) % (fallback.length + 1);
    core.link = open(fallback[turn - 1]);
    const closing = "closing" in state ? state.closing : undefined;
    enter({ status: "connecting", failures, downSince: sinceWhen(), closing });
  };

  /** Starts a connection, by a WebSocket if no other way is given. It tells nothing before this has returned. */
  const open = (connector: Connector = socket): Link => {
    const now = clock.now();
    const link: Link = { startedAt: now, dog: heardAt(now), silenceMs: 0, renewed: newToken, skewMs: 0, timers: {} };
    link.timers.connect = clock.after(connectMs, () => lose(link, 1006, "timeout"));
    const token = tokens?.get(newToken ? "rejected" : "connect") ?? Promise.resolve(undefined);
    token.then(
      (held) => make(link, held, connector),
      (error) => lose(link, 1006, `no token: ${error}`),
    );
    return link;
  };

  const make = (link: Link, token: HeldToken | undefined, connector: Connector): void => {
    if (!isCurrent(link)) {
      return;
    }
    link.expiresAt = token?.expiresAt;
    const received = (text?: string): void => {
      if (isCurrent(link) && !core.muffled) {
        then.received(link, text);
      }
    };
    link.hasToken = true;
    try {
      link.transport = connector(token?.token, {
        ...then.told,
        opened() {
          const { connection_established: first } = protocol.session.toClient;
          if (first === undefined || link.transport?.kind !== "websocket") {
            established(link, undefined);
          }
        },
        text: received,
        binary: () => received(),
        alive: () => core.muffled || heard(link),
        closed: (code, reason, retryAfterMs) => core.muffled || lose(link, code, reason, false, retryAfterMs),
      });
    } catch (error) {
      // Browsers repeat address and subprotocols in the message, and the token with them.
      lose(link, 1006, `no way to connect: ${(error as Error).name}`);
      return;
    }
    newToken = false;
    if (link.transport.kind !== "websocket") {
      then.made(link);
    }
  };

  const established = (link: Link, frame: ServerFrameBase | undefined): void => {
    const { transport } = link;
    if (!isCurrent(link) || transport === undefined) {
      return;
    }
    const data = (frame?.data ?? {}) as {
      readonly connection_id?: string;
      readonly server_time?: string;
      readonly ping_interval_ms?: number;
      readonly limits?: Limits;
    };
    const before = link.connectionId;
    link.connectionId = data.connection_id ?? before;
    if (link.openedAt !== undefined) {
      if (link.connectionId !== before) {
        // Events have begun anew, for other topics.
        enterOpen(link);
      }
      return;
    }
    if (link === trial) {
      const old = core.link;
      trial = undefined;
      core.link = link;
      end(old, 1000);
    }
    const now = clock.now();
    clock.cancel(link.timers.connect);
    link.openedAt = now;
    link.silenceMs = 2 * (data.ping_interval_ms ?? protocol.heartbeat.ping_interval_ms);
    link.skewMs = Date.parse(data.server_time ?? "") - now || 0;
    if (transport.kind === "websocket") {
      refusals = 0;
    } else {
      // Soon, since the failure may have been the server's; then seldom, since it was the network's.
      upgrade(link, Math.min(FIRST_UPGRADE_MS, upgradeMs));
    }
    then.opened(link, data.limits ?? {});
    enterOpen(link);
    watch(link);
  };

  /** Tries a WebSocket while a fallback is in use. */
  const upgrade = (link: Link, afterMs: number): void => {
    link.timers.upgrade = clock.after(afterMs, () => {
      drop(trial, 1000);
      trial = open();
      upgrade(link, upgradeMs);
    });
  };

  // --- the end of one ---------------------------------------------------------------------------------------------

  /** Ends a connection on this side. */
  const drop = (link: Link | undefined, code: number): void => {
    if (link !== undefined && link === core.link) {
      core.link = undefined;
      drop(trial, 1000);
    } else {
      trial = undefined;
    }
    end(link, code);
  };

  const end = (link: Link | undefined, code: number): void => {
    for (const timer of Object.values(link?.timers ?? {})) {
      clock.cancel(timer);
    }
    link?.transport?.close(code, "");
  };

  const lose: Attempts["lose"] = (link, code, reason, replaced = false, retryAfterMs) => {
    if (!isCurrent(link)) {
      return;
    }
    const isTrial = link === trial;
    drop(link, code);
    if (!link.hasToken) {
      // Whoever has not given a token in time is asked anew.
      tokens?.forget();
    }
    if (isTrial) {
      return;
    }
    const now = clock.now();
    const { notice, openedAt } = link;
    const openMs = openedAt === undefined ? undefined : now - openedAt;
    const tokenLeft = tokens !== undefined && !(link.renewed && openedAt === undefined);
    const ended = { code, reason, openMs, failures, notice, replaced, tokenLeft, retryAfterMs };
    const next = sequel(protocol, backoff, ended, clock.random());
    const isOver = next.next === "stop";
    core.log(isOver ? "warn" : "info", "connection.closed", { code, reason, open_ms: openMs }, link);
    if (openedAt === undefined && link.hasToken) {
      refusals += 1;
    }
    const since = sinceWhen();
    then.ended();
    if (isOver) {
      stop(next.closing, since);
    } else {
      newToken ||= next.newToken;
      ({ failures } = next);
      notBefore = (notice ?? retryAfterMs) === undefined ? 0 : now + next.delayMs;
      wait(now + next.delayMs, next.closing, since);
    }
  };

  /** Waits for the time of the next attempt; where the browser says that none can succeed, no less than the longest wait. */
  const wait = (at: number, closing: Closing, since: number | undefined): void => {
    const now = clock.now();
    const retryAt = offline || asleep ? Math.max(at, now + backoff.capMs) : at;
    clock.cancel(retry);
    retry = clock.after(Math.max(0, retryAt - now), attempt);
    enter({ status: "waiting", retryAt, offline, failures, downSince: since, closing });
  };

  const stop = (closing: Closing | undefined, since: number | undefined): void => {
    clock.cancel(retry);
    clock.cancel(tick);
    unwatch?.();
    then.stopped();
    enter({ status: "stopped", closing, downSince: since });
  };

  // --- is it still there ------------------------------------------------------------------------------------------

  /** Looks at the clock every few seconds: a machine that has slept says nothing of it in any other way. */
  const watchClock = (): void => {
    const due = clock.now() + TICK_MS;
    tick = clock.after(TICK_MS, () => {
      const late = Math.abs(clock.now() - due);
      watchClock();
      if (late >= TICK_MS) {
        hear("awake");
      }
    });
  };

  const hear = (hint: Hint): void => {
    const { link } = core;
    const now = clock.now();
    const wasOffline = offline;
    offline = hint === "offline" || (hint !== "online" && wasOffline);
    asleep = hint === "asleep";
    if (state.status === "waiting") {
      if (offline || asleep) {
        if (asleep || !wasOffline) {
          wait(state.retryAt, state.closing, state.downSince);
        }
      } else if (now < notBefore) {
        wait(notBefore, state.closing, state.downSince);
      } else {
        attempt();
      }
    } else if (asleep) {
      lose(link, 1000, "the page sleeps", true);
    } else if (state.status === "open") {
      watch(link, true);
    } else if (link !== undefined && Math.abs(now - link.startedAt) >= connectMs) {
      lose(link, 1006, "the page sleeps", true);
      retryNow();
    }
  };

  const heard = (link: Link): void => {
    const wasProbing = link.dog.probedAt !== undefined;
    link.dog = heardAt(clock.now());
    if (wasProbing) {
      // The watchdog looks again when the probe's time is up.
      enterOpen(link);
    }
  };

  const watch = (link: Link | undefined, hint = false): void => {
    if (link === undefined || link !== core.link || link.openedAt === undefined) {
      return;
    }
    clock.cancel(link.timers.watch);
    const now = clock.now();
    const verdict = judge(link.dog, link.silenceMs, probeMs, now, hint);
    if (verdict === "replace") {
      lose(link, 1006, "no answer", true);
      return;
    }
    link.timers.watch = clock.after(verdict === "probe" ? probeMs : verdict, () => watch(link));
    if (verdict === "probe") {
      link.dog = probed(link.dog, now);
      then.doubted(link);
      enterOpen(link);
    }
  };

  // --- telling ----------------------------------------------------------------------------------------------------

  const enterOpen = (link: Link): void => {
    const { connectionId, dog, openedAt: since, transport } = link;
    // Whoever was told of something before may have closed it.
    if (link === core.link && since !== undefined && transport !== undefined) {
      enter({ status: "open", since, transport: transport.kind, connectionId, probing: dog.probedAt !== undefined });
    }
  };

  const enter = (next: ConnectionState): void => {
    const before = state.status;
    state = next;
    if (before !== next.status) {
      core.log("info", `connection.${next.status}`, {});
    }
    tell("state", next);
  };

  /** Since when there are no live updates, as the next state will say. */
  const sinceWhen = (): number | undefined =>
    state.status === "open" ? clock.now() : "downSince" in state ? state.downSince : undefined;

  const retryNow = (): void => {
    if (state.status === "waiting") {
      attempt();
    }
  };

  return {
    tokens,
    state: () => state,
    connect() {
      if (state.status === "idle" || state.status === "stopped") {
        failures = refusals = 0;
        newToken = offline = false;
        unwatch = watchHints(options.hints ?? pageTargets(), hear);
        watchClock();
        attempt();
      }
    },
    retryNow,
    close() {
      drop(core.link, 1000);
      if (state.status === "idle") {
        then.stopped();
      } else if (state.status !== "stopped") {
        stop(undefined, sinceWhen());
      }
    },
    established,
    heard,
    lose,
  };
}
