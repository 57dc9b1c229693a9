/**
 * What matters of a value, with an example of it. Without a matcher a value has to be as it is written.
 *
 * Each matcher is a matcher of the type that stands where it is used: what the contract has no place for does not compile.
 */
declare const OF: unique symbol;

/** Says what matters of a `T`. The members are those of Pact's integration JSON. */
export interface Matcher<T> {
  readonly "pact:matcher:type": string;
  readonly value: unknown;
  readonly [OF]?: T;
}

/** A `T`, or what matters of it, at any depth. */
export type Expected<T> = Matcher<T> | Spelled<T>;

type Spelled<T> = T extends readonly (infer Item)[]
  ? readonly Expected<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Expected<T[Key]> }
    : T;

const UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
const INSTANT = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$";

/** The same type. */
export function like<const T extends string | number | boolean>(example: T): Matcher<T>;
export function like<T>(example: Expected<NoInfer<T>>): Matcher<T>;
export function like(example: unknown): Matcher<unknown> {
  return { "pact:matcher:type": "type", value: example };
}

/** A text that matches a regular expression. */
export function regex(pattern: RegExp | string, example: string): Matcher<string> {
  const source = typeof pattern === "string" ? pattern : pattern.source;
  return { "pact:matcher:type": "regex", regex: source, value: example } as Matcher<string>;
}

/** One of these. */
export function oneOf<T extends string>(first: T, ...others: readonly T[]): Matcher<T> {
  const escaped = [first, ...others].map((text) => text.replace(/[^a-z0-9_ ]/gi, "\\$&"));
  return { "pact:matcher:type": "regex", regex: `^(${escaped.join("|")})$`, value: first } as Matcher<T>;
}

/** A UUID. Numbers tell examples apart. */
export function uuid(number: number): Matcher<string> {
  return regex(UUID, exampleId(number));
}

/** The UUID of that number. */
export function exampleId(number: number): string {
  return `0190b6a2-7c1e-7b6a-9a64-${number.toString(16).padStart(12, "0")}`;
}

/** A point in time as the connection tells it: in milliseconds, in UTC. */
export function datetime(example: string): Matcher<string> {
  return {
    "pact:matcher:type": "datetime",
    format: "yyyy-MM-dd'T'HH:mm:ss.SSSX",
    value: example,
  } as Matcher<string>;
}

/** A point in time (RFC 3339) in UTC, with as many decimal places as there are: `datetime` needs to know how many. */
export function instant(example: string): Matcher<string> {
  return regex(INSTANT, example);
}

/** A whole number. */
export function integer(example: number): Matcher<number> {
  return { "pact:matcher:type": "integer", value: example };
}

/** A number. */
export function number(example: number): Matcher<number> {
  return { "pact:matcher:type": "number", value: example };
}

/** A list of at least `min` items, each like this one. */
export function eachLike<Item>(example: Expected<NoInfer<Item>>, min = 1): Matcher<readonly Item[]> {
  return {
    "pact:matcher:type": "type",
    min,
    value: Array.from({ length: Math.max(min, 1) }, () => example),
  } as Matcher<readonly Item[]>;
}
