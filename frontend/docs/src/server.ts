/**
 * The server that the page comes from: where it is, and what shows that one may ask it.
 */
import type { Contract, Json } from "./contract.js";

/** The token in the page's own address, where the server wants one. */
export function pageToken(): string {
  return new URLSearchParams(location.search).get("token") ?? "";
}

/** Whether the page was served: one that is opened from a disk has no server. */
export function isServed(): boolean {
  return location.protocol.startsWith("http");
}

/** What is at an address relative to the page. */
export async function fetchJson(address: string): Promise<Json> {
  const token = pageToken();
  const response = await fetch(address, token === "" ? {} : { headers: { Authorization: `Bearer ${token}` } });
  if (!response.ok) {
    throw new Error(`${address} was answered with ${response.status}`);
  }
  return (await response.json()) as Json;
}

export async function fetchContract(): Promise<Contract> {
  return (await fetchJson("contract.json")) as unknown as Contract;
}

/** Where this server's WebSocket is. */
export function socketUrl(path: string, query: readonly (readonly [string, string])[]): string {
  const url = new URL(`..${path.startsWith("/") ? path : `/${path}`}`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  for (const [name, value] of query) {
    url.searchParams.append(name, value);
  }
  return url.href;
}
