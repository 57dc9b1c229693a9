/**
 * What the guards stand on: plain functions, no dependencies, no `eval`.
 */

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: unknown;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether an object has a property of its own. */
export function has(value: JsonObject, key: string): boolean {
  return value[key] !== undefined && (!(key in INHERITED) || Object.hasOwn(value, key));
}

/** What every object inherits: `toString` is not a property that a frame has. */
const INHERITED = Object.prototype as unknown as JsonObject;

/** What stands at a path of property names; `undefined` for nothing. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((place, key) => (isObject(place) && has(place, key) ? place[key] : undefined), value);
}

/** Whether an object has no other properties than these. */
export function hasOnly(value: JsonObject, keys: readonly unknown[]): boolean {
  for (const key in value) {
    if (!keys.includes(key)) {
      return false;
    }
  }
  return true;
}

/** Whether a value is a string of so many code points. */
export function isText(value: unknown, least: number = 0, most: number = Infinity): value is string {
  return (
    typeof value === "string" &&
    // A code point is one unit of a string or two, so that most texts need not be counted.
    ((value.length >= 2 * least && value.length <= most) || isNumber([...value].length, least, most))
  );
}

/** Whether a value is a string that matches a pattern. */
export function matches(pattern: RegExp, value: unknown): value is string {
  return typeof value === "string" && pattern.test(value);
}

/** Whether a value is a number in a range. */
export function isNumber(value: unknown, least: number = -Infinity, most: number = Infinity): value is number {
  return Number.isFinite(value) && (value as number) >= least && (value as number) <= most;
}

/** Whether a value is a number without a fraction in a range; 1.0 is one. */
export function isInteger(value: unknown, least: number = -Infinity, most: number = Infinity): value is number {
  return Number.isInteger(value) && isNumber(value, least, most);
}

/** A value is followed this deep, like the server's JSON parser does. */
export const MAX_DEPTH = 127;

/** How often each recursive guard is at work: once per level of the value, however many of them look at that level. */
const depths = new Map<(value: unknown) => boolean, number>();

/** Follows a recursive schema, but not for ever. */
export function within(guard: (value: unknown) => boolean, value: unknown): boolean {
  const depth = depths.get(guard) ?? 0;
  depths.set(guard, depth + 1);
  const accepted = depth < MAX_DEPTH && guard(value);
  depths.set(guard, depth);
  return accepted;
}

/** How many guards accept a value. */
export function matching(guards: readonly ((value: unknown) => boolean)[], value: unknown): number {
  return guards.filter((guard) => guard(value)).length;
}

/** The guard of the schema `false`. */
export function isNothing(_value: unknown): boolean {
  return false;
}

/** The guard of the schema `true`. */
export function isAnything(_value: unknown): boolean {
  return true;
}

/** The number of an object's properties. */
export function size(value: JsonObject): number {
  return Object.keys(value).length;
}

/** Whether a value is an array of so many items that all pass. */
export function isList(
  value: unknown,
  guard: (item: unknown) => boolean,
  least: number = 0,
  most: number = Infinity,
): value is readonly unknown[] {
  return Array.isArray(value) && value.length >= least && value.length <= most && value.every((item) => guard(item));
}

/** Whether so many items of an array pass. */
export function hasSome(
  value: readonly unknown[],
  guard: (item: unknown) => boolean,
  least: number,
  most: number = Infinity,
): boolean {
  const found = value.filter((item) => guard(item)).length;
  return found >= least && found <= most;
}

/** The properties and the items of a value that some schema has evaluated. */
export type Seen = Set<string | number>;

/** Adds what a schema evaluates of a value. */
export type Collect = (value: unknown, seen: Seen) => void;

/** Notes that these properties of an object are evaluated. */
export function seeKeys(value: unknown, seen: Seen, evaluated: (key: string) => boolean): void {
  if (isObject(value)) {
    for (const key of Object.keys(value)) {
      if (evaluated(key)) {
        seen.add(key);
      }
    }
  }
}

