/**
 * A value to begin with: what a document gives as an example or default, else the least that its shape asks for.
 */
import type { Json, Schema } from "./contract.js";
import { merged, shapeOf } from "./shape.js";

/** Below this a value that must contain itself is given up. */
const MAX_DEPTH = 12;

/** A value for a schema. */
export function sample(root: unknown, schema: Schema, depth = 0): Json {
  const all = merged(root, schema);
  const given = all.const ?? all.default ?? (Array.isArray(all.examples) ? all.examples[0] : undefined);
  if (given !== undefined) {
    return given;
  }
  const shape = shapeOf(root, schema);
  if (depth > MAX_DEPTH) {
    return null;
  }
  switch (shape.kind) {
    case "choice":
      return shape.values[0] ?? null;
    case "text":
      return text(shape.format).padEnd(Number(all.minLength ?? 0), "a");
    case "number":
      return number(Number(all.minimum ?? all.exclusiveMinimum ?? 0), all.exclusiveMinimum !== undefined);
    case "boolean":
      return false;
    case "null":
    case "json":
      return null;
    case "list":
      return Array.from({ length: shape.least }, () => sample(root, shape.item, depth + 1));
    case "object": {
      const wanted = shape.properties.filter(([name]) => shape.required.includes(name));
      return Object.fromEntries(wanted.map(([name, property]) => [name, sample(root, property, depth + 1)]));
    }
    case "union":
      return sample(root, shape.alternatives[0]?.[1] ?? true, depth + 1);
  }
}

function number(least: number, isExclusive: boolean): number {
  return isExclusive ? least + 1 : least;
}

function text(format: string | undefined): string {
  const now = new Date().toISOString();
  switch (format) {
    case "uuid":
      return uuid();
    case "date-time":
      return now;
    case "date":
      return now.slice(0, 10);
    case "time":
      return now.slice(11);
    case "email":
      return "someone@example.com";
    case "uri":
    case "iri":
      return "https://example.com/";
    case "hostname":
      return "example.com";
    case "ipv4":
      return "192.0.2.1";
    case "ipv6":
      return "2001:db8::1";
    default:
      return "";
  }
}

/** A UUID of version 4 (RFC 9562). `crypto.randomUUID` is there in secure contexts only. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
