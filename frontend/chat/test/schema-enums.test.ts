/**
 * Every list of values in the JSON Schema bundle stands in TypeScript too, value for value.
 */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as protocol from "../src/index.js";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const bundle = JSON.parse(
  readFileSync(new URL("../../../generated/schema/ws_messages.schema.json", import.meta.url), "utf8"),
) as { readonly definitions: { readonly [name: string]: Json } };

/** All `enum`s of strings in a schema, with the names that lead to them. */
function enums(schema: Json, path: readonly string[]): [path: readonly string[], values: readonly string[]][] {
  if (Array.isArray(schema)) {
    return schema.flatMap((item, index) => enums(item, [...path, String(index)]));
  }
  if (schema === null || typeof schema !== "object") {
    return [];
  }
  return Object.entries(schema).flatMap(([key, value]) =>
    key === "enum" && Array.isArray(value) ? [[path, value]] : enums(value, [...path, key]),
  );
}

/** The name that an `enum` has in TypeScript: that of its definition, and of the properties that lead to it. */
function nameOf(path: readonly string[]): string {
  return path
    .filter((segment) => !["properties", "items"].includes(segment))
    .map((segment) => segment.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()))
    .join("");
}

const found = Object.entries(bundle.definitions).flatMap(([name, schema]) => enums(schema, [name]));
const exported = new Map<string, unknown>(Object.entries(protocol));

it("finds the enums of the bundle", () => {
  expect(found.length).toBeGreaterThanOrEqual(10);
});

it.each(found.map(([path, values]) => ({ name: nameOf(path), values })))("$name", ({ name, values }) => {
  const mirrored = exported.get(name) as { readonly [key: string]: string } | undefined;
  expect(Object.values(mirrored ?? {})).toEqual(values);
  expect(Object.keys(mirrored ?? {})).toEqual(values);
});

it("mirrors nothing that the bundle does not have", () => {
  const isMirror = (value: unknown): boolean =>
    typeof value === "object" && value !== null && Object.entries(value).every(([key, text]) => key === text);
  const mirrors = [...exported].filter(([, value]) => isMirror(value)).map(([name]) => name);
  expect(mirrors.sort()).toEqual(found.map(([path]) => nameOf(path)).sort());
});
