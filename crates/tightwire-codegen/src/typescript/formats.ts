/**
 * Formats that few protocols use: they follow the server's validator.
 */

/** `format: email` (RFC 5321, section 4.1.2): of ASCII, quoted or not, at a host name or at an address in brackets. */
export function isEmail(value: unknown): boolean {
  if (typeof value !== "string") {
    return false;
  }
  // A name may stand before an address in angle brackets.
  const start = value.lastIndexOf(" <");
  const named = start >= 0;
  const bracketed = value.slice(start + 2).trim();
  if (named && !bracketed.endsWith(">")) {
    return false;
  }
  const address = named ? bracketed.slice(0, -1) : value;
  const at = address.lastIndexOf("@");
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  if (at <= 0 || local.length > 64 || !LOCAL_PART.test(local)) {
    return false;
  }
  if (!domain.startsWith("[") || !domain.endsWith("]")) {
    return isHostname(domain);
  }
  const literal = domain.slice(1, -1);
  return /^ipv6:/i.test(literal) ? isIpv6(literal.slice(5)) : IPV4.test(literal);
}

const LOCAL_PART = /^(?:[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*|"(?:[\t !#-[\]-~]|\\[!-~])*")$/;

/** `format: hostname` (RFC 1123), of at least one label; an internationalised one begins with `xn--` (RFC 5890). */
export function isHostname(value: unknown): boolean {
  return (
    typeof value === "string" &&
    value.length <= 253 &&
    value.split(".").every((label) => LABEL.test(label) && (!label.startsWith("--", 2) || isInternational(label)))
  );
}

const LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i;

/** Whether a label is one that stands for other letters. */
function isInternational(label: string): boolean {
  const text = label.startsWith("xn--") ? unicodeLabel(label.slice(4)) : undefined;
  return text !== undefined && !DISALLOWED.some((pattern) => pattern.test(text));
}

/** The signs after which a zero width joiner may stand: those that take the vowel from a consonant. */
const VIRAMAS =
  "\\u094d\\u09cd\\u0a4d\\u0acd\\u0b4d\\u0bcd\\u0c4d\\u0ccd\\u0d4d\\u0dca\\u0e3a\\u0f84\\u1039\\u1714" +
  "\\u1734\\u17d2\\u1a60\\u1b44\\u1baa\\u1bf2\\u1bf3\\u2d7f\\ua806\\ua8c4\\ua953\\uabed\\u{10a3f}\\u{11046}" +
  "\\u{1107f}\\u{110b9}\\u{11133}\\u{111c0}\\u{11235}\\u{112ea}\\u{1134d}\\u{11442}\\u{114c2}\\u{115bf}" +
  "\\u{1163f}\\u{116b6}\\u{1172b}\\u{11839}\\u{119e0}\\u{11a34}\\u{11a47}\\u{11a99}\\u{11c3f}\\u{11d44}" +
  "\\u{11d45}\\u{11d97}";

/**
 * What no internationalised label may be or have: a mark in front; what is no letter, mark or digit (RFC 5892); and what
 * may stand only beside certain others (its appendix A).
 */
const DISALLOWED: readonly RegExp[] = [
  /^\p{M}/u,
  /[^\0-\x7f\p{L}\p{Mn}\p{Mc}\p{Nd}\u200c-\u200d\xb7\u0375\u05f3\u05f4\u06fd\u06fe\u0f0b\u3007\u30fb]/u,
  /[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]/u,
  new RegExp(`(?<![${VIRAMAS}])\\u200d`, "u"),
  /(?<!l)\xb7|\xb7(?!l)/u,
  /\u0375(?![\u0370-\u03ff])/u,
  /(?<![\u0590-\u05ff])[\u05f3\u05f4]/u,
  /^(?=.*\u30fb)(?!.*[\u3040-\u30fa\u30fc-\u30ff\u4e00-\u9fff])/su,
  /^(?=.*[\u0660-\u0669])(?=.*[\u06f0-\u06f9])/su,
];

/** What a label's Punycode stands for (RFC 3492, section 6.2); `undefined` where it stands for nothing. */
function unicodeLabel(encoded: string): string | undefined {
  const end = Math.max(encoded.lastIndexOf("-"), 0);
  const output = [...encoded.slice(0, end)];
  let [codePoint, index, bias, position] = [128, 0, 72, end === 0 ? 0 : end + 1];
  while (position < encoded.length) {
    const previous = index;
    for (let [weight, k] = [1, 36]; ; k += 36) {
      const digit = "abcdefghijklmnopqrstuvwxyz0123456789".indexOf(encoded.charAt(position).toLowerCase() || "-");
      position += 1;
      index += digit * weight;
      if (digit < 0 || index > 0xffff_ffff) {
        return undefined;
      }
      const threshold = Math.min(Math.max(k - bias, 1), 26);
      if (digit < threshold) {
        break;
      }
      weight *= 36 - threshold;
    }
    const count = output.length + 1;
    let delta = Math.floor((index - previous) / (previous === 0 ? 700 : 2));
    delta += Math.floor(delta / count);
    for (bias = 0; delta > 455; bias += 36) {
      delta = Math.floor(delta / 35);
    }
    bias += Math.floor((36 * delta) / (delta + 38));
    codePoint += Math.floor(index / count);
    index %= count;
    if (codePoint > 0x10_ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) {
      return undefined;
    }
    output.splice(index, 0, String.fromCodePoint(codePoint));
    index += 1;
  }
  return output.join("");
}

/** `format: ipv6` (RFC 4291, section 2.2), without a zone. */
export function isIpv6(value: unknown): boolean {
  if (typeof value !== "string") {
    return false;
  }
  // An IPv4 address at the end stands for two groups.
  const tail = /[^:]*$/.exec(value)?.[0] ?? "";
  const text = tail.includes(".") && IPV4.test(tail) ? `${value.slice(0, -tail.length)}0:0` : value;
  const halves = text.split("::");
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  return (
    groups.every((group) => /^[\da-f]{1,4}$/i.test(group)) &&
    (halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length <= 7)
  );
}

const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

const IPV4 = /* @__PURE__ */ new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);

