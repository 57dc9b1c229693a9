/**
 * What the end of a connection means.
 */
import type { CloseCode } from "../contract.js";

/** What browsers say of themselves (RFC 6455, section 7.4.1). */
const OWN: { readonly [code: number]: string } = {
  1005: "closed without a code",
  1006: "lost, or refused before it was open",
};

/** A sentence. */
export function meaningOf(codes: readonly CloseCode[], code: number, reason: string): string {
  const known = codes.find((one) => one.code === code);
  const said = reason === "" ? "" : ` The server says: ${reason}`;
  if (known === undefined) {
    return `Disconnected (${code}): ${OWN[code] ?? "the contract does not name this code"}.${said}`;
  }
  const next = known.reconnect ? "Clients connect again." : "Clients do not connect again by themselves.";
  return `Disconnected (${code} ${known.name}): ${known.meaning} ${next}${said}`;
}
