/**
 * A debug overlay for any protocol, on Ctrl+Shift+D (Cmd+Shift+D). What is here only records and listens for the keys; the
 * overlay itself is loaded when it is wanted for the first time.
 *
 * ```ts
 * import { installDevtools } from "@tightwire/client/devtools";
 *
 * const devtools = installDevtools(client);
 * ```
 */
import type { Client } from "../client.js";
import type { Packet } from "../packet.js";
import type { FrameBase, ProtocolTypes } from "../protocol.js";
import type { Inspected, Overlay } from "./overlay.js";
import { Recording } from "./recording.js";

/** What is recorded, and how the overlay is opened. */
export interface DevtoolsOptions {
  /** Whether the keys open the overlay. Default: `true`. */
  readonly shortcut?: boolean;
  /** How many packets are kept. Default: 200. */
  readonly packets?: number;
  /** How many characters of their text are kept. Default: 1 048 576. */
  readonly characters?: number;
}

/** The overlay of a client. */
export interface Devtools {
  /** Opens it, or closes it. */
  toggle(): Promise<void>;
  /** Closes it, forgets what was recorded, and listens no more. */
  uninstall(): void;
}

/** Begins to record what a client sends and gets. Where there is no page it does nothing else. */
export function installDevtools<Types extends ProtocolTypes>(
  client: Client<Types>,
  options: DevtoolsOptions = {},
): Devtools {
  const { shortcut = true, packets = 200, characters = 1 << 20 } = options;
  const page = globalThis.document as Document | undefined;
  const recording = new Recording(packets, characters);
  const inspected: Inspected = {
    recording,
    clock: client.clock,
    get state() {
      return client.state;
    },
    silent: false,
    cut: () => client.simulate.cut(),
    silence(on) {
      inspected.silent = on;
      client.simulate.silence(on);
    },
    reconnect() {
      client.simulate.cut();
      client.retryNow();
      client.connect();
    },
  };
  const { authenticate } = client.protocol.session.toServer;
  recording.enter(client.clock.now(), client.state);
  const stops = [
    client.onEvent("state", (state) => recording.enter(client.clock.now(), state)),
    client.onEvent("packet", (packet) => recording.add(withoutToken(packet, authenticate), true)),
    client.onEvent("violation", ({ direction, text, violations }) => {
      if (direction === "out") {
        const transport = client.state.status === "open" ? client.state.transport : "websocket";
        const frame = JSON.parse(text) as FrameBase;
        const packet = { at: client.clock.now(), direction, transport, text, frame, violations, duplicate: false };
        recording.add(withoutToken(packet, authenticate), false);
      }
    }),
  ];
  let overlay: Overlay | undefined;
  let isWanted = false;
  const toggle = async (): Promise<void> => {
    isWanted = !isWanted;
    overlay?.close();
    if (isWanted && page !== undefined) {
      const { openOverlay } = await import("./overlay.js");
      if (isWanted && overlay === undefined) {
        overlay = openOverlay(inspected, page, () => {
          overlay = undefined;
          isWanted = false;
        });
      }
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    const { ctrlKey, metaKey, shiftKey, altKey, key } = event;
    if (shiftKey && !altKey && ctrlKey !== metaKey && key.toLowerCase() === "d") {
      event.preventDefault();
      toggle().catch(console.error);
    }
  };
  if (shortcut) {
    page?.addEventListener("keydown", onKey);
  }
  return {
    toggle,
    uninstall: () => {
      isWanted = false;
      overlay?.close();
      page?.removeEventListener("keydown", onKey);
      stops.forEach((stop) => {
        stop();
      });
      inspected.silence(false);
      recording.clear();
    },
  };
}

/** What is recorded may be shown to others, and exported: the frame that carries the token is recorded without. */
function withoutToken(packet: Packet, authenticate: string | undefined): Packet {
  if (packet.frame === undefined || packet.frame.type !== authenticate) {
    return packet;
  }
  const frame = { ...packet.frame, data: "…" };
  return { ...packet, frame, text: JSON.stringify(frame) };
}
