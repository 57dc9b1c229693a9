/**
 * What the guards stand on: plain functions, no dependencies, no `eval`.
 *
 * A check appends what it finds to a {@link Report}. Pointers are put together on the way out of a failed check, so a
 * value that follows the contract costs no allocation.
 */

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
  /** How many recursive schemas the check is inside of. */
  depth: number;
}

/** Checks a value against one schema. */
export type Check = (value: unknown, report: Report) => void;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: unknown;
}

/** Findings beyond this number are dropped: a hostile frame must not cost more than it says. */
const MAX_FINDINGS = 64;

/** Recursive schemas are followed this deep, like the server's JSON parser does. */
const MAX_DEPTH = 127;

/** Adds a finding. */
export function fail(report: Report, keyword: string, pointer: string = ""): void {
  if (report.found.length < MAX_FINDINGS) {
    report.found.push({ pointer, keyword });
  }
}

/** Whether a value passes a check. */
export function accepts(check: Check, value: unknown, depth: number = 0): boolean {
  const report: Report = { found: [], depth };
  check(value, report);
  return report.found.length === 0;
}

/** How many of the checks a value passes. */
export function matching(checks: readonly Check[], value: unknown, report: Report): number {
  return checks.filter((check) => accepts(check, value, report.depth)).length;
}

/** The check of the schema `true`. */
export function anything(_value: unknown, _report: Report): void {}

/** The check of the schema `false`. */
export function nothing(_value: unknown, report: Report): void {
  fail(report, "falseSchema");
}

