/**
 * Fallbacks and remote logs against the chat server itself: `TIGHTWIRE_CHAT` says where its binary is, and else `target/debug` of this
 * repository is looked at (`cargo build --package tightwire-chat`). Without one these tests are left out, and say so.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { protocol, topic } from "../../chat/src/index.js";
import { polling, serverSentEvents } from "../src/fallback/index.js";
import { type ClientOptions, createClient } from "../src/index.js";
import { remoteLog } from "../src/remote-log/index.js";

const BINARY =
  process.env.TIGHTWIRE_CHAT ?? fileURLToPath(new URL("../../../target/debug/tightwire-chat", import.meta.url));
const isThere = existsSync(BINARY);
if (!isThere) {
  console.warn(`left out: all that is tested against the chat server, because there is no ${BINARY}`);
}

const GUIDE = topic.agent("guide");

describe.skipIf(!isThere)("against the chat server", () => {
  let server: ChildProcess;
  let port: number;
  let base: string;

  const start = async (): Promise<void> => {
    server = spawn(BINARY, ["--auth-disabled", "--bind", `127.0.0.1:${port}`, "--log", "warn"], { stdio: "ignore" });
    await eventually(async () => (await fetch(`${base}/health`)).ok);
  };

  beforeAll(async () => {
    port = await freePort();
    base = `http://127.0.0.1:${port}`;
    await start();
  });

  afterAll(() => {
    server.kill("SIGKILL");
  });

  const publish = async (threadId: string): Promise<void> => {
    const data = { agent_id: "guide", event: "task_started", status: "busy", details: { thread_id: threadId } };
    const body = JSON.stringify({ topic: GUIDE, type: "agent_event", data });
    const response = await fetch(`${base}/api/publish`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    expect(response.status).toBe(200);
  };

  const connect = (options: Partial<ClientOptions>) => {
    const events: string[] = [];
    const client = createClient(protocol, {
      url: `ws://127.0.0.1:${port}/ws`,
      fallbackAfter: 0,
      // Node.js 20 has none of its own.
      webSocket: (url, protocols) => new WebSocket(url, protocols),
      backoff: { firstMs: 100, spreadMs: 0 },
      ...options,
    });
    const seen: unknown[] = [];
    client.onEvent("gap", () => events.push("gap"));
    client.onEvent("violation", ({ text, violations }) => events.push(`${text} ${JSON.stringify(violations)}`));
    client.onEvent("refused", ({ topic: name, reason }) => events.push(`${name} refused: ${reason}`));
    client.topic(GUIDE).subscribe((frame) => {
      if (frame.type === "agent_event") {
        seen.push(frame.data.details?.thread_id);
      }
    });
    client.connect();
    return { client, events, seen };
  };

  it("gets events, knows what is not to be had, and goes over to a WebSocket without losing a frame", async () => {
    const http = { replayUrl: `${base}/api/ws/replay` };
    const fallback = [serverSentEvents({ url: `${base}/sse`, ...http })];
    const { client, events, seen } = connect({ fallback, upgradeMs: 1500 });
    client.topic(topic.agent("nobody")).subscribe(() => {});
    await eventually(() => client.state.status === "open");
    expect(client.state).toMatchObject({ transport: "sse" });
    await publish("one");
    await publish("two");
    await eventually(() => seen.length === 2);
    client.topic("dashboard").subscribe(() => {});
    await publish("three");
    await eventually(() => seen.length === 3);
    expect(client.state).toMatchObject({ transport: "sse" });
    await eventually(() => client.state.status === "open" && client.state.transport === "websocket");
    await publish("four");
    await eventually(() => seen.length === 4);
    expect(seen).toEqual(["one", "two", "three", "four"]);
    // The events said so, and then the WebSocket.
    expect(events).toEqual([
      "agent:nobody refused: HTTP 404: there is no such topic",
      expect.stringMatching(/^agent:nobody refused: (?!HTTP)/),
    ]);
    client.close();
  });

  it("gets what it missed by events while there was no connection", async () => {
    const http = { replayUrl: `${base}/api/ws/replay` };
    let isCut = false;
    const cut: typeof fetch = (input, init) => (isCut ? Promise.reject(new TypeError("cut")) : fetch(input, init));
    const { client, events, seen } = connect({
      fallback: [serverSentEvents({ url: `${base}/sse`, ...http, fetch: cut })],
      webSocket: () => {
        throw new Error("refused");
      },
    });
    await eventually(() => client.state.status === "open");
    isCut = true;
    client.simulate.cut();
    for (let number = 0; number < 120; number += 1) {
      await publish(`missed-${number}`);
    }
    isCut = false;
    await eventually(() => seen.length === 120);
    expect(seen).toEqual(Array.from({ length: 120 }, (_, number) => `missed-${number}`));
    expect(events).toEqual([]);
    client.close();
  });

  it("asks for what is new, and tells of a gap where the server lost its log", async () => {
    const { client, events, seen } = connect({
      fallback: [polling({ replayUrl: `${base}/api/ws/replay`, intervalMs: 100 })],
    });
    await eventually(() => client.state.status === "open");
    expect(client.state).toMatchObject({ transport: "polling" });
    await publish("one");
    await publish("two");
    await eventually(() => seen.length === 2);
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGKILL");
    await ended;
    await eventually(() => client.state.status !== "open");
    await start();
    await eventually(() => events.length > 0);
    await publish("three");
    await eventually(() => seen.length === 3);
    expect(seen).toEqual(["one", "two", "three"]);
    expect(events).toEqual(["gap"]);
    client.close();
  });

  it("takes what goes wrong in a page into the server's log", async () => {
    const answers: number[] = [];
    const log = remoteLog(`${base}/api/client-logs`, {
      intervalMs: 10,
      place: () => "/chat",
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        answers.push(response.status);
        return response;
      },
    });
    const connectionId = "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21";
    for (let number = 0; number < 30; number += 1) {
      const fields = { number, text: "ü".repeat(5000), correlation_id: connectionId };
      log({ at: Date.now(), level: "warn", event: "test.line", connectionId, fields });
    }
    await eventually(() => answers.length === 5);
    expect(answers).toEqual([204, 204, 204, 204, 204]);
    log.close();
  });
});

/** Waits until something is so, with a look at it every few milliseconds. */
async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  const isSo = async () => expect(await check()).toBe(true);
  await vi.waitFor(isSo, { timeout: 8000, interval: 10 });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
