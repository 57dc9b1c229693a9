/** Which packets belong together, and how long answers took. Pure. */
import type { ServerFrameBase } from "../../protocol.js";
import type { Entry } from "../recording.js";

/** What packets that belong together have in common: an answer carries the `id` of the frame that it answers. */
export function groupOf({ packet, number }: Entry): string {
  const frame = packet.frame as Partial<ServerFrameBase> | undefined;
  return frame?.correlation_id ?? frame?.id ?? `#${number}`;
}

/** An answer: which packet it answers, and after how many milliseconds. */
export interface Answer {
  readonly request: Entry;
  readonly ms: number;
  /** Whether it is the first to this request. */
  readonly isFirst: boolean;
}

/** The answers among the packets, by their number. */
export function answersIn(entries: readonly Entry[]): ReadonlyMap<number, Answer> {
  const requests = new Map<string, Entry>();
  const answered = new Set<string>();
  const answers = new Map<number, Answer>();
  for (const entry of entries) {
    const { direction, frame, at } = entry.packet;
    if (direction === "out" && frame !== undefined) {
      requests.set(frame.id, entry);
      continue;
    }
    const group = groupOf(entry);
    const request = requests.get(group);
    if (request !== undefined) {
      answers.set(entry.number, { request, ms: Math.max(0, at - request.packet.at), isFirst: !answered.has(group) });
      answered.add(group);
    }
  }
  return answers;
}

/** How long first answers took, oldest first, in milliseconds. */
export function latencies(answers: ReadonlyMap<number, Answer>): readonly number[] {
  return [...answers.values()].filter(({ isFirst }) => isFirst).map(({ ms }) => ms);
}

/** The newest, the middle and the longest; `undefined` where there are none. */
export function summaryOf(
  times: readonly number[],
): { readonly last: number; readonly median: number; readonly longest: number } | undefined {
  const sorted = [...times].sort((a, b) => a - b);
  const [last, median, longest] = [times.at(-1), sorted[sorted.length >> 1], sorted.at(-1)];
  return last === undefined || median === undefined || longest === undefined ? undefined : { last, median, longest };
}
