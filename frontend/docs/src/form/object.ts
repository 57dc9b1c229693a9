/**
 * An object: its properties, each of the optional ones only where it is wanted, and others where they may be.
 */
import { isMap, type Json, type Schema } from "../contract.js";
import { h, labelled } from "../dom.js";
import { sample } from "../sample.js";
import { type Field, field } from "./field.js";

interface Property {
  /** `undefined` where the property is left out. */
  read(): readonly [string, Json] | undefined;
  readonly element: HTMLElement;
}

export function objectField(
  root: unknown,
  shape: {
    readonly properties: readonly (readonly [name: string, schema: Schema])[];
    readonly required: readonly string[];
    readonly others: Schema | undefined;
  },
  label: string,
  value: Json,
  hint: string,
  depth: number,
): Field {
  const given = isMap(value) ? value : {};
  const properties: Property[] = shape.properties.map(([name, schema]) => {
    const initial = Object.hasOwn(given, name) ? given[name] : undefined;
    const make = (): Field => field(root, schema, name, initial ?? sample(root, schema), depth + 1);
    return shape.required.includes(name) ? always(name, make()) : optional(name, make, initial !== undefined);
  });
  const named = new Set(shape.properties.map(([name]) => name));
  const rows = h("div", {}, ...properties.map((property) => property.element));
  const element = h("fieldset", {}, h("legend", {}, label), hint !== "" && h("p", { class: "hint" }, hint), rows);
  const { others } = shape;
  if (others !== undefined) {
    const add = (name: string, initial: Json): Property => {
      const property = other(root, others, name, initial, depth, (gone) => {
        properties.splice(properties.indexOf(gone), 1);
        more.focus();
      });
      properties.push(property);
      rows.append(property.element);
      return property;
    };
    const more = h(
      "button",
      { type: "button" },
      shape.properties.length > 0 ? "Add another property" : "Add a property",
    );
    more.addEventListener("click", () => {
      add("", sample(root, others)).element.querySelector<HTMLElement>("input")?.focus();
      rows.dispatchEvent(new Event("input", { bubbles: true }));
    });
    for (const [name, one] of Object.entries(given).filter(([name]) => !named.has(name))) {
      add(name, one);
    }
    element.append(more);
  }
  const read = (): Json => Object.fromEntries(properties.map((one) => one.read()).filter((one) => one !== undefined));
  return { element, read };
}

function always(name: string, made: Field): Property {
  return { element: made.element, read: () => [name, made.read()] };
}

/** Its field is made when it is wanted: a schema may contain itself. */
function optional(name: string, make: () => Field, isWanted: boolean): Property {
  const box = h("input", { type: "checkbox", "aria-label": `Send ${name}` });
  box.checked = isWanted;
  let made: Field | undefined;
  const place = h("div");
  const show = (): void => {
    made = box.checked ? (made ?? make()) : made;
    place.replaceChildren(
      ...(box.checked && made !== undefined ? [made.element] : [h("p", { class: "absent" }, name)]),
    );
  };
  box.addEventListener("input", show);
  show();
  const element = h("div", { class: "optional" }, box, place);
  return { element, read: () => (box.checked && made !== undefined ? [name, made.read()] : undefined) };
}

/** A property whose name is typed, too. */
function other(
  root: unknown,
  schema: Schema,
  name: string,
  value: Json,
  depth: number,
  removed: (property: Property) => void,
): Property {
  const key = h("input", { autocomplete: "off", spellcheck: "false" });
  key.value = name;
  const made = field(root, schema, "value", value, depth + 1);
  const remove = h("button", { type: "button" }, "Remove");
  const element = h("div", { class: "item" }, labelled("name", key), made.element, remove);
  const property: Property = { element, read: () => [key.value, made.read()] };
  remove.addEventListener("click", () => {
    const { parentElement } = element;
    element.remove();
    removed(property);
    parentElement?.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return property;
}
