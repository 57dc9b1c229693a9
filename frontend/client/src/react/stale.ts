/** How old what is shown has become since it is not kept up to date any more. Pure. */
import { downSince } from "../state.js";
import type { Rule } from "./observed.js";

/** What there is to say of data. */
export type StaleView = { readonly isStale: false } | { readonly isStale: true; readonly age: string };

/** An age in words: `12 s`, `3 min`, `2 h`, `4 d`. */
export function ageText(ms: number): string {
  const { count, unit } = ageIn(ms);
  return `${count} ${unit}`;
}

/** In how many milliseconds the words for an age are others. */
export function ageLasts(ms: number): number {
  const { count, unitMs } = ageIn(ms);
  return (count + 1) * unitMs - ms;
}

const UNITS = [
  { unit: "d", unitMs: 86_400_000 },
  { unit: "h", unitMs: 3_600_000 },
  { unit: "min", unitMs: 60_000 },
  { unit: "s", unitMs: 1000 },
] as const;

function ageIn(ms: number): { readonly count: number; readonly unit: string; readonly unitMs: number } {
  const { unit, unitMs } = UNITS.find(({ unitMs }) => ms >= unitMs) ?? UNITS[3];
  return { count: Math.max(0, Math.floor(ms / unitMs)), unit, unitMs };
}

/**
 * Data is stale when there have been no live updates for `afterMs`. Its age is counted from `asOf`, or where that is not
 * given from the moment at which updates stopped.
 */
export function staleRule(asOf: number | undefined, afterMs: number): Rule<undefined, StaleView> {
  return (_, state, now) => {
    const since = downSince(state);
    if (since === undefined) {
      return { memory: undefined, view: { isStale: false }, at: undefined };
    }
    if (now - since < afterMs) {
      return { memory: undefined, view: { isStale: false }, at: since + afterMs };
    }
    const ageMs = now - (asOf ?? since);
    return { memory: undefined, view: { isStale: true, age: ageText(ageMs) }, at: now + ageLasts(ageMs) };
  };
}
