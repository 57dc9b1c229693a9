/**
 * Which messages were written here. The server names the author of a message by the connection that it came over, and this
 * page has had several: those of this tab are remembered.
 */
import { keep, recall } from "../storage.js";

const KEY = "tightwire.connections";
const MOST = 100;
const store = (): Storage => window.sessionStorage;

const ids = new Set<string>(typeof window === "undefined" ? [] : (recall(store, KEY)?.split(" ") ?? []));

/** A connection of this page. */
export function rememberConnection(id: string): void {
  if (!ids.has(id)) {
    ids.add(id);
    keep(store, KEY, [...ids].slice(-MOST).join(" "));
  }
}

/** Whether an author is this page. */
export function isOwn(authorId: string): boolean {
  return ids.has(authorId);
}
