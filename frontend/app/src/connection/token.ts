/** The token that the server is shown: kept as long as the tab is open, and never in the address. */
import { keep, recall } from "../storage.js";

const KEY = "tightwire.token";
const store = (): Storage => window.sessionStorage;

/** The token that this tab keeps, if there is one. */
export function keptToken(): string | undefined {
  return recall(store, KEY);
}

/** The token of this tab, if there is one. `?token=` hands one in: it is taken out of the address and kept. */
export function initialToken(): string | undefined {
  const address = new URL(window.location.href);
  const given = address.searchParams.get("token");
  if (given === null || given === "") {
    return keptToken();
  }
  address.searchParams.delete("token");
  window.history.replaceState(window.history.state, "", address);
  keepToken(given);
  return given;
}

/** Keeps a token for the next time that the page is loaded in this tab. */
export function keepToken(token: string): void {
  keep(store, KEY, token);
}
