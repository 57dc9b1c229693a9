/** What can be chosen and done. */
import { ANYTHING, choices, type Filter } from "../model/filter.js";
import type { Entry } from "../recording.js";
import { html, set } from "./element.js";

/** The filters. */
export interface Filters {
  readonly element: HTMLElement;
  readonly filter: Filter;
  /** Looks for something else. */
  change(part: Partial<Filter>): void;
  /** Offers what there is to choose from. */
  offer(entries: readonly Entry[]): void;
}

/** Filters that tell when something else is looked for. */
export function filters(page: Document, changed: () => void): Filters {
  let filter = ANYTHING;
  const select = (name: "show" | "type" | "topic", label: string): HTMLSelectElement => {
    const made = html(page, "select", { "aria-label": label });
    made.addEventListener("change", () => change({ [name]: made.value }));
    return made;
  };
  const fill = (made: HTMLSelectElement, options: readonly (readonly [string, string])[], chosen: string): void => {
    if ([...made.options].map(({ value }) => value).join("\n") !== options.map(([value]) => value).join("\n")) {
      made.replaceChildren(...options.map(([value, text]) => html(page, "option", { value }, text)));
    }
    made.value = chosen;
  };
  const [show, type, topic] = [select("show", "Direction"), select("type", "Type"), select("topic", "Topic")];
  const text = html(page, "input", { type: "search", "aria-label": "Text", placeholder: "Text" });
  text.addEventListener("input", () => change({ text: text.value }));
  const group = button(page, "Show all again", () => change({ group: "" }));
  const change = (part: Partial<Filter>): void => {
    filter = { ...filter, ...part };
    changed();
  };
  const element = html(page, "div", { role: "group", "aria-label": "Filters" }, show, type, topic, text, group);
  const shows = [
    ["all", "In and out"],
    ["in", "In"],
    ["out", "Out"],
    ["violations", "Violations"],
  ] as const;
  return {
    element,
    get filter() {
      return filter;
    },
    change,
    offer(entries) {
      const named = (names: readonly string[]) => names.map((name) => [name, name] as const);
      fill(show, shows, filter.show);
      fill(type, [["", "All types"], ...named(choices(entries, "type", filter.type))], filter.type);
      fill(topic, [["", "All topics"], ...named(choices(entries, "topic", filter.topic))], filter.topic);
      group.hidden = filter.group === "";
    },
  };
}

/** A button. */
export function button(page: Document, label: string, act: () => void): HTMLButtonElement {
  const made = html(page, "button", { type: "button" }, label);
  made.addEventListener("click", act);
  return made;
}

/** A button that is pressed or not. */
export function toggleButton(
  page: Document,
  label: string,
  isPressed: boolean,
  act: (isPressed: boolean) => void,
): HTMLButtonElement {
  let pressed = isPressed;
  const made = button(page, label, () => {
    pressed = !pressed;
    set(made, { "aria-pressed": `${pressed}` });
    act(pressed);
  });
  set(made, { "aria-pressed": `${pressed}` });
  return made;
}

/** Hands a text to the reader as a file. */
export function download(page: Document, name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = html(page, "a", { href: url, download: name });
  link.click();
  // Not before the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
