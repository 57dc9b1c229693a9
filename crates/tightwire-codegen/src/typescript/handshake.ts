/**
 * What the functions of `routes.ts` stand on: the URL and the headers of a handshake.
 *
 * All parameters are text on the way. What a text stands for follows from the parameter's schema, and what the server
 * would then refuse is refused here.
 */
import { type Check, violations } from "./report.js";
import { has, isObject, type JsonObject } from "./runtime.js";

/** Where a parameter stands. */
export type Place = "path" | "query" | "header";

/** What a text may stand for; a list means a list of such. Of several, the text is the first that it can be. */
export type Kind = "boolean" | "number" | "object" | "null" | "string" | readonly Kind[];

/** A parameter that the document names. */
export interface ParameterInfo {
  readonly place: Place;
  /** Its name there. */
  readonly name: string;
  /** The name of its property. */
  readonly key: string;
  /** What its text may stand for. */
  readonly kinds: readonly Kind[];
  /** The text of a parameter that is not given. */
  readonly fallback?: string;
}

/** What the document says of the handshake at one path. */
export interface RouteInfo {
  /** The path; empty where the server's settings name it. */
  readonly path: string;
  readonly parameters: readonly ParameterInfo[];
  /** The checks of the parameters of each place, as an object by name. */
  readonly checks: { readonly [Where in Place]?: Check };
}

/** A parameter, and a text for it. */
type Text = readonly [parameter: ParameterInfo, text: string];

/** The URL of a route on a server, with its parameters. */
export function urlOf(route: RouteInfo, base: string, parameters: object): string {
  const texts = written(route, ["path", "query"], parameters);
  const [address, ownQuery] = split(split(base, "#")[0], "?");
  const server = address.replace(/\/+$/, "");
  const path = server.replace(/^[^/]*:\/\//, "").replace(/^[^/]+/, "");
  const isThere = !route.path.includes("{") && path.endsWith(route.path.replace(/\/+$/, ""));
  const query = texts
    .filter(([{ place }]) => place === "query")
    .map(([{ name }, text]) => `${encoded(name)}=${encoded(text)}`)
    .join("&");
  const queries = [ownQuery, query].filter((part) => part !== "");
  const filled = isThere ? "" : route.path.replace(/\{([^}]*)\}/g, (_, name: string) => encoded(inPath(texts, name)));
  return `${server}${filled}${queries.length > 0 ? "?" : ""}${queries.join("&")}`;
}

/** The headers of a route, by name. */
export function headersOf(route: RouteInfo, headers: object): Record<string, string> {
  return Object.fromEntries(written(route, ["header"], headers).map(([{ name }, text]) => [name, text]));
}

/** The texts of the parameters of some places; a RangeError where the server would refuse them. */
function written(route: RouteInfo, places: readonly Place[], values: object): readonly Text[] {
  const texts: Text[] = [];
  const members: JsonObject = { ...values };
  for (const parameter of route.parameters) {
    if (places.includes(parameter.place)) {
      const value = has(members, parameter.key) ? members[parameter.key] : parameter.fallback;
      texts.push(...textsOf(value, parameter.place).map((text) => [parameter, text] as const));
    }
  }
  const wrong = places.flatMap((place) => refused(route, place, texts));
  if (wrong.length > 0) {
    throw new RangeError(`the parameters of the handshake do not follow the contract: ${wrong.join(", ")}`);
  }
  return texts;
}

/** What the server would refuse of the parameters of one place: pointer and keyword. */
function refused(route: RouteInfo, place: Place, texts: readonly Text[]): readonly string[] {
  const found = new Map<string, string>();
  const values: [string, unknown][] = [];
  for (const parameter of route.parameters.filter((one) => one.place === place)) {
    const given = texts.filter(([one]) => one === parameter).map(([, text]) => text);
    const pointer = `${place}/${parameter.name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    // A path without the segment, or one that is taken for a step, is another path.
    if (place === "path" && given.some((text) => text === "" || text === "." || text === "..")) {
      found.set(pointer, "pattern");
    }
    // The server would get another text, or none.
    if (given.some((text) => LONE_SURROGATE.test(text))) {
      found.set(pointer, "type");
    }
    if (given.length > 1 && !parameter.kinds.some(isList)) {
      found.set(pointer, "maxItems");
    }
    if (given.length > 0) {
      values.push([parameter.name, read(given, parameter.kinds, place)]);
    }
  }
  const check = route.checks[place];
  for (const { pointer, keyword } of check === undefined ? [] : violations(check, Object.fromEntries(values))) {
    // What is given twice is already known to be wrong.
    if (!found.has(place + pointer)) {
      found.set(place + pointer, keyword);
    }
  }
  return [...found].map(([pointer, keyword]) => `${pointer} (${keyword})`);
}

const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** The texts of a value: none for `null`, which stands for what is absent. */
function textsOf(value: unknown, place: Place): readonly string[] {
  if (!Array.isArray(value)) {
    return value === undefined || value === null ? [] : [textOf(value)];
  }
  const texts = value.filter((item) => item !== undefined && item !== null).map(textOf);
  return place === "query" || texts.length === 0 ? texts : [texts.join(", ")];
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What the texts given for one parameter stand for. */
function read(given: readonly string[], kinds: readonly Kind[], place: Place): unknown {
  const [first = ""] = given;
  const list = kinds.find(isList);
  // Where the one text may be a value of its own, it is.
  if (list === undefined || (given.length === 1 && kinds.some((kind) => !isList(kind)))) {
    return meant(first, kinds);
  }
  const items = place === "header" ? given.flatMap((text) => text.split(",")).map((text) => text.trim()) : given;
  return items.map((text) => meant(text, list));
}

/** What one text stands for. Where it can be nothing else it stays a text, and the check says what it should be. */
function meant(text: string, kinds: readonly Kind[]): unknown {
  if (kinds.includes("boolean") && (text === "true" || text === "false")) {
    return text === "true";
  }
  const value = json(text);
  if (
    (kinds.includes("number") && typeof value === "number" && Number.isFinite(value)) ||
    (kinds.includes("object") && isObject(value))
  ) {
    return value;
  }
  // A text that may be a text is one, even if it is `null`.
  return kinds.includes("null") && !kinds.includes("string") && (text === "" || text === "null") ? null : text;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isList(kind: Kind): kind is readonly Kind[] {
  return typeof kind !== "string";
}

function inPath(texts: readonly Text[], name: string): string {
  return texts.find(([one]) => one.place === "path" && one.name === name)?.[1] ?? "";
}

/** A text before and after the first of a character. */
function split(text: string, character: string): readonly [before: string, after: string] {
  const at = text.indexOf(character);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** Everything but what RFC 3986 calls unreserved is escaped. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
