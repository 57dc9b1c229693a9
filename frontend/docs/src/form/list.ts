/**
 * A list: items that can be added and removed.
 */
import type { Json, Schema } from "../contract.js";
import { h } from "../dom.js";
import { sample } from "../sample.js";
import { type Field, field } from "./field.js";

interface Item {
  readonly row: HTMLElement;
  readonly field: Field;
}

export function listField(
  root: unknown,
  shape: { readonly item: Schema },
  label: string,
  value: Json,
  hint: string,
  depth: number,
): Field {
  const items: Item[] = [];
  const rows = h("div");
  const changed = (): boolean => rows.dispatchEvent(new Event("input", { bubbles: true }));
  const add = (initial: Json): Item => {
    const made = field(root, shape.item, `item ${items.length}`, initial, depth + 1);
    const remove = h("button", { type: "button", "aria-label": `Remove item of ${label}` }, "Remove");
    const item: Item = { row: h("div", { class: "item" }, made.element, remove), field: made };
    remove.addEventListener("click", () => {
      items.splice(items.indexOf(item), 1);
      item.row.remove();
      more.focus();
      changed();
    });
    items.push(item);
    rows.append(item.row);
    return item;
  };
  const more = h("button", { type: "button" }, `Add to ${label}`);
  more.addEventListener("click", () => {
    const { row } = add(sample(root, shape.item));
    row.querySelector<HTMLElement>("input, select, textarea")?.focus();
    changed();
  });
  for (const one of Array.isArray(value) ? (value as readonly Json[]) : []) {
    add(one);
  }
  const element = h("fieldset", {}, h("legend", {}, label), hint !== "" && h("p", { class: "hint" }, hint), rows, more);
  return { element, read: () => items.map((item) => item.field.read()) };
}
