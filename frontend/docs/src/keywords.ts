/**
 * What each keyword of JSON Schema asks for.
 */
import { equal, isMultiple, isUnique } from "../../../crates/tightwire-codegen/src/typescript/runtime.js";
import { isMap, type Json, type JsonMap, type Schema } from "./contract.js";
import { FORMATS } from "./formats.js";
import { asSchema, lookUp, members, schemas } from "./references.js";
import type { Check } from "./validate.js";

/** Judges a value by a keyword's argument; `schema` is what the keyword stands in. */
type Keyword = (check: Check, value: Json, argument: Json, schema: JsonMap, pointer: string) => void;

/** The keywords that are known. */
export const KEYWORDS: { readonly [keyword: string]: Keyword | undefined } = {
  __proto__: null as never,

  $ref(check, value, argument, _schema, pointer) {
    const target = lookUp(check.root, String(argument));
    if (target === undefined) {
      check.unchecked.add("$ref");
    } else {
      check.apply(target, value, pointer);
    }
  },

  type(check, value, argument, _schema, pointer) {
    const types = Array.isArray(argument) ? argument.map(String) : [String(argument)];
    if (!types.some((type) => isOfType(value, type))) {
      check.fail(pointer, "type", `must be ${types.join(" or ")}`);
    }
  },

  const(check, value, argument, _schema, pointer) {
    if (!equal(value, argument)) {
      check.fail(pointer, "const", `must be ${JSON.stringify(argument)}`);
    }
  },

  enum(check, value, argument, _schema, pointer) {
    const values = Array.isArray(argument) ? (argument as readonly Json[]) : [];
    if (!values.some((one) => equal(value, one))) {
      check.fail(pointer, "enum", `must be one of ${values.map((one) => JSON.stringify(one)).join(", ")}`);
    }
  },

  format(check, value, argument, _schema, pointer) {
    if (typeof value !== "string") {
      return;
    }
    const format = FORMATS[String(argument)];
    if (format === undefined) {
      check.unchecked.add(`format ${String(argument)}`);
    } else if (!format(value)) {
      check.fail(pointer, "format", `must be a ${String(argument)}`);
    }
  },

  pattern(check, value, argument, _schema, pointer) {
    if (typeof value === "string" && pattern(check, argument)?.test(value) === false) {
      check.fail(pointer, "pattern", `must match ${String(argument)}`);
    }
  },

  minLength: bound("minLength", (value) => (typeof value === "string" ? [...value].length : undefined), "characters"),
  maxLength: bound("maxLength", (value) => (typeof value === "string" ? [...value].length : undefined), "characters"),
  minItems: bound("minItems", (value) => (Array.isArray(value) ? value.length : undefined), "items"),
  maxItems: bound("maxItems", (value) => (Array.isArray(value) ? value.length : undefined), "items"),
  minProperties: bound("minProperties", sizeOf, "properties"),
  maxProperties: bound("maxProperties", sizeOf, "properties"),

  minimum: compared("minimum", (value, limit) => value >= limit, "at least"),
  maximum: compared("maximum", (value, limit) => value <= limit, "at most"),
  exclusiveMinimum: compared("exclusiveMinimum", (value, limit) => value > limit, "more than"),
  exclusiveMaximum: compared("exclusiveMaximum", (value, limit) => value < limit, "less than"),
  multipleOf: compared("multipleOf", isMultiple, "a multiple of"),

  uniqueItems(check, value, argument, _schema, pointer) {
    if (argument === true && Array.isArray(value) && !isUnique(value)) {
      check.fail(pointer, "uniqueItems", "must have no item twice");
    }
  },

  prefixItems(check, value, argument, _schema, pointer) {
    applyEach(check, value, schemas(argument), pointer);
  },

  items(check, value, argument, schema, pointer) {
    if (Array.isArray(argument)) {
      applyEach(check, value, schemas(argument), pointer);
    } else {
      applyRest(check, value, asSchema(argument), schemas(schema.prefixItems).length, pointer);
    }
  },

  additionalItems(check, value, argument, schema, pointer) {
    if (Array.isArray(schema.items)) {
      applyRest(check, value, asSchema(argument), schema.items.length, pointer);
    }
  },

  contains(check, value, argument, schema, pointer) {
    const wanted = asSchema(argument);
    if (!Array.isArray(value) || wanted === undefined) {
      return;
    }
    const count = value.filter((one) => check.accepts(wanted, one)).length;
    const [least, most] = [schema.minContains ?? 1, schema.maxContains ?? Infinity];
    if (count < Number(least) || count > Number(most)) {
      check.fail(
        pointer,
        "contains",
        `must have ${String(least)} or more items that fit, and no more than ${String(most)}`,
      );
    }
  },

  required(check, value, argument, _schema, pointer) {
    if (isMap(value) && Array.isArray(argument)) {
      demand(check, value, argument.map(String), pointer, "required");
    }
  },

  properties(check, value, argument, _schema, pointer) {
    if (isMap(value)) {
      for (const [key, schema] of members(argument)) {
        if (Object.hasOwn(value, key)) {
          check.apply(schema, value[key] as Json, step(pointer, key));
        }
      }
    }
  },

  patternProperties(check, value, argument, _schema, pointer) {
    for (const [key, member] of isMap(value) ? Object.entries(value) : []) {
      for (const [name, schema] of members(argument)) {
        if (pattern(check, name)?.test(key) === true) {
          check.apply(schema, member, step(pointer, key));
        }
      }
    }
  },

  additionalProperties(check, value, argument, schema, pointer) {
    const rule = asSchema(argument);
    const [named, patterns] = [members(schema.properties), members(schema.patternProperties)];
    for (const [key, member] of isMap(value) ? Object.entries(value) : []) {
      const isKnown =
        named.some(([name]) => name === key) || patterns.some(([name]) => pattern(check, name)?.test(key));
      if (isKnown) {
        continue;
      }
      if (rule === false) {
        check.fail(step(pointer, key), "additionalProperties", "is no property that may stand here");
      } else if (rule !== undefined) {
        check.apply(rule, member, step(pointer, key));
      }
    }
  },

  propertyNames(check, value, argument, _schema, pointer) {
    const rule = asSchema(argument);
    for (const key of isMap(value) && rule !== undefined ? Object.keys(value) : []) {
      const [first] = check.trial(rule as Schema, key, "");
      if (first !== undefined) {
        check.fail(step(pointer, key), "propertyNames", `has a name that ${first.message}`);
      }
    }
  },

  dependencies: depended,
  dependentRequired: depended,
  dependentSchemas: depended,

  allOf(check, value, argument, _schema, pointer) {
    for (const schema of schemas(argument)) {
      check.apply(schema, value, pointer);
    }
  },

  anyOf(check, value, argument, _schema, pointer) {
    closest(check, schemas(argument), value, pointer, "anyOf");
  },

  oneOf(check, value, argument, _schema, pointer) {
    const fitting = closest(check, schemas(argument), value, pointer, "oneOf");
    if (fitting > 1) {
      check.fail(pointer, "oneOf", `must fit one alternative only, not ${fitting}`);
    }
  },

  not(check, value, argument, _schema, pointer) {
    const schema = asSchema(argument);
    if (schema !== undefined && check.accepts(schema, value)) {
      check.fail(pointer, "not", "must not be what is excluded here");
    }
  },

  if(check, value, argument, schema, pointer) {
    const condition = asSchema(argument) ?? true;
    check.apply(asSchema(schema[check.accepts(condition, value) ? "then" : "else"]) ?? true, value, pointer);
  },
};

