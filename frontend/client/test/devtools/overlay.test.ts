// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Devtools, type DevtoolsOptions, installDevtools } from "../../src/devtools/index.js";
import { createClient, type FrameBase, type WebSocketLike } from "../../src/index.js";
import { EvenClock } from "../support/even-clock.js";
import { protocol } from "../support/plain-protocol.js";

/** A client whose server answers `ping`, and says what it is told to say. */
class Bench {
  readonly clock = new EvenClock();
  readonly sent: FrameBase[] = [];
  sockets: WebSocketLike[] = [];
  readonly devtools: Devtools;
  readonly client = createClient(
    {
      ...protocol,
      session: { ...protocol.session, toServer: { ...protocol.session.toServer, authenticate: "authenticate" } },
      checkClientFrame: ({ type }: FrameBase) =>
        type === "wrong" ? [{ pointer: "/data/a~1b/0", keyword: "minimum" }] : [],
    } as typeof protocol,
    {
      url: "ws://server.example",
      clock: this.clock,
      hints: { window: undefined, document: undefined },
      webSocket: () => this.#socket(),
    },
  );

  constructor(options?: DevtoolsOptions) {
    this.devtools = installDevtools(this.client, options);
  }

  #socket(): WebSocketLike {
    const socket: WebSocketLike = {
      readyState: 1,
      bufferedAmount: 0,
      binaryType: "",
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => this.sent.push(JSON.parse(text)),
      close: () => {},
    };
    this.sockets.push(socket);
    return socket;
  }

  async connect(): Promise<void> {
    this.client.connect();
    await this.clock.advance(0);
    this.say("connection_established", { id: "first", data: { connection_id: "c" } });
  }

  say(type: string, fields: Partial<FrameBase> = {}): void {
    const frame = { v: 1, id: type, type, topic: "system", ts: 0, correlation_id: "x", data: {}, ...fields };
    this.hear(JSON.stringify(frame));
  }

  hear(text: string): void {
    this.sockets.at(-1)?.onmessage?.({ data: text } as never);
  }

  send(type: string, data: unknown = {}, topic = "system"): void {
    this.client.send(type as never, topic as never, data as never);
  }
}

let bench: Bench;

beforeEach(async () => {
  bench = new Bench();
  await bench.connect();
});

afterEach(() => {
  bench.devtools.uninstall();
  bench.client.close();
  document.body.replaceChildren();
});

/** The overlay's content, if it is open. */
function overlay(): ShadowRoot | undefined {
  return [...document.body.children].map(({ shadowRoot }) => shadowRoot).find((root) => root !== null) ?? undefined;
}

function shadow(): ShadowRoot {
  const root = overlay();
  if (root === undefined) {
    throw new Error("the overlay is not open");
  }
  return root;
}

const all = (selector: string): HTMLElement[] => [...shadow().querySelectorAll<HTMLElement>(selector)];
const rows = (): string[] => all("[role=option] .type").map(({ textContent }) => textContent ?? "");
const text = (selector: string): string => shadow().querySelector(selector)?.textContent ?? "";

function button(label: string): HTMLElement {
  const found = all("button").find(({ textContent }) => textContent === label);
  if (found === undefined) {
    throw new Error(`there is no button ${label}`);
  }
  return found;
}

function key(target: EventTarget, name: string, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key: name, bubbles: true, composed: true, cancelable: true, ...more });
  target.dispatchEvent(event);
  return event;
}

async function drawn(): Promise<void> {
  await new Promise((resolve) => requestAnimationFrame(resolve));
}

async function open(): Promise<void> {
  await bench.devtools.toggle();
}

function choose(label: string, value: string): void {
  const select = shadow().querySelector<HTMLSelectElement | HTMLInputElement>(`[aria-label="${label}"]`);
  if (select !== null) {
    select.value = value;
    select.dispatchEvent(new Event(label === "Text" ? "input" : "change"));
  }
}

const SHORTCUT = { ctrlKey: true, shiftKey: true };

