/**
 * What a form can make of a schema. It may be less exact than the schema: what the form gives is validated.
 */
import { isMap, type Json, type JsonMap, type Schema } from "./contract.js";
import { asSchema, members, resolved, schemas } from "./references.js";

export type Shape =
  | { readonly kind: "choice"; readonly values: readonly Json[] }
  | { readonly kind: "text"; readonly long: boolean; readonly format: string | undefined }
  | { readonly kind: "number"; readonly whole: boolean }
  | { readonly kind: "boolean" }
  | { readonly kind: "null" }
  | { readonly kind: "list"; readonly item: Schema; readonly least: number }
  | {
      readonly kind: "object";
      readonly properties: readonly (readonly [name: string, schema: Schema])[];
      readonly required: readonly string[];
      /** What properties of other names may be; `undefined` for no such property. */
      readonly others: Schema | undefined;
    }
  | { readonly kind: "union"; readonly alternatives: readonly (readonly [label: string, schema: Schema])[] }
  /** What no form can be made for. */
  | { readonly kind: "json" };

/** How far an `allOf` may lead. */
const MAX_DEPTH = 32;

/** All keywords that hold at a place, with references and `allOf` followed. */
export function merged(root: unknown, schema: Schema, depth = 0): JsonMap {
  const own = resolved(root, schema);
  if (!isMap(own) || depth > MAX_DEPTH) {
    return {};
  }
  const { allOf, ...rest } = own;
  return [rest, ...schemas(allOf).map((part) => merged(root, part, depth + 1))].reduce<JsonMap>(join, {});
}

function join(left: JsonMap, right: JsonMap): JsonMap {
  const properties: { [name: string]: Json } = { ...(isMap(left.properties) ? left.properties : {}) };
  for (const [name, schema] of members(right.properties)) {
    const known = properties[name];
    properties[name] = known === undefined ? schema : { allOf: [known, schema] };
  }
  const required = [left.required, right.required].flatMap((list) => (Array.isArray(list) ? list : []));
  return {
    ...left,
    ...right,
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required: [...new Set(required)] } : {}),
  };
}

/** The shape of a schema. */
export function shapeOf(root: unknown, schema: Schema): Shape {
  const all = merged(root, schema);
  if (all.const !== undefined) {
    return { kind: "choice", values: [all.const] };
  }
  if (Array.isArray(all.enum)) {
    return { kind: "choice", values: all.enum };
  }
  for (const keyword of ["oneOf", "anyOf"] as const) {
    const { [keyword]: union, ...rest } = all;
    const alternatives = schemas(union);
    if (alternatives.length > 0) {
      const label = (one: Schema, index: number): string => titleOf(root, one) ?? `alternative ${index + 1}`;
      return {
        kind: "union",
        alternatives: alternatives.map((one, index) => [label(one, index), { allOf: [rest, one] }] as const),
      };
    }
  }
  const types = Array.isArray(all.type) ? all.type.map(String) : [String(all.type ?? guess(all))];
  if (types.length > 1) {
    return { kind: "union", alternatives: types.map((type) => [type, { ...all, type }] as const) };
  }
  return ofType(types[0] ?? "", all);
}

function ofType(type: string, all: JsonMap): Shape {
  switch (type) {
    case "string": {
      const format = typeof all.format === "string" ? all.format : undefined;
      return { kind: "text", format, long: format === undefined && Number(all.maxLength ?? 1000) > 500 };
    }
    case "integer":
    case "number":
      return { kind: "number", whole: type === "integer" };
    case "boolean":
    case "null":
      return { kind: type };
    case "array": {
      const item = asSchema(all.items);
      const isPlain = item !== undefined && all.prefixItems === undefined;
      return isPlain ? { kind: "list", item, least: Number(all.minItems ?? 0) } : { kind: "json" };
    }
    case "object": {
      const others = asSchema(all.additionalProperties);
      return {
        kind: "object",
        properties: members(all.properties),
        required: Array.isArray(all.required) ? all.required.map(String) : [],
        others: others === false ? undefined : (others ?? true),
      };
    }
    default:
      return { kind: "json" };
  }
}

/** The type where none is named. */
function guess(all: JsonMap): string {
  return all.properties !== undefined || all.required !== undefined ? "object" : "";
}

/** What people call a schema. */
export function titleOf(root: unknown, schema: Schema): string | undefined {
  const reference = isMap(schema) && typeof schema.$ref === "string" ? schema.$ref.split("/").pop() : undefined;
  const own = resolved(root, schema);
  const [title, type] = isMap(own) ? [own.title, own.type] : [];
  return typeof title === "string" ? title : (reference ?? (typeof type === "string" ? type : undefined));
}

/** What a document says of a place: the nearest description. */
export function descriptionOf(root: unknown, schema: Schema): string {
  const near = isMap(schema) && typeof schema.description === "string" ? schema.description : undefined;
  const { description } = merged(root, schema);
  return (near ?? (typeof description === "string" ? description : "")).trim();
}
