/** A value as a tree that can be opened and closed. */
import type { Violation } from "../../protocol.js";
import { html } from "./element.js";

/** What is deeper is made when it is opened, and closed at first. */
const OPEN_DEPTH = 3;

/** How much of a text, and how many members, are shown. */
const TEXT_UNITS = 4000;
const MEMBERS = 500;

/** The tree of a value; where something departs from the contract, it says so. */
export function jsonTree(page: Document, value: unknown, violations: readonly Violation[]): HTMLElement {
  const node = (name: string, own: unknown, pointer: string, depth: number): HTMLElement => {
    const wrong = violations.filter((violation) => violation.pointer === pointer).map(({ keyword }) => keyword);
    const label: (Node | string)[] = name === "" ? [] : [html(page, "span", { class: "key" }, name), ": "];
    const mark = wrong.length > 0 ? [html(page, "strong", { class: "wrong" }, ` ⚠ ${wrong.join(", ")}`)] : [];
    if (typeof own !== "object" || own === null) {
      const text = JSON.stringify(own) ?? "";
      const shown = text.length > TEXT_UNITS ? `${text.slice(0, TEXT_UNITS)}… (${text.length} characters)` : text;
      const leaf = html(page, "span", { class: own === null ? "null" : typeof own }, shown);
      return html(page, "div", { class: "leaf" }, ...label, leaf, ...mark);
    }
    const members = Object.entries(own);
    const size = Array.isArray(own) ? `[${members.length}]` : `{${members.length}}`;
    const isWrongInside = violations.some((violation) => violation.pointer.startsWith(`${pointer}/`));
    const branch = html(
      page,
      "details",
      { open: depth < OPEN_DEPTH || isWrongInside },
      html(page, "summary", {}, ...label, size, ...mark),
    );
    const fill = (): void => {
      if (branch.open && branch.childElementCount === 1) {
        const shown = members.slice(0, MEMBERS);
        branch.append(...shown.map(([key, member]) => node(key, member, `${pointer}/${escaped(key)}`, depth + 1)));
        if (members.length > MEMBERS) {
          branch.append(html(page, "div", { class: "leaf" }, `… ${members.length - MEMBERS} more`));
        }
      }
    };
    branch.addEventListener("toggle", fill);
    fill();
    return branch;
  };
  return html(page, "div", { class: "json" }, node("", value, "", 0));
}

/** A name in a JSON Pointer (RFC 6901). */
function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