/** `format: uri` (RFC 3986): with a scheme. */
export function isUri(value: unknown): boolean {
  return typeof value === "string" && URI.test(value) && hasHost(value);
}

/** `format: uri-reference` (RFC 3986): a URI, or what is relative to one. */
export function isUriReference(value: unknown): boolean {
  return typeof value === "string" && URI_REFERENCE.test(value) && hasHost(value);
}

/** `format: iri` (RFC 3987): a URI of Unicode. */
export function isIri(value: unknown): boolean {
  return typeof value === "string" && IRI.test(value) && hasHost(value);
}

/** `format: iri-reference` (RFC 3987). */
export function isIriReference(value: unknown): boolean {
  return typeof value === "string" && IRI_REFERENCE.test(value) && hasHost(value);
}

/** Characters beyond ASCII that an IRI may have, and those that only its query may have. */
const UNICODE =
  "\\u{a0}-\\u{d7ff}\\u{f900}-\\u{fdcf}\\u{fdf0}-\\u{ffef}\\u{10000}-\\u{1fffd}\\u{20000}-\\u{2fffd}" +
  "\\u{30000}-\\u{3fffd}\\u{40000}-\\u{4fffd}\\u{50000}-\\u{5fffd}\\u{60000}-\\u{6fffd}\\u{70000}-\\u{7fffd}" +
  "\\u{80000}-\\u{8fffd}\\u{90000}-\\u{9fffd}\\u{a0000}-\\u{afffd}\\u{b0000}-\\u{bfffd}\\u{c0000}-\\u{cfffd}" +
  "\\u{d0000}-\\u{dfffd}\\u{e1000}-\\u{efffd}";

const PRIVATE = "\\u{e000}-\\u{f8ff}\\u{f0000}-\\u{ffffd}\\u{100000}-\\u{10fffd}";

/** A pattern of RFC 3986, or of RFC 3987 with its further characters. */
function uri(relative: boolean, unicode: string, inQuery: string): RegExp {
  const some = (more: string): string => `(?:[\\w.~!$&'()*+,;=\\-${more}]|%[\\dA-Fa-f]{2})`;
  const authority = `(?:${some(`:${unicode}`)}*@)?(?:\\[[^\\]]*\\]|${some(unicode)}*)(?::\\d*)?`;
  const path = some(`:@/${unicode}`);
  const start = `(?:\\/\\/${authority}(?![^/?#])|(?!\\/\\/))`;
  const scheme = "[A-Za-z][A-Za-z\\d+.\\-]*:";
  const before = relative ? `(?:${scheme}|(?!${some(`@${unicode}`)}*:))` : scheme;
  const query = some(`:@/?${unicode}${inQuery}`);
  return new RegExp(`^${before}${start}${path}*(?:\\?${query}*)?(?:#${some(`:@/?${unicode}`)}*)?$`, "u");
}

const URI = /* @__PURE__ */ uri(false, "", "");

const URI_REFERENCE = /* @__PURE__ */ uri(true, "", "");

const IRI = /* @__PURE__ */ uri(false, UNICODE, PRIVATE);

const IRI_REFERENCE = /* @__PURE__ */ uri(true, UNICODE, PRIVATE);

/** Whether the address in brackets is one, where there is one. */
function hasHost(text: string): boolean {
  const literal = /^[^/?#]*\/\/[^/?#]*\[([^\]]*)\]/.exec(text)?.[1];
  return literal === undefined || isIpv6(literal) || /^v[\da-f]+\.[\w.~!$&'()*+,;=:-]+$/i.test(literal);
}

/** `format: uri-template` (RFC 6570). */
export function isUriTemplate(value: unknown): boolean {
  return typeof value === "string" && URI_TEMPLATE.test(value);
}

const VARIABLE = "(?:\\w|%[\\da-f]{2})+(?:\\.(?:\\w|%[\\da-f]{2})+)*(?::[1-9]\\d{0,3}|\\*)?";

const URI_TEMPLATE = /* @__PURE__ */ new RegExp(
  `^(?:[^\\x00- "<>%\\\\^\`{|}\\x7f]|%[\\da-f]{2}|\\{[+#./;?&=,!@|]?${VARIABLE}(?:,${VARIABLE})*\\})*$`,
  "i",
);

/** `format: relative-json-pointer`. */
export function isRelativeJsonPointer(value: unknown): boolean {
  return typeof value === "string" && RELATIVE_JSON_POINTER.test(value);
}

const RELATIVE_JSON_POINTER = /^(?:0|[1-9]\d*)(?:#|(?:\/(?:[^~/]|~[01])*)*)$/u;

/** `format: regex` (ECMA-262), in Unicode mode. */
export function isRegex(value: unknown): boolean {
  try {
    return typeof value === "string" && new RegExp(value, "u") !== undefined;
  } catch {
    return false;
  }
}
