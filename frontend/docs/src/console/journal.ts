/**
 * What went in and out, the newest first.
 */
import { type Contract, type Direction, isMap, type Json } from "../contract.js";
import { h } from "../dom.js";
import { judge } from "../judge.js";
import type { Verdict } from "../validate.js";

/** More is not kept. */
const MOST = 200;

export class Journal {
  private readonly rows = h("ol", { class: "journal" });
  readonly element: HTMLElement = h("div", { role: "log", "aria-label": "Frames" }, this.rows);
  private readonly contract: Contract;

  constructor(contract: Contract) {
    this.contract = contract;
  }

  /** A frame; gives what it is, where it is JSON. */
  frame(direction: Direction, text: string): Json | undefined {
    let frame: Json;
    try {
      frame = JSON.parse(text) as Json;
    } catch {
      this.add(direction, "not JSON", "", text, {
        violations: [{ pointer: "", keyword: "json", message: "is not JSON" }],
        unchecked: [],
      });
      return undefined;
    }
    const verdict = judge(this.contract, direction, frame);
    const { type, topic } = isMap(frame) ? frame : {};
    const name = typeof type === "string" ? type : (verdict.message?.name ?? "unknown");
    this.add(direction, name, typeof topic === "string" ? topic : "", JSON.stringify(frame, undefined, 2), verdict);
    return frame;
  }

  /** Something that is no frame. */
  note(text: string, kind: "good" | "bad" | "plain" = "plain"): void {
    this.put(h("li", { class: `note ${kind}` }, time(), " ", text));
  }

  clear(): void {
    this.rows.replaceChildren();
  }

  private add(direction: Direction, name: string, topic: string, text: string, verdict: Verdict): void {
    const { violations } = verdict;
    const way = direction === "to_server" ? "sent" : "received";
    const judged =
      violations.length === 0 ? "valid" : violations.length === 1 ? "1 violation" : `${violations.length} violations`;
    const summary = h(
      "summary",
      {},
      time(),
      " ",
      h("span", { class: `way ${way}` }, way),
      " ",
      h("code", {}, name),
      " ",
      h("span", { class: "topic" }, topic),
      " ",
      h("span", { class: violations.length === 0 ? "verdict good" : "verdict bad" }, judged),
    );
    const details = h("details", {}, summary, list(verdict), h("pre", { tabindex: "0" }, h("code", {}, text)));
    details.open = violations.length > 0;
    this.put(h("li", {}, details));
  }

  private put(row: HTMLElement): void {
    this.rows.prepend(row);
    this.rows.children[MOST]?.remove();
  }
}

/** What is wrong, and what nobody looked at. */
export function list({ violations, unchecked }: Verdict): HTMLElement {
  return h(
    "ul",
    { class: "violations" },
    ...violations.map(({ pointer, message }) =>
      h("li", {}, h("code", {}, pointer === "" ? "the frame" : pointer), ` ${message}`),
    ),
    unchecked.length > 0 &&
      h("li", { class: "unchecked" }, `Not checked here: ${unchecked.join(", ")}. The server does.`),
  );
}

function time(): HTMLElement {
  const now = new Date();
  return h("time", { datetime: now.toISOString() }, now.toTimeString().slice(0, 8));
}