it("opens and closes by the keys", async () => {
  expect(key(document.body, "D", { shiftKey: true }).defaultPrevented).toBe(false);
  expect(key(document.body, "D", { ...SHORTCUT, altKey: true }).defaultPrevented).toBe(false);
  expect(key(document.body, "D", { ...SHORTCUT, metaKey: true }).defaultPrevented).toBe(false);
  expect(key(document.body, "E", SHORTCUT).defaultPrevented).toBe(false);
  expect(key(document.body, "D", SHORTCUT).defaultPrevented).toBe(true);
  await vi.waitFor(() => shadow());
  key(document.body, "d", { metaKey: true, shiftKey: true });
  expect(overlay()).toBeUndefined();
});

it("is not opened by keys where it should not be", async () => {
  const quiet = new Bench({ shortcut: false });
  bench.devtools.uninstall();
  expect(key(document.body, "D", SHORTCUT).defaultPrevented).toBe(false);
  await quiet.devtools.toggle();
  expect(overlay()).toBeDefined();
  quiet.devtools.uninstall();
  expect(overlay()).toBeUndefined();
});

it("is open once, and not at all where it was not wanted for long enough", async () => {
  await Promise.all([bench.devtools.toggle(), bench.devtools.toggle()]);
  expect(overlay()).toBeUndefined();
  await Promise.all([bench.devtools.toggle(), bench.devtools.toggle(), bench.devtools.toggle()]);
  expect(document.body.children).toHaveLength(1);
});

it("takes the focus, and gives it back", async () => {
  const input = document.createElement("input");
  document.body.append(input);
  input.focus();
  await open();
  expect(shadow().activeElement?.getAttribute("role")).toBe("listbox");
  key(shadow().activeElement ?? document, "Escape");
  expect(overlay()).toBeUndefined();
  expect(document.activeElement).toBe(input);
});

it("keeps from the page what is typed into it", async () => {
  const heard: string[] = [];
  const hear = (event: KeyboardEvent) => heard.push(event.key);
  document.addEventListener("keydown", hear);
  await open();
  const field = shadow().querySelector("input") as HTMLInputElement;
  key(field, "j");
  key(field, "Escape");
  expect(heard).toEqual([]);
  await open();
  key(shadow().querySelector("input") as HTMLInputElement, "D", SHORTCUT);
  expect(heard).toEqual(["D"]);
  expect(overlay()).toBeUndefined();
  document.removeEventListener("keydown", hear);
});

it("shows what was recorded before it was opened, and what comes then", async () => {
  bench.send("hello", { name: "x".repeat(2000) }, "thread:a");
  await open();
  expect(rows()).toEqual(["connection_established", "hello"]);
  expect(text("[role=option]:nth-child(2)")).toMatch(/^\d\d:\d\d:\d\d\.\d{3}↑ outhellothread:a2\.\d kB$/);
  bench.say("news");
  bench.say("more");
  expect(rows()).toHaveLength(2);
  await drawn();
  expect(rows()).toEqual(["connection_established", "hello", "news", "more"]);
});

it("drops the oldest rows with the packets", async () => {
  bench.devtools.uninstall();
  bench = new Bench({ packets: 3 });
  await bench.connect();
  await open();
  for (const type of ["a", "b", "c", "d"]) {
    bench.say(type);
  }
  await drawn();
  expect(rows()).toEqual(["b", "c", "d"]);
});

it("filters by direction, type, topic and text, and finds its way back", async () => {
  bench.send("hello", { name: "Ada" }, "thread:a");
  bench.say("news", { topic: "thread:a" });
  bench.say("news", { topic: "thread:b" });
  await open();
  choose("Direction", "in");
  expect(rows()).toEqual(["connection_established", "news", "news"]);
  choose("Topic", "thread:b");
  expect(rows()).toEqual(["news"]);
  choose("Direction", "all");
  choose("Topic", "");
  choose("Type", "news");
  expect(rows()).toEqual(["news", "news"]);
  choose("Type", "");
  choose("Text", "ADA");
  expect(rows()).toEqual(["hello"]);
  choose("Text", "");
  expect(rows()).toEqual(["connection_established", "hello", "news", "news"]);
});

