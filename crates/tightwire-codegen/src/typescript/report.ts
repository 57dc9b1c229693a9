/**
 * What the checks stand on: how findings are collected.
 *
 * A check appends what it finds to a {@link Report}. Pointers are put together on the way out of a check that failed.
 */
import { has, isObject, type JsonObject, MAX_DEPTH } from "./runtime.js";

/** A place where a value departs from the contract. It never carries the value itself. */
export interface Violation {
  /** JSON Pointer (RFC 6901) into the frame; empty for the frame itself. */
  readonly pointer: string;
  /** The violated keyword of JSON Schema; `json` for text that is not JSON, `depth` for a value nested too deeply. */
  readonly keyword: string;
}

/** What a check has found so far. */
export interface Report {
  /** The findings. Their pointers are relative to the value that is being checked. */
  readonly found: { pointer: string; keyword: string }[];
  /** How often each recursive check is at work: once per level of the value. */
  readonly depth: Map<Check, number>;
}

/** Checks a value against one schema. */
export type Check = (value: unknown, report: Report) => void;

/** What a frame's text turned out to be. */
export type Parsed<Frame> =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly violations: readonly Violation[] };

/**
 * Parses a frame's text: the guard accepts, and the check explains what the guard refuses.
 *
 * What `JSON.parse` takes but the server's parser does not is refused here too (a lone surrogate in a string), except
 * for duplicate keys: `JSON.parse` keeps the last and does not tell.
 */
export function parse<Frame>(
  text: string,
  guard: (value: unknown) => value is Frame,
  check: (value: unknown) => readonly Violation[],
): Parsed<Frame> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, violations: NOT_JSON };
  }
  if (SURROGATE_ESCAPE.test(text) && !isWellFormed(value)) {
    return { ok: false, violations: NOT_JSON };
  }
  return guard(value) ? { ok: true, frame: value } : { ok: false, violations: check(value) };
}

const NOT_JSON: readonly Violation[] = [{ pointer: "", keyword: "json" }];

const SURROGATE_ESCAPE = /\\ud[89a-f]/i;

const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Whether all strings in a value are Unicode. */
function isWellFormed(value: unknown): boolean {
  const pending = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === "string") {
      if (LONE_SURROGATE.test(next)) {
        return false;
      }
    } else if (typeof next === "object" && next !== null) {
      for (const [key, member] of Object.entries(next)) {
        pending.push(key, member);
      }
    }
  }
  return true;
}

/** Findings beyond this number are dropped: a hostile frame must not cost more than it says. */
const MAX_FINDINGS = 64;

/** Adds a finding. */
export function fail(report: Report, keyword: string, pointer: string = ""): void {
  if (report.found.length < MAX_FINDINGS) {
    report.found.push({ pointer, keyword });
  }
}

/** Whether a value passes a check. */
export function accepts(check: Check, value: unknown, depth: Report["depth"]): boolean {
  const report: Report = { found: [], depth };
  check(value, report);
  return report.found.length === 0;
}

/** `anyOf`, explained by the alternative that was meant. */
export function anyOf(value: unknown, checks: readonly Check[], report: Report): void {
  const outcomes = findings(value, checks, report);
  if (!outcomes.some(isPassed)) {
    fail(report, "anyOf");
    add(meant(outcomes) ?? [], report);
  }
}

/** `oneOf`, explained by the alternative that was meant. */
export function oneOf(value: unknown, checks: readonly Check[], report: Report): void {
  const outcomes = findings(value, checks, report);
  const passed = outcomes.filter(isPassed).length;
  if (passed !== 1) {
    fail(report, "oneOf");
  }
  if (passed === 0) {
    add(meant(outcomes) ?? [], report);
  }
}

/** A frame that should be one of these messages, explained by the message that was meant. */
export function anyMessage(value: unknown, checks: readonly Check[], report: Report): void {
  const outcomes = findings(value, checks, report);
  if (!outcomes.some(isPassed)) {
    add(meant(outcomes) ?? [{ pointer: "", keyword: "oneOf" }], report);
  }
}

/** What each of the checks finds. */
function findings(value: unknown, checks: readonly Check[], report: Report): readonly Report["found"][] {
  return checks.map((check) => {
    const own: Report = { found: [], depth: report.depth };
    check(value, own);
    return own.found;
  });
}

