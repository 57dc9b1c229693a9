/** Starts the recording provider that all tests share, and has the contract compared or written when they are over. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "../../../..");
const built = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug");
/** The command. `TIGHTWIRE` names another. */
const TIGHTWIRE = process.env.TIGHTWIRE ?? join(built, "tightwire");
/** The contract. `PACT` names another file. */
const FILE = process.env.PACT ?? join(root, "contracts/frontend-v1.json");
/** Whether the contract becomes what the tests rely on, instead of being compared with it. */
const WRITES = (process.env.UPDATE_PACTS ?? "") !== "";

/** What vitest gives: its own type brings in the types of every environment that there is. */
interface Project {
  provide(key: "control", value: string): void;
  readonly config: { readonly testNamePattern?: RegExp | undefined };
  readonly vitest: { readonly filenamePattern?: readonly string[] | undefined };
}

export default async function setup(project: Project): Promise<() => Promise<void>> {
  if (!existsSync(TIGHTWIRE)) {
    throw new Error(`there is no ${TIGHTWIRE}: run make pact-capture, which does all that is needed`);
  }
  const args = ["--spec", join(root, "asyncapi/chat.yml"), "--consumer", "frontend", "--provider", "chat"];
  const child = spawn(TIGHTWIRE, ["contract", "provider", ...args, "--out", FILE, ...(WRITES ? [] : ["--check"])], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const control = await address(child);
  project.provide("control", control);
  // Some of the tests do not make a whole contract.
  const isPart = project.config.testNamePattern !== undefined || (project.vitest.filenamePattern?.length ?? 0) > 0;
  return async () => {
    try {
      if (isPart) {
        console.info("The contract is not looked at, because not all tests were run.");
        return;
      }
      const response = await fetch(`${control}finish`, { method: "POST" });
      const { outcome, text } = (await response.json()) as { readonly outcome: string; readonly text: string };
      if (outcome === "same" || outcome === "written") {
        console.info(text);
      } else {
        console.error(text);
        process.exitCode = 1;
      }
    } finally {
      child.stdin?.end();
    }
  };
}

/** Where the control API is: the first line of the output says so. */
async function address(child: ChildProcess): Promise<string> {
  if (child.stdout === null) {
    throw new Error("it has no output");
  }
  const line = once(createInterface(child.stdout), "line");
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`tightwire contract provider has ended with ${code}`);
  });
  const [text] = (await Promise.race([line, ended])) as [string];
  return (JSON.parse(text) as { readonly control: string }).control;
}
