/** The list of packets: one line for each, chosen by mouse or keys. */
import { type Answer, groupOf } from "../model/exchanges.js";
import type { Entry } from "../recording.js";
import { html, set } from "./element.js";

/** A list of packets. */
export interface PacketList {
  readonly element: HTMLElement;
  /** Shows these packets. */
  show(entries: readonly Entry[], answers: ReadonlyMap<number, Answer>): void;
  /** Chooses a packet, if there is one. */
  choose(entry: Entry | undefined): void;
}

/** A list that tells which packet was chosen. */
export function packetList(page: Document, chosen: (entry: Entry | undefined) => void): PacketList {
  const element = html(page, "div", { role: "listbox", tabindex: 0, "aria-label": "Packets, oldest first" });
  const rows = new Map<number, HTMLElement>();
  let shown: readonly Entry[] = [];
  let current: Entry | undefined;
  let hovered: string | undefined;

  const mark = (): void => {
    const group = hovered ?? (current && groupOf(current));
    for (const entry of shown) {
      const row = rows.get(entry.number);
      row?.classList.toggle("same", groupOf(entry) === group);
      row?.setAttribute("aria-selected", `${entry.number === current?.number}`);
    }
    const isShown = current !== undefined && shown.includes(current);
    set(element, { "aria-activedescendant": isShown ? `packet-${current?.number}` : undefined });
  };
  const choose = (entry: Entry | undefined): void => {
    current = entry;
    mark();
    chosen(entry);
    if (entry !== undefined) {
      rows.get(entry.number)?.scrollIntoView?.({ block: "nearest" });
    }
  };
  const entryOf = (event: Event): Entry | undefined => {
    const row = (event.target as Element).closest("[role=option]");
    return shown.find(({ number }) => row?.id === `packet-${number}`);
  };
  element.addEventListener("click", (event) => choose(entryOf(event) ?? current));
  element.addEventListener("mouseover", (event) => {
    const entry = entryOf(event);
    hovered = entry && groupOf(entry);
    mark();
  });
  element.addEventListener("mouseleave", () => {
    hovered = undefined;
    mark();
  });
  element.addEventListener("keydown", (event) => {
    const at = current === undefined ? -1 : shown.findIndex(({ number }) => number === current?.number);
    const last = shown.length - 1;
    const targets: { readonly [key: string]: number } = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? last : at - 1,
      PageDown: at + 10,
      PageUp: at - 10,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target !== undefined && last >= 0) {
      event.preventDefault();
      choose(shown[Math.min(last, Math.max(0, target))]);
    }
  });
  return {
    element,
    choose,
    show(entries, answers) {
      // Whoever looks at the newest goes on looking at the newest.
      const follows = element.scrollTop + element.clientHeight >= element.scrollHeight - 4;
      const wanted = new Set(entries.map(({ number }) => number));
      for (const [number, row] of rows) {
        if (!wanted.has(number)) {
          row.remove();
          rows.delete(number);
        }
      }
      shown = entries;
      let before: HTMLElement | undefined;
      for (const entry of entries) {
        const row = rows.get(entry.number) ?? rowOf(page, entry, answers.get(entry.number));
        rows.set(entry.number, row);
        const place = before === undefined ? element.firstElementChild : before.nextElementSibling;
        if (place !== row) {
          element.insertBefore(row, place);
        }
        before = row;
      }
      mark();
      if (follows) {
        element.scrollTop = element.scrollHeight;
      }
    },
  };
}

function rowOf(page: Document, { number, packet, sent }: Entry, answer: Answer | undefined): HTMLElement {
  const { at, direction, frame, text, violations, duplicate } = packet;
  const notes = [
    violations.length > 0 && `⚠ ${violations.length}`,
    !sent && "not sent",
    duplicate && "duplicate",
    answer && `+${answer.ms} ms`,
  ].filter((note) => typeof note === "string");
  const cell = (name: string, content: string): HTMLElement => html(page, "span", { class: name }, content);
  return html(
    page,
    "div",
    {
      role: "option",
      id: `packet-${number}`,
      class: `${direction}${violations.length > 0 ? " invalid" : ""}${duplicate ? " duplicate" : ""}`,
    },
    cell("time", timeOf(at)),
    cell("direction", direction === "in" ? "↓ in" : "↑ out"),
    cell("type", frame?.type ?? "not a frame"),
    cell("topic", frame?.topic ?? ""),
    cell("size", sizeOf(text)),
    cell("notes", notes.join(" · ")),
  );
}

/** The time of day, to the millisecond. */
export function timeOf(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const ms = `${date.getMilliseconds()}`.padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** Bytes of a text in UTF-8. */
export function sizeOf(text: string): string {
  const bytes = new TextEncoder().encode(text).length;
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`;
}