/** Notes that these items of an array are evaluated; all of them, if it is not said which. */
export function seeItems(
  value: unknown,
  seen: Seen,
  evaluated: (item: unknown, index: number) => boolean = isAnything,
): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      if (evaluated(item, index)) {
        seen.add(index);
      }
    });
  }
}

/** The properties of an object that are not evaluated. */
export function unevaluatedKeys(value: JsonObject, collect: Collect): readonly string[] {
  const seen: Seen = new Set();
  collect(value, seen);
  return Object.keys(value).filter((key) => !seen.has(key));
}

/** The items of an array that are not evaluated. */
export function unevaluatedItems(value: readonly unknown[], collect: Collect): readonly unknown[] {
  const seen: Seen = new Set();
  collect(value, seen);
  return value.filter((_, index) => !seen.has(index));
}

/** Whether no two items are equal, where none of them is an array or an object. */
export function isDistinct(value: readonly unknown[]): boolean {
  return new Set(value).size === value.length;
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
  // The remainder of doubles is exact.
  if (Number.isInteger(step) || Math.abs(value) < step) {
    return value % step === 0;
  }
  const [digits, exponent] = decimal(value);
  const [stepDigits, stepExponent] = decimal(step);
  const least = Math.min(exponent, stepExponent);
  const [dividend, divisor] = [
    digits * 10n ** BigInt(exponent - least),
    stepDigits * 10n ** BigInt(stepExponent - least),
  ];
  if (BigInt.asIntN(128, dividend) === dividend && BigInt.asIntN(128, divisor) === divisor) {
    return dividend % divisor === 0n;
  }
  // Beyond 128 bits the server's validator takes the doubles as they are.
  const [[numerator, denominator], [stepNumerator, stepDenominator]] = [fraction(value), fraction(step)];
  return stepNumerator === 0n || (numerator * stepDenominator) % (denominator * stepNumerator) === 0n;
}

/** `format: uuid`: 36 characters, hyphenated, of any version. */
export function isUuid(value: unknown): boolean {
  return matches(UUID, value);
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** `format: date-time` (RFC 3339). */
export function isDateTime(value: unknown): boolean {
  return matches(DATE_TIME, value) && isDay(value) && isSecond(value);
}

/** `format: date` (RFC 3339). */
export function isDate(value: unknown): boolean {
  return matches(DATE, value) && isDay(value);
}

/** `format: time` (RFC 3339). */
export function isTime(value: unknown): boolean {
  return matches(TIME, value) && isSecond(`1970-01-01t${value}`);
}

// Written out, so that bundlers can tell that those which are not used do nothing.
const DATE_TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])t([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

const TIME = /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** Whether the calendar has the day that a text begins with. */
function isDay(text: string): boolean {
  const day = +text.slice(8, 10);
  if (day < 29) {
    return true;
  }
  const year = +text.slice(0, 4);
  const month = +text.slice(5, 7);
  return day <= (month === 2 ? (year % (year % 100 ? 4 : 400) ? 28 : 29) : 30 + ((month + (month >> 3)) % 2));
}

/** Whether a point in time may have its second: a 60 stands only where a leap second can be, at 23:59 UTC. */
function isSecond(text: string): boolean {
  if (text[17] !== "6") {
    return true;
  }
  const before = new Date(text.toUpperCase().replace(/:60(\.\d+)?/, ":59"));
  return before.getUTCHours() === 23 && before.getUTCMinutes() === 59;
}

/** `format: ipv4`: four numbers without leading zeros. */
export function isIpv4(value: unknown): boolean {
  return typeof value === "string" && IPV4.test(value);
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** `format: json-pointer` (RFC 6901). */
export function isJsonPointer(value: unknown): boolean {
  return typeof value === "string" && JSON_POINTER.test(value);
}

const JSON_POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/u;

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

/** A number as a fraction with a power of ten below: the first that leaves nothing behind the point. */
function fraction(value: number): [bigint, bigint] {
  let [power, whole] = [1, value];
  while (whole - Math.floor(whole) >= Number.EPSILON) {
    power *= 10;
    whole = value * power;
  }
  return [BigInt(Math.trunc(whole)), BigInt(power)];
}
