/** What applications get: the built package, in plain Node and without a page. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
let printed = "";

/** Runs code as a module in a process of its own; gives what it prints. */
function run(code: string): string {
  return execFileSync(process.execPath, ["--input-type=module", "--eval", code], { cwd: root, encoding: "utf8" });
}

beforeAll(() => {
  printed = execFileSync("npm", ["run", "--silent", "build"], { cwd: root, encoding: "utf8" });
}, 120_000);

describe("the built package", () => {
  it("says how large it is, and is no larger than it may be", () => {
    const core = Number(/^core +(\d+) bytes gzipped$/m.exec(printed)?.[1]);
    expect(core).toBeGreaterThan(4000);
    expect(core).toBeLessThanOrEqual(8192);
    expect(printed).toMatch(/^react +\d+ bytes gzipped$/m);
    expect(printed).toMatch(/^devtools +\d+ bytes gzipped, and \d+ when it is opened$/m);
  });

  it("has every entry, with types, which can be imported where there is no page", () => {
    const { exports } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
      readonly exports: Record<string, string | { readonly types: string; readonly default: string }>;
    };
    const entries = Object.entries(exports).flatMap(([name, entry]) =>
      typeof entry === "string" ? [] : [[name, entry] as const],
    );
    expect(entries.length).toBeGreaterThanOrEqual(5);
    for (const [name, entry] of entries) {
      expect(readFileSync(`${root}/${entry.types}`, "utf8")).toContain("export");
      const specifier = `@tightwire/client${name.slice(1)}`;
      expect(
        run(`const all = await import(${JSON.stringify(specifier)}); console.log(Object.keys(all).length > 0);`),
      ).toBe("true\n");
    }
  });

  it("makes a client on a server, which does nothing there", () => {
    const code = `
      import { createClient } from "@tightwire/client";
      const session = { topic: "system", positions: false, toServer: {}, toClient: {} };
      const protocol = { version: "1", isTopic: () => true, replies: {}, subscribing: [], session, closeCodes: {} };
      const client = createClient(protocol, { url: "wss://chat.example/ws" });
      client.topic("a").subscribe(() => {}).unsubscribe();
      console.log(client.state.status, typeof window, typeof document);
    `;
    expect(run(code)).toBe("idle undefined undefined\n");
  });

  it("is allowed by a Content-Security-Policy without exceptions", () => {
    const files = readdirSync(`${root}/dist`, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".js"),
    );
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) {
      // Without comments: they may name what is not done.
      const code = readFileSync(`${root}/dist/${file}`, "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
      expect(code, file).not.toMatch(
        /\beval\s*\(|\bnew Function\b|\bFunction\s*\(|\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML/,
      );
      expect(code, file).not.toMatch(
        /\bset(?:Timeout|Interval)\s*\(\s*["'`]|javascript:|setAttribute\(\s*["'](?:on|style)/,
      );
      expect(code, file).not.toMatch(/document\.write|createElement\(\s*["']script/);
    }
  });
});
