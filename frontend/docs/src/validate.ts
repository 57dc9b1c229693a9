/**
 * A small interpreter of JSON Schema: what draft-07 and 2020-12 say of a value, but for what needs to know what other
 * keywords have looked at, and for references to other documents. Keywords that it does not know are named, not guessed:
 * the server judges anyway.
 */
import { isMap, type Json, type Schema } from "./contract.js";
import { KEYWORDS } from "./keywords.js";

/** What a value departs from. */
export interface Violation {
  /** Where, as a JSON Pointer. */
  readonly pointer: string;
  readonly keyword: string;
  /** What is asked for there, in the middle of a sentence. */
  readonly message: string;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** The keywords that were met and not looked at. */
  readonly unchecked: readonly string[];
}

/** How deep schemas may lead to one another at one place and below it. */
const MAX_DEPTH = 256;

/** What only describes, and what other keywords read. */
const SILENT = new Set([
  "$comment",
  "$defs",
  "$id",
  "$schema",
  "contentEncoding",
  "contentMediaType",
  "default",
  "definitions",
  "deprecated",
  "description",
  "else",
  "examples",
  "maxContains",
  "minContains",
  "readOnly",
  "then",
  "title",
  "writeOnly",
]);

/** Judges a value by a schema, whose references lead into `root`. */
export function validate(root: unknown, schema: Schema, value: Json): Verdict {
  const check = new Check(root);
  check.apply(schema, value, "");
  return { violations: check.violations, unchecked: [...check.unchecked].sort() };
}

/** A judgement as it is made. */
export class Check {
  readonly root: unknown;
  readonly violations: Violation[] = [];
  readonly unchecked: Set<string>;
  private depth = 0;

  constructor(root: unknown, unchecked: Set<string> = new Set()) {
    this.root = root;
    this.unchecked = unchecked;
  }

  apply(schema: Schema, value: Json, pointer: string): void {
    if (schema === true) {
      return;
    }
    if (schema === false) {
      this.fail(pointer, "false", "nothing may stand here");
      return;
    }
    if (this.depth >= MAX_DEPTH) {
      this.unchecked.add("$ref");
      return;
    }
    this.depth += 1;
    // Draft-07 ignores what stands beside a `$ref`.
    const alone = typeof schema.$ref === "string" && !this.isModern();
    for (const [keyword, argument] of alone ? [["$ref", schema.$ref as Json] as const] : Object.entries(schema)) {
      const rule = KEYWORDS[keyword];
      if (rule !== undefined) {
        rule(this, value, argument, schema, pointer);
      } else if (!SILENT.has(keyword) && !keyword.startsWith("x-")) {
        this.unchecked.add(keyword);
      }
    }
    this.depth -= 1;
  }

  fail(pointer: string, keyword: string, message: string): void {
    this.violations.push({ pointer, keyword, message });
  }

  /** Whether a schema accepts a value, whatever it would say otherwise. */
  accepts(schema: Schema, value: Json): boolean {
    return this.trial(schema, value, "").length === 0;
  }

  trial(schema: Schema, value: Json, pointer: string): readonly Violation[] {
    const check = new Check(this.root, this.unchecked);
    check.depth = this.depth;
    check.apply(schema, value, pointer);
    return check.violations;
  }

  private isModern(): boolean {
    return isMap(this.root) && String(this.root.$schema ?? "").includes("/2020-12/");
  }
}
