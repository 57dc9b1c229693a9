/**
 * A part of a form: what is typed there, as JSON.
 */
import type { Json, Schema } from "../contract.js";
import { h, labelled, select } from "../dom.js";
import { sample } from "../sample.js";
import { descriptionOf, type Shape, shapeOf } from "../shape.js";
import { validate } from "../validate.js";
import { listField } from "./list.js";
import { objectField } from "./object.js";

export interface Field {
  readonly element: HTMLElement;
  /** What is there now. */
  read(): Json;
}

/** Below this there is text instead of a form: a schema may contain itself. */
const MAX_DEPTH = 10;

/** A field for a schema, with a value to begin with. Every change bubbles as `input`. */
export function field(root: unknown, schema: Schema, label: string, value: Json, depth = 0): Field {
  const shape: Shape = depth > MAX_DEPTH ? { kind: "json" } : shapeOf(root, schema);
  const hint = descriptionOf(root, schema);
  switch (shape.kind) {
    case "choice":
      return choiceField(shape.values, label, value, hint);
    case "text":
      return textField(shape, label, value, hint);
    case "number":
      return numberField(shape.whole, label, value, hint);
    case "boolean": {
      const list = select(
        [
          ["false", "false"],
          ["true", "true"],
        ],
        String(value === true),
      );
      return { element: labelled(label, list, hint), read: () => list.value === "true" };
    }
    case "null":
      return { element: h("p", { class: "field" }, `${label}: null`), read: () => null };
    case "list":
      return listField(root, shape, label, value, hint, depth);
    case "object":
      return objectField(root, shape, label, value, hint, depth);
    case "union":
      return unionField(root, shape.alternatives, label, value, depth);
    case "json":
      return jsonField(label, value, hint);
  }
}

function choiceField(values: readonly Json[], label: string, value: Json, hint: string): Field {
  const texts = values.map((one) => JSON.stringify(one));
  const options = values.map(
    (one, index) => [String(index), typeof one === "string" ? one : JSON.stringify(one)] as const,
  );
  const list = select(options, String(Math.max(texts.indexOf(JSON.stringify(value)), 0)));
  return { element: labelled(label, list, hint), read: () => values[Number(list.value)] ?? null };
}

function textField(shape: { readonly long: boolean }, label: string, value: Json, hint: string): Field {
  const control = shape.long ? h("textarea", { rows: "3" }) : h("input", { autocomplete: "off", spellcheck: "false" });
  control.value = typeof value === "string" ? value : "";
  return { element: labelled(label, control, hint), read: () => control.value };
}

function numberField(whole: boolean, label: string, value: Json, hint: string): Field {
  const control = h("input", { type: "number", step: whole ? "1" : "any" });
  control.value = typeof value === "number" ? String(value) : "";
  // Nothing, or no number, is what validation should tell.
  return { element: labelled(label, control, hint), read: () => (control.value === "" ? null : Number(control.value)) };
}

/** Text that is JSON; what is not is a string. */
function jsonField(label: string, value: Json, hint: string): Field {
  const control = h("textarea", { rows: "3", spellcheck: "false", class: "code" });
  control.value = JSON.stringify(value, undefined, 2);
  const read = (): Json => {
    try {
      return JSON.parse(control.value) as Json;
    } catch {
      return control.value;
    }
  };
  return { element: labelled(`${label} (JSON)`, control, hint), read };
}

function unionField(
  root: unknown,
  alternatives: readonly (readonly [label: string, schema: Schema])[],
  label: string,
  value: Json,
  depth: number,
): Field {
  const fits = alternatives.findIndex(([, schema]) => validate(root, schema, value).violations.length === 0);
  const list = select(
    alternatives.map(([name], index) => [String(index), name] as const),
    String(Math.max(fits, 0)),
  );
  const make = (index: number, initial: Json): Field =>
    field(root, alternatives[index]?.[1] ?? true, label, initial, depth + 1);
  let chosen = make(Math.max(fits, 0), value);
  const place = h("div", {}, chosen.element);
  list.addEventListener("input", () => {
    const index = Number(list.value);
    chosen = make(index, sample(root, alternatives[index]?.[1] ?? true));
    place.replaceChildren(chosen.element);
  });
  const element = h("div", { class: "union" }, labelled(`${label}: which kind`, list), place);
  return { element, read: () => chosen.read() };
}
