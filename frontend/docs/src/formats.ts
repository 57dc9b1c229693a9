/**
 * The formats that are checked: with the functions that are generated for TypeScript, which follow the server's validator.
 */
import {
  isEmail,
  isHostname,
  isIpv6,
  isIri,
  isIriReference,
  isRegex,
  isRelativeJsonPointer,
  isUri,
  isUriReference,
  isUriTemplate,
} from "../../../crates/tightwire-codegen/src/typescript/formats.js";
import {
  isDate,
  isDateTime,
  isIpv4,
  isJsonPointer,
  isTime,
  isUuid,
} from "../../../crates/tightwire-codegen/src/typescript/runtime.js";

/** The check of each format. */
export const FORMATS: { readonly [format: string]: ((value: unknown) => boolean) | undefined } = {
  __proto__: null as never,
  date: isDate,
  "date-time": isDateTime,
  email: isEmail,
  hostname: isHostname,
  ipv4: isIpv4,
  ipv6: isIpv6,
  iri: isIri,
  "iri-reference": isIriReference,
  "json-pointer": isJsonPointer,
  regex: isRegex,
  "relative-json-pointer": isRelativeJsonPointer,
  time: isTime,
  uri: isUri,
  "uri-reference": isUriReference,
  "uri-template": isUriTemplate,
  uuid: isUuid,
};
