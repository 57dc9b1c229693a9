/**
 * The examples of `docs/client.md`: compiled and run here, word for word. Its table of reconnects is what the simulation
 * says.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ChatTypes, protocol, topic } from "../../chat/src/index.js";
import { report } from "../bench/reconnects.js";
import {
  assertNever,
  BACKOFF,
  type Client,
  type Clock,
  colourOf,
  createClient,
  type FramesOn,
  RequestError,
  systemClock,
  type Timer,
} from "../src/index.js";
import { setup } from "./support/setup.js";

const shown: string[] = [];
const show = (text: string): void => {
  shown.push(text);
};
const fetchToken = async (_reason: string): Promise<string> => "good";

// --- quick start

function start(): Client<ChatTypes> {
  const client = createClient(protocol, { url: "wss://chat.example/ws", token: (reason) => fetchToken(reason) });
  client.topic(topic.thread("welcome")).subscribe((frame) => show(frame.type));
  client.connect();
  return client;
}

// --- send and request

async function ask(client: Client<ChatTypes>, content: string): Promise<void> {
  const sent = await client.send("send_message", topic.thread("welcome"), { content });
  if (!sent.ok) {
    show(sent.reason); // "invalid", "queue_full", "expired", "closed"
  }
}

async function answer(client: Client<ChatTypes>, content: string, signal: AbortSignal): Promise<string> {
  try {
    const frames = await client.request("send_message", topic.thread("welcome"), { content }, { signal });
    const [, begin, ...rest] = frames;
    return `${begin.data.agent_id}: ${rest.map((frame) => ("delta" in frame.data ? frame.data.delta : "")).join("")}`;
  } catch (error) {
    if (error instanceof RequestError && error.failure === "lost") {
      return "Nobody knows whether that has arrived.";
    }
    throw error;
  }
}

// --- topics

function words(frame: FramesOn<ChatTypes, "agent:guide">): string {
  switch (frame.type) {
    case "agent_event":
      return frame.data.event;
    case "error":
      return frame.data.message;
    case "replay_gap":
      return "something is missing";
    default:
      return assertNever(frame); // does not compile once the contract has another message for this topic
  }
}

// --- gaps

function followThread(client: Client<ChatTypes>, id: string): () => void {
  const load = async () => {
    const history = await client.request("subscribe_thread", topic.thread(id), { limit: 50 });
    show(`${history.data.messages.length} messages`);
  };
  const listening = client.topic(topic.thread(id)).subscribe((frame) => show(frame.type));
  const offGap = client.onEvent("gap", (gap) => gap.topic === topic.thread(id) && load().catch(() => {}));
  load().catch(() => {});
  return () => {
    listening.unsubscribe();
    offGap();
  };
}

// --- the state

function badge(client: Client<ChatTypes>): () => void {
  return client.onEvent("state", (state) => {
    const seconds = state.status === "waiting" ? Math.ceil((state.retryAt - client.clock.now()) / 1000) : 0;
    show(`${colourOf(state)} ${state.status} ${seconds}`);
  });
}

// --- tests

class TestClock implements Clock {
  #now = 0;
  #timers = new Set<{ at: number; then: () => void }>();
  now = () => this.#now;
  random = () => 0.5;
  after(ms: number, then: () => void): Timer {
    const timer = { at: this.#now + ms, then };
    this.#timers.add(timer);
    return timer;
  }
  cancel(timer: Timer): void {
    this.#timers.delete(timer as never);
  }
  /** Lets time go by; what is due happens in its order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) {
        break;
      }
      this.#timers.delete(next);
      this.#now = next.at;
      next.then();
    }
    this.#now = end;
  }
}

describe("docs/client.md", () => {
  const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  const page = text("../../../docs/client.md");
  const blocks = (language: string) =>
    [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, its, code = ""]) => (its === language ? [code] : []));

  it("shows what compiles", () => {
    const squeeze = (code: string): string => code.replace(/\s+/g, "");
    const here = squeeze(text("documentation.test.ts"));
    const examples = blocks("ts").map((code) => code.replace(/^import .*?;\n/gms, ""));
    expect(examples).toHaveLength(7);
    for (const example of examples) {
      expect(here).toContain(squeeze(example));
    }
  });

  it("shows what the simulation says", () => {
    expect(blocks("text")).toContain(`${report()}\n`);
  });

  it("names every option, with its default", () => {
    const options = text("../src/options.ts").split("export interface ClientOptions")[1]?.split("\n}")[0] ?? "";
    const names = [...options.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(10);
    for (const name of [...names, "url", "tokenPlace", "subprotocol", "webSocket"]) {
      expect(page).toMatch(new RegExp(`^\\| \`${name}`, "m"));
    }
    for (const [name, value] of Object.entries(BACKOFF)) {
      const said = typeof value === "string" ? `\`${value}\`` : value.toLocaleString("en").replaceAll(",", " ");
      expect(page).toContain(`| \`backoff.${name}\` | ${said} |`);
    }
  });
});

describe("the examples", () => {
  it("follow a thread, and load it anew after a gap", async () => {
    shown.length = 0;
    const { client, clock, open, server } = setup();
    const stop = followThread(client, "welcome");
    const offBadge = badge(client);
    await open();
    expect(shown.splice(0)).toEqual(["amber connecting 0", "green open 0", "thread_history", "0 messages"]);
    server.loseLog("thread:welcome");
    server.publish("thread:welcome");
    server.publish("thread:welcome");
    await clock.advance(0);
    expect(shown.splice(0)).toEqual(["stream_chunk", "stream_chunk", "thread_history", "0 messages"]);
    server.socket.break();
    expect(shown.splice(0)).toMatchObject([expect.stringMatching(/^amber waiting [23]$/)]);
    stop();
    offBadge();
    client.close();
  });

  it("ask", async () => {
    shown.length = 0;
    const { client, clock, open } = setup();
    await open();
    const answered = answer(client, "?", new AbortController().signal);
    await clock.advance(0);
    expect(await answered).toBe("guide: ab");
    await ask(client, "");
    expect(shown).toEqual(["invalid"]);
    client.simulate.cut();
    expect(words({ type: "error", data: { message: "no" } } as never)).toBe("no");
    client.close();
    await expect(answer(client, "?", new AbortController().signal)).rejects.toMatchObject({ failure: "closed" });
  });

  it("start a client", () => {
    const { WebSocket } = globalThis;
    globalThis.WebSocket = class {} as never;
    const client = start();
    expect(client.state.status).toBe("connecting");
    expect(client.clock).toBe(systemClock);
    client.close();
    globalThis.WebSocket = WebSocket;
  });

  it("have a clock", () => {
    const clock = new TestClock();
    const client = createClient(protocol, { url: "ws://x", clock, token: () => new Promise(() => {}), hints: {} });
    client.connect();
    clock.pass(9999);
    expect(client.state.status).toBe("connecting");
    clock.pass(1);
    expect(client.state).toMatchObject({ status: "waiting", retryAt: 12_000 });
    client.close();
  });
});
