/** Which packets are shown. Pure. */
import type { Entry } from "../recording.js";
import { groupOf } from "./exchanges.js";

/** What is looked for. An empty text is anything. */
export interface Filter {
  readonly show: "all" | "in" | "out" | "violations";
  readonly type: string;
  readonly topic: string;
  /** Found anywhere in the packet's text, whatever the case. */
  readonly text: string;
  /** Packets that belong together. */
  readonly group: string;
}

/** Everything. */
export const ANYTHING: Filter = { show: "all", type: "", topic: "", text: "", group: "" };

/** Whether the packet is shown. */
export function matches(entry: Entry, { show, type, topic, text, group }: Filter): boolean {
  const { direction, frame, violations, text: own } = entry.packet;
  return (
    (show === "all" || (show === "violations" ? violations.length > 0 : direction === show)) &&
    (type === "" || frame?.type === type) &&
    (topic === "" || frame?.topic === topic) &&
    (group === "" || groupOf(entry) === group) &&
    own.toLowerCase().includes(text.toLowerCase())
  );
}

/** What there is to choose from, sorted; `chosen` is always among it. */
export function choices(entries: readonly Entry[], field: "type" | "topic", chosen: string): readonly string[] {
  const found = entries.map(({ packet }) => packet.frame?.[field] ?? "");
  return [...new Set([chosen, ...found])].filter((name) => name !== "").sort();
}
