/**
 * A rule over the connection and the time, as something that React can subscribe to. The rules (`banner`, `stale`,
 * `toasts`) are pure: they are told where the connection is and what time it is, and say what to show and when to be asked
 * again.
 */
import { useState, useSyncExternalStore } from "react";
import type { Timer } from "../clock.js";
import type { ConnectionState } from "../state.js";
import { type Connection, IDLE } from "./connection.js";

/** What a rule says. */
export interface Judged<Memory, View> {
  /** What it wants to know the next time. */
  readonly memory: Memory;
  /** What to show. */
  readonly view: View;
  /** When to ask again, if nothing else happens before; `undefined` for never. */
  readonly at: number | undefined;
}

/** A rule. `memory` is what it said the last time. */
export type Rule<Memory, View> = (
  memory: Memory | undefined,
  state: ConnectionState,
  now: number,
) => Judged<Memory, View>;

/** Applies a rule whenever the connection is somewhere else, or its time has come, as long as somebody listens. */
export class Observed<Memory, View> {
  readonly connection: Connection;
  readonly rule: Rule<Memory, View>;
  readonly #listeners = new Set<() => void>();
  #judged: Judged<Memory, View>;
  #timer: Timer;
  #stop: (() => void) | undefined;
  /** What to show before anything is known: on a server that renders the page. */
  readonly initial: View;

  constructor(connection: Connection, rule: Rule<Memory, View>) {
    this.connection = connection;
    this.rule = rule;
    this.initial = rule(undefined, IDLE, 0).view;
    this.#judged = rule(undefined, connection.state, connection.clock.now());
  }

  /** What to show now. The same object until it is another. */
  readonly view = (): View => this.#judged.view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#stop === undefined) {
      this.#stop = this.connection.onEvent("state", () => this.change());
      this.change();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) {
        this.#stop?.();
        this.#stop = undefined;
        this.connection.clock.cancel(this.#timer);
      }
    };
  };

  /** Asks the rule again, after a change of its memory if one is given. */
  readonly change = (to?: (memory: Memory, now: number) => Memory): void => {
    const { clock, state } = this.connection;
    const { memory, view } = this.#judged;
    clock.cancel(this.#timer);
    const now = clock.now();
    const judged = this.rule(to === undefined ? memory : to(memory, now), state, now);
    const isSame = JSON.stringify(judged.view) === JSON.stringify(view);
    this.#judged = isSame ? { ...judged, view } : judged;
    if (judged.at !== undefined && this.#stop !== undefined) {
      this.#timer = clock.after(Math.max(0, judged.at - now), () => this.change());
    }
    if (!isSame) {
      for (const listener of this.#listeners) {
        listener();
      }
    }
  };
}

/** What a rule says of a connection. `rule` has to be the same function in every render. */
export function useRule<Memory, View>(
  connection: Connection,
  rule: Rule<Memory, View>,
): readonly [View, Observed<Memory, View>] {
  const [held, hold] = useState(() => new Observed(connection, rule));
  let observed = held;
  if (held.connection !== connection || held.rule !== rule) {
    observed = new Observed(connection, rule);
    hold(observed);
  }
  return [useSyncExternalStore(observed.subscribe, observed.view, () => observed.initial), observed];
}
