/** The chat server, as a process of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished, vi } from "vitest";
import { APP, CHAT_SERVER, freePort, TIGHTWIRE } from "./places.js";

/** A server that serves the page, for as long as a test lasts. */
export interface ChatServer {
  readonly port: number;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** Ends it: `SIGKILL` as a crash does, `SIGTERM` as a deploy does. */
  stop(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts it anew, on the same port. */
  start(): Promise<void>;
}

/** The secret of servers that want tokens. */
export const SECRET = "a secret for tests only, 32 bytes or more";

/** Starts a server. Without `--auth-jwt-secret` it takes everybody. */
export async function startChatServer(...settings: readonly string[]): Promise<ChatServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = ["--bind", `127.0.0.1:${port}`, "--web-root", APP, "--log", "error", "--handshakes-per-second", "0"];
  const auth = settings.includes("--auth-jwt-secret") ? [] : ["--auth-disabled"];
  let child: ChildProcess | undefined;
  const server: ChatServer = {
    port,
    url,
    async stop(signal) {
      const ended = child && once(child, "exit");
      child?.kill(signal);
      await ended;
      child = undefined;
    },
    async start() {
      child = spawn(CHAT_SERVER, [...args, ...auth, ...settings], { stdio: ["ignore", "ignore", "inherit"] });
      await vi.waitFor(async () => (await fetch(`${url}/health`)).ok || Promise.reject(new Error("not ready")), {
        timeout: 10_000,
        interval: 10,
      });
    },
  };
  onTestFinished(() => server.stop("SIGKILL"));
  await server.start();
  return server;
}

/** A token that such servers accept, made by `tightwire token`. */
export function makeToken(sub: string, seconds: number): string {
  const args = ["token", "--sub", sub, "--expires-in", `${seconds}`];
  return execFileSync(TIGHTWIRE, args, { env: { ...process.env, AUTH_JWT_SECRET: SECRET }, encoding: "utf8" }).trim();
}
