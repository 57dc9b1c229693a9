/** Where the connection was over the last minutes. Pure. */
import { type ConnectionState, colourOf } from "../../state.js";
import type { StateChange } from "../recording.js";

/** A stretch of time in one state; 0 is the beginning of the time that is shown, and 1 its end. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly colour: "green" | "amber" | "red" | "none";
}

/** The stretches of the last `spanMs`, oldest first; what looks the same is one. */
export function stretches(changes: readonly StateChange[], now: number, spanMs: number): readonly Stretch[] {
  const begin = now - spanMs;
  const share = (at: number): number => Math.min(1, Math.max(0, (at - begin) / spanMs));
  const found: Stretch[] = [];
  changes.forEach(({ at, state }, index) => {
    const from = share(at);
    const to = share(changes[index + 1]?.at ?? now);
    const colour = state.status === "idle" ? "none" : colourOf(state);
    const last = found.at(-1);
    if (last?.colour === colour && last.to === from) {
      found[found.length - 1] = { ...last, to };
    } else if (to > from) {
      found.push({ from, to, colour });
    }
  });
  return found;
}

/** The state in words. */
export function describe(state: ConnectionState, now: number): string {
  const closing = "closing" in state && state.closing !== undefined ? `, after ${closeText(state.closing)}` : "";
  switch (state.status) {
    case "open":
      return `open by ${state.transport}${state.probing ? ", probing" : ""} for ${seconds(now - state.since)}`;
    case "waiting":
      return state.offline
        ? `waiting for a network${closing}`
        : `next attempt in ${seconds(state.retryAt - now)}${closing}`;
    case "connecting":
      return `connecting${closing}`;
    default:
      return `${state.status}${closing}`;
  }
}

function closeText({ code, reason }: { readonly code: number; readonly reason: string }): string {
  return reason === "" ? `${code}` : `${code} (${reason})`;
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.round(ms / 1000))} s`;
}