it("can be walked through by keys", async () => {
  bench.say("a");
  bench.say("b");
  await open();
  const list = shadow().activeElement as HTMLElement;
  const selected = (): (string | undefined)[] => {
    const [row, ...others] = all("[aria-selected=true]");
    expect(others).toEqual([]);
    expect(list.getAttribute("aria-activedescendant")).toBe(row?.id ?? null);
    return [row?.querySelector(".type")?.textContent ?? undefined, text("h3") || undefined];
  };
  expect(selected()).toEqual([undefined, undefined]);
  key(list, "ArrowUp");
  expect(selected()).toEqual(["b", "b"]);
  key(list, "Home");
  expect(selected()).toEqual(["connection_established", "connection_established"]);
  key(list, "ArrowDown");
  expect(selected()).toEqual(["a", "a"]);
  key(list, "PageDown");
  key(list, "ArrowDown");
  expect(selected()).toEqual(["b", "b"]);
  expect(key(list, "End").defaultPrevented).toBe(true);
  expect(key(list, "x").defaultPrevented).toBe(false);
});

it("shows what belongs together", async () => {
  bench.send("request");
  const { id } = bench.sent.at(-1) as FrameBase;
  await bench.clock.advance(40);
  bench.say("reply", { correlation_id: id });
  bench.say("other");
  await open();
  expect(all(".notes").map(({ textContent }) => textContent)).toEqual(["", "", "+40 ms", ""]);
  expect(shadow().querySelector(".charts span")?.textContent).toBe("answered in 40 ms, median 40 ms, longest 40 ms");
  all("[role=option]")[2]?.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
  expect(all(".same .type").map(({ textContent }) => textContent)).toEqual(["request", "reply"]);
  all("[role=listbox]")[0]?.dispatchEvent(new MouseEvent("mouseleave"));
  expect(all(".same")).toEqual([]);
  all("[role=option]")[2]?.click();
  expect(all(".same")).toHaveLength(2);
  expect(text(".details p")).toContain("answers request after 40 ms");
  button("Show only these").click();
  expect(rows()).toEqual(["request", "reply"]);
  button("↑ request −40 ms").click();
  expect(text("h3")).toBe("request");
  button("Show all again").click();
  expect(rows()).toHaveLength(4);
  expect(button("Show all again").hidden).toBe(true);
});

it("shows what a packet carries as a tree, made by nodes and not by markup", async () => {
  bench.say("news", { data: { html: "<img src=x onerror=alert(1)>", list: [1, null, { deep: "bottom" }] } });
  await open();
  all("[role=option]")[1]?.click();
  expect(text(".json")).toContain('html: "<img src=x onerror=alert(1)>"');
  expect(shadow().querySelector("img")).toBeNull();
  expect(text(".json")).not.toContain("bottom");
  const closed = all(".json details").find((details) => !details.hasAttribute("open")) as HTMLDetailsElement;
  expect(closed.querySelector("summary")?.textContent).toBe("2: {1}");
  closed.open = true;
  closed.dispatchEvent(new Event("toggle"));
  expect(text(".json")).toContain("bottom");
});

it("says where a frame does not follow the contract", async () => {
  bench.send("wrong", { "a/b": [5] });
  await open();
  expect(text(".invalid .notes")).toBe("⚠ 1 · not sent");
  choose("Direction", "violations");
  expect(rows()).toEqual(["wrong"]);
  all("[role=option]")[0]?.click();
  expect(all("ul.wrong li").map(({ textContent }) => textContent)).toEqual(["/data/a~1b/0 minimum"]);
  expect(all(".json .leaf").find(({ textContent }) => textContent?.includes("⚠"))?.textContent).toBe("0: 5 ⚠ minimum");
  expect(text(".details p")).toContain("not sent");
  choose("Direction", "all");
  bench.hear('{"type": 7}');
  await drawn();
  expect(rows().at(-1)).toBe("not a frame");
  all("[role=option]").at(-1)?.click();
  expect(all("ul.wrong li").map(({ textContent }) => textContent)).toEqual(["/type required"]);
  expect(text(".state")).toMatch(/^stopped, after 1002/);
});