/** All violations, in the order of the checks and without repetition. */
export function violations(check: Check, value: unknown): readonly Violation[] {
  const report: Report = { found: [], depth: 0 };
  check(value, report);
  const seen = new Set<string>();
  return report.found.filter(({ pointer, keyword }) => {
    const key = `${keyword} ${pointer}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}

/** Checks a value that stands at `key` of the value being checked. */
export function at(key: string | number, value: unknown, check: Check, report: Report): void {
  const before = report.found.length;
  check(value, report);
  if (report.found.length > before) {
    const token = `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
    for (const finding of report.found.slice(before)) {
      finding.pointer = token + finding.pointer;
    }
  }
}

/** Follows a recursive schema, but not for ever. */
export function nested(value: unknown, check: Check, report: Report): void {
  if (report.depth >= MAX_DEPTH) {
    fail(report, "depth");
    return;
  }
  report.depth += 1;
  check(value, report);
  report.depth -= 1;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether an object has a property of its own. */
export function has(value: JsonObject, key: string): boolean {
  const property = value[key];
  return property !== undefined && (property !== INHERITED[key] || Object.hasOwn(value, key));
}

/** What every object inherits: `toString` is not a property that a frame has. */
const INHERITED = Object.prototype as unknown as JsonObject;

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

/** The number of an object's properties. */
export function size(value: JsonObject): number {
  return Object.keys(value).length;
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

/** Whether no two items are equal. */
export function isUnique(value: readonly unknown[]): boolean {
  const scalars = new Set<unknown>();
  const others: unknown[] = [];
  for (const item of value) {
    if (typeof item === "object" && item !== null) {
      if (others.some((other) => equal(item, other))) {
        return false;
      }
      others.push(item);
    } else if (scalars.has(item)) {
      return false;
    } else {
      scalars.add(item);
    }
  }
  return true;
}

/** Whether two JSON values are equal. Keeps its own stack: the depth of the values does not matter. */
export function equal(left: unknown, right: unknown): boolean {
  const pending: [unknown, unknown][] = [[left, right]];
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const [one, other] = pair;
    if (one === other) {
      continue;
    }
    if (Array.isArray(one) && Array.isArray(other) && one.length === other.length) {
      for (let index = 0; index < one.length; index += 1) {
        pending.push([one[index], other[index]]);
      }
    } else if (isObject(one) && isObject(other) && size(one) === size(other)) {
      for (const key of Object.keys(one)) {
        if (!Object.hasOwn(other, key)) {
          return false;
        }
        pending.push([one[key], other[key]]);
      }
    } else {
      return false;
    }
  }
  return true;
}

/** Whether a text has fewer code points than `limit`. */
export function isShorter(text: string, limit: number): boolean {
  return text.length < limit || (text.length < 2 * limit && codePoints(text) < limit);
}

/** Whether a text has more code points than `limit`. */
export function isLonger(text: string, limit: number): boolean {
  return text.length > limit && (text.length > 2 * limit || codePoints(text) > limit);
}

/** Whether a number is a multiple of another, as decimals: 0.3 is a multiple of 0.1. */
export function isMultiple(value: number, step: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(step)) {
    return value % step === 0;
  }
  const [digits, exponent] = decimal(value);
  const [stepDigits, stepExponent] = decimal(step);
  const least = Math.min(exponent, stepExponent);
  return (digits * 10n ** BigInt(exponent - least)) % (stepDigits * 10n ** BigInt(stepExponent - least)) === 0n;
}

/** `format: uuid`: 36 characters, hyphenated, of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** `format: date-time` (RFC 3339). */
export function isDateTime(text: string): boolean {
  const separator = text[10];
  return (separator === "T" || separator === "t") && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

/** `format: date` (RFC 3339): a day that the calendar has. */
export function isDate(text: string): boolean {
  const parts = DATE.exec(text);
  if (parts === null) {
    return false;
  }
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeapYear ? 29 : (DAYS[month] ?? 0);
  return day >= 1 && day <= days;
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

const DAYS: readonly number[] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `format: time` (RFC 3339). A second 60 is allowed only where a leap second can be: at 23:59 UTC. */
export function isTime(text: string): boolean {
  const parts = TIME.exec(text);
  if (parts === null) {
    return false;
  }
  const [, hour, minute, second, sign, offsetHour, offsetMinute] = parts;
  if (second !== "60") {
    return true;
  }
  const offset = (Number(offsetHour ?? 0) * 60 + Number(offsetMinute ?? 0)) * (sign === "-" ? -1 : 1);
  return (Number(hour) * 60 + Number(minute) - offset + 2880) % 1440 === 1439;
}

const TIME = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d+)?(?:z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;

/** `format: ipv4`: four numbers without leading zeros. */
export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** `format: json-pointer` (RFC 6901). */
export function isJsonPointer(text: string): boolean {
  return /^(?:\/(?:[^~/]|~[01])*)*$/u.test(text);
}

/** What a frame's text turned out to be. */
export type Parsed<Frame> =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly violations: readonly Violation[] };

/**
 * Parses a frame's text and checks it.
 *
 * What `JSON.parse` takes but the server's parser does not is refused here too (a lone surrogate in a string), except
 * for duplicate keys: `JSON.parse` keeps the last and does not tell.
 */
export function parse<Frame>(text: string, check: (value: unknown) => readonly Violation[]): Parsed<Frame> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, violations: NOT_JSON };
  }
  if (SURROGATE_ESCAPE.test(text) && !isWellFormed(value)) {
    return { ok: false, violations: NOT_JSON };
  }
  const found = check(value);
  return found.length === 0 ? { ok: true, frame: value as Frame } : { ok: false, violations: found };
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

function missing(key: string, keyword: string, report: Report): void {
  at(key, keyword, failWith, report);
}

/** A check that always fails, with the keyword given as the value. */
function failWith(keyword: unknown, report: Report): void {
  fail(report, String(keyword));
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) {
    count += 1;
  }
  return count;
}

/** A number's shortest decimal form, as digits and exponent. */
function decimal(value: number): [bigint, number] {
  const [mantissa = "0", exponent = "0"] = String(value).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return [BigInt(whole + fraction), Number(exponent) - fraction.length];
}
