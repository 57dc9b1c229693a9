/** All about one packet: what it carries, what is wrong with it, and what belongs to it. */
import { type Answer, groupOf } from "../model/exchanges.js";
import type { Entry } from "../recording.js";
import { html } from "./element.js";
import { jsonTree } from "./json.js";
import { sizeOf, timeOf } from "./list.js";

/** What is shown of a packet. `choose` goes to another, and `only` shows only what belongs to it. */
export function detailsOf(
  page: Document,
  entry: Entry,
  all: readonly Entry[],
  answers: ReadonlyMap<number, Answer>,
  choose: (entry: Entry) => void,
  only: (group: string) => void,
): readonly Node[] {
  const { packet, sent } = entry;
  const { frame, violations } = packet;
  const answer = answers.get(entry.number);
  const facts = [
    packet.direction === "in" ? "received" : sent ? "sent" : "not sent",
    `${timeOf(packet.at)} by ${packet.transport}`,
    sizeOf(packet.text),
    packet.duplicate ? "dropped as a duplicate" : "",
    answer === undefined ? "" : `answers ${answer.request.packet.frame?.type} after ${answer.ms} ms`,
  ];
  const parts: Node[] = [
    html(page, "h3", {}, frame?.type ?? "not a frame"),
    html(page, "p", {}, facts.filter((fact) => fact !== "").join(" · ")),
  ];
  if (violations.length > 0) {
    const lines = violations.map(({ pointer, keyword }) =>
      html(page, "li", {}, html(page, "code", {}, pointer === "" ? "(the whole frame)" : pointer), ` ${keyword}`),
    );
    parts.push(html(page, "h4", {}, "Does not follow the contract"), html(page, "ul", { class: "wrong" }, ...lines));
  }
  parts.push(jsonTree(page, frame ?? parsed(packet.text), violations));
  const group = groupOf(entry);
  const others = all.filter((other) => other.number !== entry.number && groupOf(other) === group);
  if (others.length > 0) {
    const list = html(page, "ul", { class: "related" });
    for (const other of others) {
      const ms = other.packet.at - packet.at;
      const text = `${other.packet.direction === "in" ? "↓" : "↑"} ${other.packet.frame?.type} ${ms < 0 ? "−" : "+"}${Math.abs(ms)} ms`;
      const button = html(page, "button", { type: "button" }, text);
      button.addEventListener("click", () => choose(other));
      list.append(html(page, "li", {}, button));
    }
    const button = html(page, "button", { type: "button" }, "Show only these");
    button.addEventListener("click", () => only(group));
    parts.push(html(page, "h4", {}, "Belongs together"), list, button);
  }
  return parts;
}

/** What the text says, or the text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