it("records no token", async () => {
  bench.send("authenticate", { token: "secret" });
  await open();
  expect(rows()).toContain("authenticate");
  all("[role=option]").at(-1)?.click();
  choose("Text", "secret");
  expect(rows()).toEqual([]);
  expect(shadow().textContent).not.toContain("secret");
  expect(bench.sent.at(-1)?.data).toEqual({ token: "secret" });
});

it("holds still, and is emptied", async () => {
  bench.say("a");
  await open();
  button("Pause").click();
  expect(button("Pause").getAttribute("aria-pressed")).toBe("true");
  bench.say("b");
  await drawn();
  expect(rows()).toEqual(["connection_established", "a"]);
  button("Pause").click();
  expect(rows()).toEqual(["connection_established", "a", "b"]);
  all("[role=option]")[0]?.click();
  button("Clear").click();
  expect(rows()).toEqual([]);
  expect(text(".details")).toBe("Choose a packet to see what it carries.");
  bench.say("c");
  await drawn();
  expect(rows()).toEqual(["c"]);
});

it("hands out what is shown as a file", async () => {
  bench.say("a");
  bench.say("b");
  await open();
  choose("Type", "b");
  const blobs: Blob[] = [];
  const names: string[] = [];
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => `blob:${blobs.push(blob as Blob)}`);
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    names.push(`${this.download} ${this.href}`);
  });
  button("Export").click();
  expect(names).toEqual(["packets-2026-01-01T00-00-00.000Z.ndjson blob:1"]);
  const lines = (await blobs[0]?.text())?.trim().split("\n") ?? [];
  expect(lines.map((line) => JSON.parse(line).frame.type)).toEqual(["b"]);
  vi.restoreAllMocks();
});

it("cuts the connection, makes it half-open, and connects again", async () => {
  await open();
  expect(text(".state")).toBe("open by websocket for 0 s");
  button("Cut").click();
  await drawn();
  expect(text(".state")).toBe("next attempt in 2 s, after 1006 (cut)");
  button("Reconnect").click();
  await bench.clock.advance(0);
  expect(bench.sockets).toHaveLength(2);
  bench.say("connection_established");
  expect(bench.client.state.status).toBe("open");
  button("Half-open").click();
  bench.say("unheard");
  await drawn();
  expect(rows()).not.toContain("unheard");
  // It stays so, and the button says so, when the overlay was closed in between.
  button("Close").click();
  await open();
  expect(button("Half-open").getAttribute("aria-pressed")).toBe("true");
  button("Half-open").click();
  bench.say("heard");
  await drawn();
  expect(rows()).toContain("heard");
  button("Reconnect").click();
  await bench.clock.advance(0);
  expect(bench.sockets).toHaveLength(3);
  bench.client.close();
  button("Reconnect").click();
  await bench.clock.advance(0);
  expect(bench.sockets).toHaveLength(4);
});

it("shows where the connection was", async () => {
  await bench.clock.advance(60_000);
  await open();
  const picture = shadow().querySelector(".charts svg");
  expect(picture?.getAttribute("aria-label")).toBe("the last 5 minutes: live 20 %, with limits 0 %, down 0 %");
  expect([...(picture?.querySelectorAll("rect") ?? [])].map((rect) => rect.getAttribute("class"))).toEqual(["green"]);
});

it("says what everything is", async () => {
  await open();
  for (const control of all("button, select, input")) {
    expect(control.getAttribute("aria-label") ?? control.textContent).not.toBe("");
  }
  for (const named of all("[role]:not([role=option])")) {
    expect(named.getAttribute("aria-label"), named.outerHTML).toBeTruthy();
  }
  expect(all("[style], style, script")).toEqual([]);
});
