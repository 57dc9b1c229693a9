/** `tightwire chaos` between the browser and a server: a network that fails by chance. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import type { ChatServer } from "./chat-server.js";
import { TIGHTWIRE } from "./places.js";

export interface Chaos {
  /** What the browser is given instead of the server's address. */
  readonly url: string;
  /** What has happened until now, a line each. */
  readonly lines: readonly string[];
  /** Ends when all is well for good. */
  readonly over: Promise<void>;
}

/** Lets things go wrong for so many seconds. */
export async function startChaos({ port }: ChatServer, seconds: number, seed: number): Promise<Chaos> {
  const chance = ["--every", "1500ms", "--longest", "2500ms", "--for", `${seconds}s`, "--seed", `${seed}`];
  const child = spawn(TIGHTWIRE, ["chaos", "127.0.0.1:0", `127.0.0.1:${port}`, ...chance], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const lines: string[] = [];
  const printed = createInterface(child.stdout);
  printed.on("line", (line) => lines.push(line));
  await once(printed, "line");
  const address = /^listening at ([^,]+),/.exec(lines[0] ?? "")?.[1];
  const over = new Promise<void>((resolve) => {
    // The last step is followed by a pass that comes when the time is over.
    printed.on("line", (line) => {
      const [, at, what] = /^ *([\d.]+) s {2}(\w+)/.exec(line) ?? [];
      if (what === "pass" && Number(at) >= seconds - 0.1) {
        resolve();
      }
    });
  });
  return { url: `http://${address}`, lines, over };
}
