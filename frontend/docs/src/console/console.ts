/**
 * The console: connect, choose a message, fill its form, send, and see what comes.
 */
import type { Contract } from "../contract.js";
import { h } from "../dom.js";
import { Composer } from "./composing.js";
import { connectForm } from "./connecting.js";
import { Connection } from "./connection.js";
import { Journal } from "./journal.js";

/** Puts the console into its section, and a way there beside each message that clients send. */
export function startConsole(contract: Contract, section: HTMLElement): void {
  const journal = new Journal(contract);
  const connection = new Connection(contract, journal);
  const composer = new Composer(contract, connection);
  const form = connectForm(contract, connection, (route) => {
    const messages = contract.messages.to_server;
    composer.offer(route === undefined ? messages : messages.filter(({ id }) => route.to_server.includes(id)));
  });
  section.append(
    h("p", {}, "Talk to this server. Frames are checked against the contract on their way out and in."),
    h("div", { class: "panes" }, h("div", {}, form, composer.element), pane(contract, connection, journal)),
  );
  for (const entry of document.querySelectorAll<HTMLElement>('[data-direction="to_server"]')) {
    const button = h("button", { type: "button", class: "try" }, "Try it");
    button.setAttribute("aria-label", `Try it: ${entry.querySelector("h3 code")?.textContent ?? ""} in the console`);
    button.addEventListener("click", () => {
      if (composer.show(entry.dataset.message ?? "")) {
        section.hidden = false;
        composer.element.scrollIntoView();
        composer.element.querySelector<HTMLElement>("select")?.focus({ preventScroll: true });
      }
    });
    entry.querySelector("h3")?.after(button);
  }
}

function pane(contract: Contract, connection: Connection, journal: Journal): HTMLElement {
  const clear = h("button", { type: "button" }, "Clear");
  clear.addEventListener("click", () => journal.clear());
  const pings = h("input", { type: "checkbox" });
  pings.checked = connection.answersPings;
  pings.addEventListener("input", () => {
    connection.answersPings = pings.checked;
  });
  const hasPings = contract.messages.to_client.some(({ session }) => session === "ping");
  return h(
    "div",
    { class: "frames" },
    h("h3", {}, "Frames"),
    h("div", { class: "buttons" }, hasPings && h("label", {}, pings, " Answer pings"), clear),
    journal.element,
  );
}
