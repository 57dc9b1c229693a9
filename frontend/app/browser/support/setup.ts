/** Starts the browser that all tests share. What they need and is not there is named, with what to do about it. */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { APP, CHAT_SERVER, onPath, TIGHTWIRE } from "./places.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the browser listens. */
    readonly browser: string;
  }
}

/** What vitest gives: its own type brings in the types of every environment that there is. */
interface Project {
  provide(key: "browser", value: string): void;
}

export default async function setup(project: Project): Promise<() => Promise<void>> {
  for (const [path, remedy] of [
    [CHAT_SERVER, "cargo build --package tightwire-chat"],
    [TIGHTWIRE, "cargo build --package tightwire-cli"],
    [APP, "make app"],
  ] as const) {
    if (!existsSync(path)) {
      throw new Error(`there is no ${path}: run ${remedy}, or make test-browser, which does all that is needed`);
    }
  }
  const executablePath =
    process.env.CHROMIUM ??
    onPath("chromium", "chromium-browser", "google-chrome") ??
    ["Google Chrome", "Chromium"]
      .map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`)
      .find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error("there is no Chromium: run scripts/chromium.sh, or name one with the variable CHROMIUM");
  }
  const server = await chromium.launchServer({
    executablePath,
    // Containers run tests as root and have little shared memory.
    args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--disable-dev-shm-usage"],
  });
  project.provide("browser", server.wsEndpoint());
  return () => server.close();
}
