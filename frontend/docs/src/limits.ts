/**
 * The limits in force, beside those of the contract.
 */
import { isMap, type Json } from "./contract.js";
import { h } from "./dom.js";
import { fetchJson, pageToken } from "./server.js";

/** Asks the server, and shows what it says. */
export async function showLimits(): Promise<void> {
  const answer = await fetchJson("../api/dashboard/websocket/limits");
  const table = document.querySelector("#limits table");
  if (!isMap(answer) || table === null) {
    return;
  }
  for (const [name, value] of [answer.limits, answer.heartbeat].flatMap((part) =>
    Object.entries(isMap(part) ? part : {}),
  )) {
    rowOf(table, name).append(h("td", {}, text(value)));
  }
  for (const row of table.querySelectorAll("tbody tr")) {
    if (row.children.length < 3) {
      row.append(h("td", {}, "–"));
    }
  }
  table.querySelector("th[hidden]")?.removeAttribute("hidden");
  showDocument();
}

function rowOf(table: Element, name: string): Element {
  const known = table.querySelector(`[data-limit="${CSS.escape(name)}"]`);
  if (known !== null) {
    return known;
  }
  const row = h(
    "tr",
    { class: "entry", id: `limit-${name}` },
    h("th", { scope: "row" }, h("code", {}, name)),
    h("td", {}, "–"),
  );
  table.querySelector("tbody")?.append(row);
  return row;
}

function text(value: Json): string {
  return typeof value === "number" ? value.toLocaleString("en") : value === null ? "none" : String(value);
}

/** A server of this kind may have the document, too. */
function showDocument(): void {
  const place = document.querySelector<HTMLElement>("#document");
  const link = place?.querySelector("a");
  if (place && link) {
    place.hidden = false;
    const token = pageToken();
    link.href += token === "" ? "" : `?token=${encodeURIComponent(token)}`;
  }
}
