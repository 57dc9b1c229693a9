/**
 * Elements, without markup in strings: what a document says is text.
 */

export type Child = Node | string | undefined | false;

/** An element with attributes (`true` for one without a value, `false` for none) and children. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: { readonly [name: string]: string | boolean | undefined } = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

let count = 0;

/** A label and what it is for. */
export function labelled(label: string, control: HTMLElement, hint?: string): HTMLElement {
  count += 1;
  control.id = `control-${count}`;
  if (hint !== undefined && hint !== "") {
    control.setAttribute("aria-describedby", `hint-${count}`);
  }
  return h(
    "div",
    { class: "field" },
    h("label", { for: control.id }, label),
    control,
    hint !== undefined && hint !== "" && h("p", { class: "hint", id: `hint-${count}` }, hint),
  );
}

/** A list to choose from. */
export function select(
  options: readonly (readonly [value: string, label: string])[],
  value?: string,
): HTMLSelectElement {
  const list = h("select", {}, ...options.map(([key, label]) => h("option", { value: key }, label)));
  list.value = value ?? options[0]?.[0] ?? "";
  return list;
}
