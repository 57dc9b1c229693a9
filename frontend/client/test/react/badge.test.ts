import { expect, it } from "vitest";
import type { Closing, ConnectionState } from "../../src/index.js";
import { badgeOf } from "../../src/react/index.js";

const closing: Closing = { code: 1006, reason: "", known: undefined, planned: false };
const open = { status: "open", since: 0, connectionId: undefined } as const;
const waiting = { status: "waiting", retryAt: 0, failures: 1, closing } as const;

it.each<[ConnectionState, string]>([
  [{ status: "idle" }, "amber Not connected"],
  [{ status: "connecting", failures: 0, downSince: undefined, closing: undefined }, "amber Connecting"],
  [{ status: "connecting", failures: 0, downSince: 1, closing }, "amber Reconnecting"],
  [{ ...open, transport: "websocket", probing: false }, "green Live"],
  [{ ...open, transport: "websocket", probing: true }, "amber Checking"],
  [{ ...open, transport: "sse", probing: false }, "amber Live, limited"],
  [{ ...waiting, offline: false, downSince: 1 }, "amber Reconnecting"],
  [{ ...waiting, offline: false, downSince: undefined }, "amber Connecting"],
  [{ ...waiting, offline: true, downSince: 1 }, "amber Offline"],
  [{ status: "stopped", closing, downSince: 1 }, "red Disconnected"],
])("%j is %s", (state, expected) => {
  const { colour, text } = badgeOf(state);
  expect(`${colour} ${text}`).toBe(expected);
});
