/**
 * The form that connects: where, with which parameters, with which token.
 */
import { type Contract, filled, isMap, type Json, type Route } from "../contract.js";
import { h, labelled, select } from "../dom.js";
import { field } from "../form/field.js";
import { members } from "../references.js";
import { pageToken, socketUrl } from "../server.js";
import { merged } from "../shape.js";
import { addressForm } from "./address.js";
import type { Connection, State } from "./connection.js";

/** Where servers have their WebSocket unless their settings name another path. */
const USUAL_PATH = "/ws";

const STATES: { readonly [state in State]: string } = {
  closed: "Not connected",
  connecting: "Connecting …",
  open: "Connected",
  closing: "Closing …",
};

/** The form. `chosen` is told at which route it connects. */
export function connectForm(
  contract: Contract,
  connection: Connection,
  chosen: (route: Route | undefined) => void,
): HTMLElement {
  const url = h("input", { type: "url", autocomplete: "off", spellcheck: "false", required: true });
  const token = h("input", { type: "password", autocomplete: "off", spellcheck: "false" });
  token.value = pageToken();
  const button = h("button", { type: "submit", class: "primary" }, "Connect");
  const state = h("p", { class: "state", role: "status", "data-state": "closed" }, STATES.closed);
  const parameters = h("div");

  const showRoute = (route: Route | undefined): void => {
    const query = queryForm(contract, route);
    const address = route && addressForm(route, () => update());
    const update = (): void => {
      const path = route === undefined ? (contract.path ?? USUAL_PATH) : filled(route, encoded(address?.read() ?? {}));
      url.value = socketUrl(path, query?.read() ?? []);
    };
    query?.element.addEventListener("input", update);
    parameters.replaceChildren(...[address?.element, query?.element].filter((part) => part !== undefined));
    update();
    chosen(route);
  };
  const routes = select(contract.routes.map(({ path }, index) => [String(index), path] as const));
  routes.addEventListener("input", () => showRoute(contract.routes[Number(routes.value)]));
  showRoute(contract.routes[0]);

  connection.onState = (now) => {
    state.textContent = STATES[now];
    state.dataset.state = now;
    button.textContent = now === "closed" ? "Connect" : "Disconnect";
  };
  const form = h(
    "form",
    { class: "connect" },
    contract.routes.length > 1 && labelled("Path", routes),
    parameters,
    labelled("Address", url),
    labelled("Token", token, "Only where the server asks for one. It is sent in the address."),
    h("div", { class: "buttons" }, button, state),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (connection.state === "closed") {
      connection.open(withToken(url.value, token.value));
    } else {
      connection.close();
    }
  });
  return form;
}

function withToken(url: string, token: string): string {
  return token === "" ? url : `${url}${url.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}`;
}

function encoded(values: { readonly [name: string]: string }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, encodeURIComponent(value)]));
}

/** The parameters of the query, but for the token, which has a field of its own. */
function queryForm(contract: Contract, route: Route | undefined) {
  const schema = contract.bundle["x-handshake"]?.[route?.path ?? ""]?.query;
  if (schema === undefined) {
    return undefined;
  }
  const all = merged(contract.bundle, schema);
  const properties = Object.fromEntries(members(all.properties).filter(([name]) => name !== "token"));
  if (Object.keys(properties).length === 0) {
    return undefined;
  }
  const made = field(contract.bundle, { ...all, properties, additionalProperties: false }, "Query", {});
  const read = (): readonly (readonly [string, string])[] => {
    const value = made.read();
    return Object.entries(isMap(value) ? value : {}).flatMap(([name, one]) =>
      (Array.isArray(one) ? (one as readonly Json[]) : [one]).map((item) => [name, plain(item)] as const),
    );
  };
  return { element: made.element, read };
}

function plain(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