/** How many alternatives fit. Where none does, what is wrong with the one that is nearest. */
function closest(check: Check, alternatives: readonly Schema[], value: Json, pointer: string, keyword: string): number {
  const trials = alternatives.map((schema) => check.trial(schema, value, pointer));
  const fitting = trials.filter((violations) => violations.length === 0).length;
  if (fitting === 0) {
    check.fail(pointer, keyword, `must be one of ${alternatives.length} alternatives`);
    // A violation further down says that the alternative was meant.
    const deep = trials.filter((violations) => violations.every((one) => one.pointer.length > pointer.length));
    const [nearest] = deep.sort((a, b) => a.length - b.length);
    check.violations.push(...(nearest ?? []));
  }
  return fitting;
}

function demand(check: Check, value: JsonMap, keys: readonly string[], pointer: string, keyword: string): void {
  for (const key of keys) {
    if (!Object.hasOwn(value, key)) {
      check.fail(step(pointer, key), keyword, "is required");
    }
  }
}

function depended(check: Check, value: Json, argument: Json, _schema: JsonMap, pointer: string): void {
  for (const [key, rule] of isMap(value) && isMap(argument) ? Object.entries(argument) : []) {
    if (!isMap(value) || !Object.hasOwn(value, key)) {
      continue;
    }
    if (Array.isArray(rule)) {
      demand(check, value, rule.map(String), pointer, "dependencies");
    } else {
      check.apply(asSchema(rule) ?? true, value, pointer);
    }
  }
}

function applyEach(check: Check, value: Json, rules: readonly Schema[], pointer: string): void {
  if (Array.isArray(value)) {
    rules.slice(0, value.length).forEach((rule, index) => {
      check.apply(rule, value[index] as Json, step(pointer, String(index)));
    });
  }
}

function applyRest(check: Check, value: Json, rule: Schema | undefined, from: number, pointer: string): void {
  if (Array.isArray(value) && rule !== undefined) {
    value.slice(from).forEach((item: Json, index) => {
      check.apply(rule, item, step(pointer, String(from + index)));
    });
  }
}

function bound(keyword: string, measure: (value: Json) => number | undefined, what: string): Keyword {
  const isLeast = keyword.startsWith("min");
  return (check, value, argument, _schema, pointer) => {
    const size = measure(value);
    const limit = Number(argument);
    if (size !== undefined && (isLeast ? size < limit : size > limit)) {
      check.fail(pointer, keyword, `must have at ${isLeast ? "least" : "most"} ${limit} ${what}`);
    }
  };
}

function compared(keyword: string, holds: (value: number, limit: number) => boolean, how: string): Keyword {
  return (check, value, argument, _schema, pointer) => {
    if (typeof value === "number" && !holds(value, Number(argument))) {
      check.fail(pointer, keyword, `must be ${how} ${String(argument)}`);
    }
  };
}

function sizeOf(value: Json): number | undefined {
  return isMap(value) ? Object.keys(value).length : undefined;
}

function isOfType(value: Json, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isMap(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

/** A pattern (ECMA-262); `undefined` for what this engine does not take. */
function pattern(check: Check, text: Json): RegExp | undefined {
  try {
    return new RegExp(String(text), "u");
  } catch {
    check.unchecked.add(`pattern ${String(text)}`);
    return undefined;
  }
}

function step(pointer: string, key: string): string {
  return `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
