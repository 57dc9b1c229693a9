/**
 * The form that sends: a message, its topic, what it says, and the frame that comes of it, which can be changed by hand.
 */
import { type Address, type Contract, filled, type Json, type Message } from "../contract.js";
import { h, labelled, select } from "../dom.js";
import { type Field, field } from "../form/field.js";
import { contentSchema, firstContent, frameOf } from "../frames.js";
import { judgeAs } from "../judge.js";
import type { Verdict } from "../validate.js";
import { type AddressForm, addressForm } from "./address.js";
import type { Connection } from "./connection.js";
import { list } from "./journal.js";

const NO_JSON: Verdict = { violations: [{ pointer: "", keyword: "json", message: "is not JSON" }], unchecked: [] };

export class Composer {
  readonly element: HTMLFormElement;
  private readonly contract: Contract;
  private readonly connection: Connection;
  private readonly place = h("div");
  private readonly frame = h("textarea", { rows: "10", spellcheck: "false", class: "code" });
  private readonly verdict = h("div", { role: "status", class: "judged" });
  private readonly anyway = h("input", { type: "checkbox" });
  private readonly hint = h("p", { class: "hint", role: "status" });
  private readonly choice = h("div");
  private messages: readonly Message[];
  private message: Message | undefined;
  private topic: () => string = () => "";
  private content: Field | undefined;
  /** The frame was changed by hand: it is sent as it is. */
  private isOwn = false;

  constructor(contract: Contract, connection: Connection) {
    this.contract = contract;
    this.connection = connection;
    this.messages = contract.messages.to_server;
    this.element = h(
      "form",
      { class: "compose" },
      this.choice,
      this.place,
      labelled("Frame", this.frame, "What is sent. It follows the form until you change it here."),
      this.verdict,
      h("p", { class: "switch" }, h("label", {}, this.anyway, " Send although invalid, to see what the server says")),
      h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, "Send"), this.hint),
    );
    this.element.noValidate = true;
    this.place.addEventListener("input", () => this.follow());
    this.frame.addEventListener("input", () => {
      this.isOwn = true;
      this.judge();
    });
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.offer(this.messages);
  }

  /** The messages that can be sent. */
  offer(messages: readonly Message[]): void {
    this.messages = messages;
    this.choose(messages.find(({ session }) => session === null) ?? messages[0]);
  }

  /** Shows the form of a message; false where it cannot be sent on this connection. */
  show(id: string): boolean {
    const message = this.messages.find((one) => one.id === id);
    if (message !== undefined) {
      this.choose(message);
    }
    return message !== undefined;
  }

  private choose(message: Message | undefined): void {
    this.message = message;
    const options = this.messages.map(
      ({ id, name, title }) => [id, title === null ? name : `${name}: ${title}`] as const,
    );
    const picker = select(options, message?.id);
    picker.addEventListener("input", () => this.choose(this.messages.find(({ id }) => id === picker.value)));
    const hadFocus = this.choice.contains(document.activeElement);
    this.choice.replaceChildren(labelled("Message", picker));
    if (hadFocus) {
      picker.focus();
    }
    if (message === undefined) {
      this.place.replaceChildren(h("p", {}, "Clients send nothing here."));
      return;
    }
    const label = this.contract.envelope ? "data" : "frame";
    this.content = field(
      this.contract.bundle,
      contentSchema(this.contract, message),
      label,
      firstContent(this.contract, message),
    );
    this.place.replaceChildren(this.topicForm(message), this.content.element);
    this.follow();
  }

  private topicForm(message: Message): HTMLElement {
    const channels = message.channels.flatMap((id) => this.contract.channels[id] ?? []);
    if (!this.contract.envelope || channels.length === 0) {
      this.topic = () => "";
      return h("div");
    }
    const parameters = h("div");
    const show = (channel: Address): void => {
      const form: AddressForm = addressForm(channel, () => {});
      this.topic = () => filled(channel, form.read());
      parameters.replaceChildren(form.element);
    };
    const names = channels.map((channel) => filled(channel, braced(channel)));
    const picker = select(names.map((name, index) => [String(index), name] as const));
    picker.addEventListener("input", () => show(channels[Number(picker.value)] as Address));
    show(channels[0] as Address);
    return h("fieldset", {}, h("legend", {}, "topic"), labelled("channel", picker), parameters);
  }

  /** Makes the frame of what the form says. */
  private follow(): void {
    if (this.message !== undefined && this.content !== undefined) {
      const frame = frameOf(this.contract, this.message, this.topic(), this.content.read());
      this.frame.value = JSON.stringify(frame, undefined, 2);
      this.isOwn = false;
      this.judge();
    }
  }

  private judge(): boolean {
    const found = this.verdictOf(this.frame.value);
    const isValid = found.violations.length === 0;
    const title = isValid ? "Valid" : "Invalid";
    this.verdict.replaceChildren(h("strong", { class: isValid ? "good" : "bad" }, title), list(found));
    return isValid;
  }

  private verdictOf(text: string): Verdict {
    try {
      const frame = JSON.parse(text) as Json;
      return this.message === undefined ? NO_JSON : judgeAs(this.contract, "to_server", this.message, frame);
    } catch {
      return NO_JSON;
    }
  }

  private send(): void {
    if (!this.isOwn) {
      // With an `id` and a time of its own.
      this.follow();
    }
    if (!this.judge() && !this.anyway.checked) {
      this.hint.textContent = "Not sent: it is invalid.";
    } else {
      this.hint.textContent = this.connection.send(this.frame.value) ? "Sent." : "Not sent: connect first.";
    }
  }
}

function braced(channel: Address): { readonly [name: string]: string } {
  return Object.fromEntries(Object.keys(channel.parameters).map((name) => [name, `{${name}}`]));
}
