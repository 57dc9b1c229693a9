/** Which protocol the hooks speak where nothing else is said. */
import type { ProtocolTypes } from "../protocol.js";

/**
 * An application names the types of its protocol once, and every hook knows them:
 *
 * ```ts
 * declare module "@tightwire/client/react" {
 *   interface Register {
 *     types: ChatTypes;
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be filled in by applications
export interface Register {}

/** The types that were registered; those of any protocol where none were. */
export type RegisteredTypes = Register extends { readonly types: infer Types extends ProtocolTypes }
  ? Types
  : ProtocolTypes;
