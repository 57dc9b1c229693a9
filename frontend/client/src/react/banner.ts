/**
 * What the banner says, and when. Interruptions of less than five seconds are none of anybody's business: deploys, lifts
 * and tunnels. Pure.
 */
import { type Closing, type ConnectionState, downSince } from "../state.js";
import type { Rule } from "./observed.js";

/** What the banner shows. */
export type BannerView =
  | { readonly kind: "none" }
  /** The next attempt is made in so many seconds. `wasLive` says whether there ever were live updates. */
  | { readonly kind: "waiting"; readonly seconds: number; readonly wasLive: boolean }
  /** An attempt is under way. */
  | { readonly kind: "connecting"; readonly wasLive: boolean }
  /** The browser says that there is no network. */
  | { readonly kind: "offline"; readonly wasLive: boolean }
  /** No attempt is made any more. */
  | { readonly kind: "stopped"; readonly closing: Closing }
  /** What was interrupted for long enough to be talked about is there again. */
  | { readonly kind: "back"; readonly wasLive: boolean };

/** What the rule remembers. */
export interface BannerMemory {
  /** Since when there is no connection, as far as this was seen. */
  readonly since: number | undefined;
  /** Whether the interruption was talked about, and if so whether there had been live updates before it. */
  readonly told: { readonly wasLive: boolean } | undefined;
  /** Until when it is said that it is over. */
  readonly backUntil: number | undefined;
}

/** When the banner comes, and goes. Every time is in milliseconds. */
export interface BannerOptions {
  /** How long an interruption lasts before it is talked about. Default: 5000. */
  readonly afterMs: number;
  /** For how long it is said that it is over. Default: 4000. */
  readonly backMs: number;
}

/** What applies where nothing is said. */
export const BANNER: BannerOptions = { afterMs: 5000, backMs: 4000 };

const NOTHING: BannerMemory = { since: undefined, told: undefined, backUntil: undefined };

/** The rule. */
export function bannerRule({ afterMs, backMs }: BannerOptions = BANNER): Rule<BannerMemory, BannerView> {
  return (memory = NOTHING, state, now) => {
    if (state.status === "idle" || (state.status === "stopped" && state.closing === undefined)) {
      return { memory: NOTHING, view: { kind: "none" }, at: undefined };
    }
    if (state.status === "open") {
      const { told, backUntil = now + backMs } = memory;
      if (told === undefined || now >= backUntil) {
        return { memory: NOTHING, view: { kind: "none" }, at: undefined };
      }
      return { memory: { since: undefined, told, backUntil }, view: { kind: "back", ...told }, at: backUntil };
    }
    const since = downSince(state) ?? memory.since ?? now;
    if (state.status !== "stopped" && now - since < afterMs) {
      return { memory: { ...NOTHING, since }, view: { kind: "none" }, at: since + afterMs };
    }
    const { view, at } = interruption(state, now);
    return { memory: { since, told: { wasLive: state.downSince !== undefined }, backUntil: undefined }, view, at };
  };
}

function interruption(
  state: Extract<ConnectionState, { readonly status: "connecting" | "waiting" | "stopped" }>,
  now: number,
): { readonly view: BannerView; readonly at: number | undefined } {
  const wasLive = state.downSince !== undefined;
  if (state.status === "stopped") {
    const { closing } = state;
    return { view: closing === undefined ? { kind: "none" } : { kind: "stopped", closing }, at: undefined };
  }
  if (state.status === "connecting") {
    return { view: { kind: "connecting", wasLive }, at: undefined };
  }
  if (state.offline) {
    return { view: { kind: "offline", wasLive }, at: undefined };
  }
  const seconds = Math.max(1, Math.ceil((state.retryAt - now) / 1000));
  const next = state.retryAt - (seconds - 1) * 1000;
  return { view: { kind: "waiting", seconds, wasLive }, at: next > now ? next : undefined };
}
