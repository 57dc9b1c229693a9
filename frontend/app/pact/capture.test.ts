/** The contract as a file: the same bytes on every run, and a run that expects something else fails. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tightwire-pact-"));
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the tests about agents on their own, in a process of their own. */
async function run(settings: Record<string, string>): Promise<{ readonly code: number; readonly output: string }> {
  const { UPDATE_PACTS: _, VITEST: __, ...env } = process.env;
  const app = join(import.meta.dirname, "..");
  const vitest = join(app, "../../node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [vitest, "run", "--config", "vitest.pact.altered.config.ts"], {
    cwd: app,
    env: { ...env, NO_COLOR: "1", PACT_TESTS: "agents.test.ts", ...settings },
  });
  let output = "";
  const take = (text: Buffer): void => {
    output += text.toString();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const code = await new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? -1)));
  return { code, output };
}

it("is the same bytes on every run, and fails where the tests expect something else", { timeout: 60_000 }, async () => {
  const file = join(folder, "contracts/agents.json");
  expect(await run({ PACT: file, UPDATE_PACTS: "1" })).toMatchObject({ code: 0 });
  const written = await readFile(file, "utf8");
  expect(written).toContain('"description": "an agent that has answered says so"');

  const [same, altered] = await Promise.all([
    run({ PACT: file }),
    run({ PACT: file, ALTERED_FROM: "task_completed", ALTERED_TO: "stopped" }),
  ]);
  expect(same.output).toContain("agents.json is what the tests rely on");
  expect(same.code).toBe(0);
  // The tests themselves have passed: what they rely on is not what the contract says.
  expect(altered.output).toContain("2 passed");
  expect(altered.output).toContain("`an agent that has answered says so` has changed:");
  expect(altered.output).toContain(
    '/contents/content/data/event: the file has "task_completed", the tests rely on "stopped"',
  );
  expect(altered.code).toBe(1);
  // And nothing was written.
  expect(await readFile(file, "utf8")).toBe(written);
});
