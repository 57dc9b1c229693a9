/** What docs/manual-qa.md says that a test does, a test does. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
const browser = join(import.meta.dirname, "../browser");

it("names tests that are there, and every one of them", () => {
  const plan = readFileSync(join(root, "docs/manual-qa.md"), "utf8");
  const named = [...plan.matchAll(/`(\w+)`: "([^"]+)"/g)].map(([, file, name]) => `${file}: ${name}`);
  const there = readdirSync(browser)
    .filter((file) => file.endsWith(".test.ts"))
    .flatMap((file) => {
      const text = readFileSync(join(browser, file), "utf8");
      return [...text.matchAll(/^it\("([^"]+)"/gm)].map(([, name]) => `${file.replace(".test.ts", "")}: ${name}`);
    });
  expect(there.length).toBeGreaterThan(10);
  expect([...new Set(named)].sort()).toEqual(there.sort());
});