function isPassed(found: Report["found"]): boolean {
  return found.length === 0;
}

/**
 * Of the alternatives that do not fit, the one that was meant: the only one whose type and constants are right. What is
 * wrong with it says more than that none fits.
 */
function meant(outcomes: readonly Report["found"][]): Report["found"] | undefined {
  const [first, second] = outcomes.filter(
    (found) => !found.some(({ pointer, keyword }) => keyword === "const" || (keyword === "type" && pointer === "")),
  );
  return second === undefined ? first : undefined;
}

function add(found: Report["found"], report: Report): void {
  for (const { pointer, keyword } of found) {
    fail(report, keyword, pointer);
  }
}

/** The check of the schema `true`. */
export function anything(_value: unknown, _report: Report): void {}

/** The check of the schema `false`. */
export function nothing(_value: unknown, report: Report): void {
  fail(report, "falseSchema");
}

/** All violations, in the order of the checks and without repetition. */
export function violations(check: Check, value: unknown): readonly Violation[] {
  const report: Report = { found: [], depth: new Map() };
  check(value, report);
  const seen = new Set<string>();
  return report.found.filter(({ pointer, keyword }) => {
    const key = `${keyword} ${pointer}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}

/** The property at `path` tells messages apart, and does not name one. */
export function unknownMessage(value: unknown, path: readonly string[], report: Report): void {
  let place = value;
  let pointer = "";
  for (const key of path) {
    if (!isObject(place)) {
      fail(report, "type", pointer);
      return;
    }
    pointer += `/${token(key)}`;
    if (!has(place, key)) {
      fail(report, "required", pointer);
      return;
    }
    place = place[key];
  }
  fail(report, "enum", pointer);
}

/** A key as JSON Pointer writes it. */
function token(key: string | number): string {
  return String(key).replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Checks a value that stands at `key` of the value being checked. */
export function at(key: string | number, value: unknown, check: Check, report: Report): void {
  const before = report.found.length;
  check(value, report);
  if (report.found.length > before) {
    const prefix = `/${token(key)}`;
    for (const finding of report.found.slice(before)) {
      finding.pointer = prefix + finding.pointer;
    }
  }
}

/** Follows a recursive schema, but not for ever. */
export function nested(value: unknown, check: Check, report: Report): void {
  const depth = report.depth.get(check) ?? 0;
  if (depth >= MAX_DEPTH) {
    fail(report, "depth");
    return;
  }
  report.depth.set(check, depth + 1);
  check(value, report);
  report.depth.set(check, depth);
}

/** A property that must be there. */
export function required(value: JsonObject, key: string, check: Check, report: Report): void {
  if (has(value, key)) {
    at(key, value[key], check, report);
  } else {
    missing(key, "required", report);
  }
}

/** A property that may be there. */
export function optional(value: JsonObject, key: string, check: Check, report: Report): void {
  if (has(value, key)) {
    at(key, value[key], check, report);
  }
}

/** A property that must be there, whatever it is. */
export function present(value: JsonObject, key: string, keyword: string, report: Report): void {
  if (!has(value, key)) {
    missing(key, keyword, report);
  }
}

/** No other properties than these. */
export function closed(value: JsonObject, keys: readonly string[], report: Report): void {
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) {
      at(key, undefined, unexpected, report);
    }
  }
}

/** The check of a property that must not be there. */
export function unexpected(_value: unknown, report: Report): void {
  fail(report, "additionalProperties");
}

/** The check of a property that nothing evaluates. */
export function unevaluated(_value: unknown, report: Report): void {
  fail(report, "unevaluatedProperties");
}

/** Each item of an array, from a position on. */
export function items(value: readonly unknown[], check: Check, report: Report, from: number = 0): void {
  for (let index = from; index < value.length; index += 1) {
    at(index, value[index], check, report);
  }
}

/** The item at a position, if there is one. */
export function item(value: readonly unknown[], index: number, check: Check, report: Report): void {
  if (index < value.length) {
    at(index, value[index], check, report);
  }
}

function missing(key: string, keyword: string, report: Report): void {
  at(key, keyword, failWith, report);
}

/** A check that always fails, with the keyword given as the value. */
function failWith(keyword: unknown, report: Report): void {
  fail(report, String(keyword));
}
