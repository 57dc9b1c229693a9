/** The state of the connection in a word. Pure. */
import { assertNever } from "../assert-never.js";
import { type ConnectionState, colourOf } from "../state.js";

/** What the badge shows. */
export interface Badge {
  readonly colour: "green" | "amber" | "red";
  readonly text: string;
}

/** The badge for a state. */
export function badgeOf(state: ConnectionState): Badge {
  return { colour: colourOf(state), text: textOf(state) };
}

function textOf(state: ConnectionState): string {
  switch (state.status) {
    case "idle":
      return "Not connected";
    case "connecting":
      return state.downSince === undefined ? "Connecting" : "Reconnecting";
    case "open":
      return state.probing ? "Checking" : state.transport === "websocket" ? "Live" : "Live, limited";
    case "waiting":
      return state.offline ? "Offline" : state.downSince === undefined ? "Connecting" : "Reconnecting";
    case "stopped":
      return "Disconnected";
    default:
      return assertNever(state);
  }
}
