/** A Redis of a test's own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { onTestFinished, vi } from "vitest";
import { freePort } from "./places.js";

/** Starts one that keeps nothing on disk, and gives its URL. */
export async function startRedis(): Promise<string> {
  const port = await freePort();
  const settings = { port: `${port}`, bind: "127.0.0.1", save: "", appendonly: "no" };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn("redis-server", args, { stdio: "ignore" });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const answers = async (): Promise<void> => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    try {
      socket.write("PING\r\n");
      await once(socket, "data");
    } finally {
      socket.destroy();
    }
  };
  await vi.waitFor(answers, { timeout: 10_000, interval: 10 });
  return `redis://127.0.0.1:${port}`;
}
