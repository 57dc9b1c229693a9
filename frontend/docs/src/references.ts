/**
 * Where a `$ref` leads.
 */
import { isMap, type Json, type Schema } from "./contract.js";

/** The schema at a JSON Pointer in a URI fragment; `undefined` where there is none. */
export function lookUp(root: unknown, reference: string): Schema | undefined {
  if (reference !== "#" && !reference.startsWith("#/")) {
    return undefined;
  }
  let place = root;
  for (const token of reference.split("/").slice(1)) {
    const key = decodeURIComponent(token).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof place !== "object" || place === null || !Object.hasOwn(place, key)) {
      return undefined;
    }
    place = (place as { readonly [key: string]: unknown })[key];
  }
  return typeof place === "boolean" || isMap(place) ? place : undefined;
}

/** A schema that is no reference, unless it leads nowhere or in a circle. */
export function resolved(root: unknown, schema: Schema): Schema {
  let target = schema;
  for (let steps = 0; steps < 64 && isMap(target) && typeof target.$ref === "string"; steps += 1) {
    const found = lookUp(root, target.$ref);
    if (found === undefined) {
      return target;
    }
    target = found;
  }
  return target;
}

/** A value as a schema. */
export function asSchema(value: Json | undefined): Schema | undefined {
  return typeof value === "boolean" || isMap(value) ? value : undefined;
}

/** The values of a list that are schemas. */
export function schemas(value: Json | undefined): readonly Schema[] {
  const values: readonly Json[] = Array.isArray(value) ? value : [];
  return values.map(asSchema).filter((schema) => schema !== undefined);
}

/** The members of an object that are schemas. */
export function members(value: Json | undefined): readonly (readonly [string, Schema])[] {
  const entries = isMap(value) ? Object.entries(value) : [];
  return entries.flatMap(([key, one]) => {
    const schema = asSchema(one);
    return schema === undefined ? [] : [[key, schema] as const];
  });
}
