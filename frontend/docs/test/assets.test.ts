/**
 * The script that the generator carries is what these sources give.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, it } from "vitest";

it("is built from these sources: npm run build --workspace frontend/docs", async () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const [output] = [await build({ root, logLevel: "silent", build: { write: false } })].flat();
  const chunk = output !== undefined && "output" in output ? output.output[0] : undefined;
  const kept = new URL("../../../crates/tightwire-codegen/src/docs/assets/docs.js", import.meta.url);
  expect(chunk?.type === "chunk" && chunk.code === readFileSync(kept, "utf8")).toBe(true);
});
