/** The overlay: what the recording has, and what can be done to the connection. Loaded when it is opened. */
import type { Clock } from "../clock.js";
import type { ConnectionState } from "../state.js";
import { answersIn, latencies } from "./model/exchanges.js";
import { toNdjson } from "./model/export.js";
import { matches } from "./model/filter.js";
import { describe, stretches } from "./model/timeline.js";
import type { Entry, Recording } from "./recording.js";
import { sparkline, timeline } from "./view/charts.js";
import { detailsOf } from "./view/details.js";
import { html } from "./view/element.js";
import { packetList } from "./view/list.js";
import { styleSheet } from "./view/style.js";
import { button, download, filters, toggleButton } from "./view/toolbar.js";

/** The client, as the overlay sees it. */
export interface Inspected {
  readonly recording: Recording;
  readonly clock: Clock;
  readonly state: ConnectionState;
  /** Whether nothing is let through. */
  silent: boolean;
  cut(): void;
  silence(on: boolean): void;
  reconnect(): void;
}

/** An overlay that is open. */
export interface Overlay {
  /** Closes it; who had the focus before gets it back. */
  close(): void;
}

/** How long a time the timeline shows. */
const SPAN_MS = 300_000;

/** How often what changes with time is drawn. */
const TICK_MS = 1000;

/** Opens the overlay, and tells when it was closed. */
export function openOverlay(inspected: Inspected, page: Document, closed: () => void): Overlay {
  const { recording, clock } = inspected;
  const before = page.activeElement;
  const host = html(page, "div");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [styleSheet()];

  let paused: readonly Entry[] | undefined;
  let isOpen = true;
  let chosen: Entry | undefined;
  const entries = (): readonly Entry[] => paused ?? recording.entries;
  const visible = (): readonly Entry[] => entries().filter((entry) => matches(entry, choice.filter));

  const state = html(page, "span", { class: "state" });
  const count = html(page, "span");
  const spark = sparkline(page);
  const times = html(page, "span");
  const line = timeline(page);
  const details = html(page, "div", { class: "details", role: "region", "aria-label": "Chosen packet", tabindex: 0 });
  const choice = filters(page, () => draw());
  const list = packetList(page, (entry) => {
    chosen = entry;
    describeChosen();
  });

  const describeChosen = (): void => {
    const all = entries();
    details.replaceChildren(
      ...(chosen === undefined
        ? ["Choose a packet to see what it carries."]
        : detailsOf(page, chosen, all, answersIn(all), list.choose, (group) => choice.change({ group }))),
    );
  };
  const drawTimes = (): void => {
    const now = clock.now();
    state.textContent = describe(inspected.state, now);
    line.draw(stretches(recording.changes, now, SPAN_MS));
  };
  const draw = (): void => {
    const all = entries();
    const shown = visible();
    const answers = answersIn(all);
    choice.offer(all);
    list.show(shown, answers);
    times.textContent = spark.draw(latencies(answers));
    count.textContent = `${shown.length} of ${all.length}`;
    drawTimes();
  };

  const toolbar = html(
    page,
    "div",
    { class: "toolbar", role: "group", "aria-label": "Connection and recording" },
    choice.element,
    count,
    toggleButton(page, "Pause", false, (isPressed) => {
      paused = isPressed ? recording.entries : undefined;
      draw();
    }),
    button(page, "Clear", () => {
      paused = paused && [];
      recording.clear();
      list.choose(undefined);
      draw();
    }),
    button(page, "Export", () => {
      const name = `packets-${new Date(clock.now()).toISOString().replaceAll(":", "-")}.ndjson`;
      download(page, name, "application/x-ndjson", toNdjson(visible()));
    }),
    button(page, "Cut", inspected.cut),
    toggleButton(page, "Half-open", inspected.silent, inspected.silence),
    button(page, "Reconnect", inspected.reconnect),
  );
  const dialog = html(
    page,
    "div",
    { role: "dialog", "aria-label": "Tightwire packets" },
    html(
      page,
      "header",
      {},
      html(page, "h2", {}, "Packets"),
      state,
      button(page, "Close", () => close()),
    ),
    html(page, "div", { class: "charts" }, "5 min", line.element, spark.element, times),
    toolbar,
    html(page, "div", { class: "panes" }, list.element, details),
  );
  dialog.addEventListener("keydown", (event) => {
    // What is typed here is not for the page, but for its keys that open and close this.
    if (!event.ctrlKey && !event.metaKey) {
      event.stopPropagation();
    }
    if (event.key === "Escape") {
      close();
    }
  });

  // Many packets in one frame of the screen are drawn once.
  let isDue = false;
  recording.changed = () => {
    if (!isDue) {
      isDue = true;
      requestAnimationFrame(() => {
        isDue = false;
        if (isOpen) {
          draw();
        }
      });
    }
  };
  const ticking = setInterval(drawTimes, TICK_MS);
  const close = (): void => {
    if (isOpen) {
      isOpen = false;
      recording.changed = undefined;
      clearInterval(ticking);
      host.remove();
      (before as HTMLElement | null)?.focus?.();
      closed();
    }
  };

  root.append(dialog);
  page.body.append(host);
  describeChosen();
  draw();
  list.element.focus();
  return { close };
}
