/**
 * The console in the chat's page, before a server that a test plays.
 */
// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startConsole } from "../src/console/console.js";
import type { JsonMap } from "../src/contract.js";
import { uuid } from "../src/sample.js";
import { startSearch } from "../src/search.js";
import { chat, page } from "./support.js";

class FakeSocket {
  static all: FakeSocket[] = [];
  readonly url: string;
  readonly sent: JsonMap[] = [];
  onopen: () => void = () => {};
  onmessage: (event: { data: unknown }) => void = () => {};
  onclose: (event: { code: number; reason: string }) => void = () => {};
  closed: number | undefined;

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as JsonMap);
  }

  close(code: number): void {
    this.closed = code;
  }

  says(type: string, data: JsonMap, topic = "system"): void {
    const frame = { v: 1, id: uuid(), type, topic, ts: Date.now(), correlation_id: uuid(), data };
    this.onmessage({ data: JSON.stringify(frame) });
  }
}

function find<Kind extends HTMLElement>(selector: string): Kind {
  const found = document.querySelector<Kind>(selector);
  if (found === null) {
    throw new Error(`no ${selector}`);
  }
  return found;
}

function submit(form: string): void {
  find(form).dispatchEvent(new Event("submit", { cancelable: true }));
}

function type(selector: string, value: string): void {
  const control = find<HTMLInputElement>(selector);
  control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

const journal = (): readonly string[] =>
  [...document.querySelectorAll(".journal > li")].map((row) => row.textContent ?? "");

function connected(): FakeSocket {
  submit(".connect");
  const socket = FakeSocket.all.at(-1) as FakeSocket;
  socket.onopen();
  return socket;
}

beforeEach(() => {
  location.href = "http://chat.example/tools/docs/";
  document.body.innerHTML = page;
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
  // happy-dom lays nothing out.
  Element.prototype.scrollIntoView = () => {};
  startConsole(chat, find("#console"));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the console", () => {
  it("connects to the server of its page, with the token that was given", () => {
    type(".connect [type=password]", "a b");
    submit(".connect");
    expect(FakeSocket.all.map(({ url }) => url)).toEqual(["ws://chat.example/tools/ws?token=a%20b"]);
    expect(find(".state").textContent).toBe("Connecting …");
    FakeSocket.all[0]?.onopen();
    expect(find(".state").textContent).toBe("Connected");
    submit(".connect");
    expect(FakeSocket.all[0]?.closed).toBe(1000);
  });

  it("sends what its form says, and judges what comes", () => {
    const socket = connected();
    type(".compose select", "send_message");
    type(".compose fieldset input", "plans");
    type(".compose fieldset textarea", "Hello?");
    submit(".compose");
    expect(socket.sent).toMatchObject([{ type: "send_message", topic: "thread:plans", data: { content: "Hello?" } }]);
    socket.says("stream_end", {}, "thread:plans");
    expect(journal()[0]).toMatch(/received stream_end thread:plans \d+ violations.*is required/s);
    expect(journal()[1]).toMatch(/sent send_message thread:plans valid/);
    socket.says("no_such", {});
    expect(journal()[0]).toContain("/type names no message that the server sends");
    socket.onmessage({ data: "{" });
    expect(journal()[1]).toContain("is not JSON");
  });

  it("does not send what is invalid, unless that is wanted", () => {
    const socket = connected();
    type(".compose select", "send_message");
    type(".compose fieldset textarea", "");
    expect(find(".judged").textContent).toBe("Invalid/data/content must have at least 1 characters");
    submit(".compose");
    expect(socket.sent).toEqual([]);
    expect(find(".compose .buttons .hint").textContent).toBe("Not sent: it is invalid.");
    find<HTMLInputElement>(".switch input").checked = true;
    submit(".compose");
    expect(socket.sent).toMatchObject([{ data: { content: "" } }]);
    socket.onclose({ code: 1002, reason: "contract violation" });
    expect(journal()[0]).toContain("1002 contract_violation): A frame did not follow the contract");
    expect(journal()[0]).toContain("The server says: contract violation");
  });

  it("sends a frame that was changed by hand as it is", () => {
    const socket = connected();
    const frame = { v: 1, id: uuid(), type: "ping", topic: "system", ts: 1, data: {} };
    type(".compose select", "client_ping");
    type(".compose textarea.code", JSON.stringify(frame));
    submit(".compose");
    submit(".compose");
    expect(socket.sent).toEqual([frame, frame]);
  });

  it("answers pings, unless that is not wanted", () => {
    const socket = connected();
    const ping = (): void => socket.says("ping", { timestamp: new Date().toISOString() });
    ping();
    expect(socket.sent).toMatchObject([{ type: "pong", topic: "system" }]);
    expect(journal()[0]).toMatch(/sent pong system valid/);
    const box = find<HTMLInputElement>(".frames [type=checkbox]");
    box.checked = false;
    box.dispatchEvent(new Event("input"));
    ping();
    expect(socket.sent).toHaveLength(1);
  });

  it("says what is missing where it is not connected", () => {
    submit(".compose");
    expect(find(".compose .buttons .hint").textContent).toBe("Not sent: connect first.");
  });

  it("is a step away from each message that clients send", () => {
    const button = find("#message-subscribe_thread .try");
    expect(button.getAttribute("aria-label")).toBe("Try it: subscribe_thread in the console");
    button.click();
    expect(find<HTMLSelectElement>(".compose select").value).toBe("subscribe_thread");
    expect(document.querySelectorAll(".try")).toHaveLength(chat.messages.to_server.length);
  });
});

describe("search", () => {
  beforeEach(() => startSearch());

  const shown = (): readonly string[] =>
    [...document.querySelectorAll<HTMLElement>("main .entry")].filter(({ hidden }) => !hidden).map(({ id }) => id);

  it("shows what has all the words, wherever they stand", () => {
    type("#query", "WINDOW_S");
    expect(shown()).toEqual(expect.arrayContaining(["schema-DataParams"]));
    expect(shown().length).toBeLessThan(8);
    expect(find("#found").textContent).toBe(
      `${shown().length} of ${document.querySelectorAll("main .entry").length} entries`,
    );
    expect(find("#limits").hidden && find("#console").hidden).toBe(true);
    const links = [...document.querySelectorAll<HTMLElement>("#contents li")].filter(({ hidden }) => !hidden);
    expect(links.length).toBeLessThan(20);
    type("#query", "no such words anywhere");
    expect(shown()).toEqual([]);
    type("#query", "");
    expect(shown().length).toBeGreaterThan(100);
    expect(find("#limits").hidden || find("#console").hidden).toBe(false);
  });

  it("is used with the keyboard", () => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true }));
    expect(document.activeElement?.id).toBe("query");
    type("#query", "stream_end");
    find("#query").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(document.activeElement?.id).toBe("message-stream_end");
    find("#query").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(find<HTMLInputElement>("#query").value).toBe("");
    // Who types into the console writes a slash there.
    find(".connect input").dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true }));
    expect(document.activeElement?.id).toBe("message-stream_end");
  });
});
