/** The page, as somebody would open it. */
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type Axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from "playwright-core";
import { expect, inject, onTestFinished, vi } from "vitest";
import { PICTURES } from "./places.js";
import { record, type Seen } from "./recorder.js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
let browser: Promise<Browser> | undefined;

/** What `open` may be told. */
export interface Opening {
  /** The view, as it stands behind `#`. Default: the first thread. */
  readonly view?: string;
  /** Another page of the server, which has no views: `/docs`. */
  readonly path?: string;
  /** A token to begin with. */
  readonly token?: string;
  /** A window of a browser that is there already, for a second tab. */
  readonly context?: BrowserContext;
  /** Whether the network may fail while the page is loaded: then it is loaded again. */
  readonly isPatient?: boolean;
  /** Whether the test moves the page's clock. */
  readonly ownClock?: boolean;
}

/** Opens the page at an address. Whatever a test looks at: the page breaks no rule of its Content-Security-Policy. */
export async function open(url: string, opening: Opening = {}): Promise<Page> {
  browser ??= chromium.connect(inject("browser"));
  const context = opening.context ?? (await newContext(await browser));
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(`${error.stack ?? error}`));
  page.on("console", (message) => {
    if (message.type() === "error" && /content security policy/i.test(message.text())) {
      errors.push(message.text());
    }
  });
  onTestFinished(async ({ task }) => {
    if (task.result?.state === "fail") {
      mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({ path: join(PICTURES, `failed-${task.id}.png`) });
      console.error(`${task.name}: failed-${task.id}.png, ${JSON.stringify(await seen(page), undefined, 1)}`);
    }
    expect([...errors, ...(await page.evaluate(() => window.tightwireTest.violations))]).toEqual([]);
    await (opening.context === undefined ? context : page).close();
  });
  if (opening.ownClock) {
    await page.clock.install();
  }
  const token = opening.token === undefined ? "" : `?token=${opening.token}`;
  const place = opening.path === undefined ? `/${token}#/${opening.view ?? "chat/welcome"}` : `${opening.path}${token}`;
  const address = `${url}${place}`;
  const load = async (): Promise<void> => {
    await page.goto(address, { timeout: 5000 });
    await page.locator(".tw-badge").waitFor({ timeout: 5000 });
  };
  await (opening.isPatient ? vi.waitFor(load, { timeout: 60_000 }) : page.goto(address));
  return page;
}

async function newContext(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  // Some bundlers name functions by a helper that is not in the page.
  await context.addInitScript(`globalThis.__name = (f) => f; (${record})();`);
  await context.addInitScript({ path: AXE });
  return context;
}

/** Everything that was seen of the connection until now. */
export function seen(page: Page): Promise<readonly Seen[]> {
  return page.evaluate(() => window.tightwireTest.seen);
}

/** What the page has said beside its badge: banner and toasts. */
export async function alarms(page: Page): Promise<readonly Seen[]> {
  return (await seen(page)).filter(({ part, text }) => (part === "banner" || part === "toasts") && text !== "");
}

/** Waits until the badge says this. */
export async function badge(page: Page, text: string, colour: "green" | "amber" | "red"): Promise<void> {
  await page.locator(`.tw-badge[data-colour=${colour}]`, { hasText: new RegExp(`^${text}$`) }).waitFor();
}

/** Moves the page's clock through the waits between attempts, until the badge says this. Attempts have the time they take. */
export async function pass(page: Page, text: string): Promise<void> {
  const current = page.locator(".tw-badge");
  const look = async (): Promise<void> => {
    if ((await current.getAttribute("data-status")) === "waiting") {
      await page.clock.runFor(500);
    }
    expect(await current.textContent()).toBe(text);
  };
  await vi.waitFor(look, { timeout: 20_000, interval: 10 });
}

/** Waits until there are live updates. */
export const live = (page: Page): Promise<void> => badge(page, "Live", "green");

/** What was said in the open thread, as the page shows it. */
export function shown(page: Page): Promise<readonly string[]> {
  return page.locator(".message .message-text").allTextContents();
}

/** A text in the open thread. */
export function said(page: Page, text: string): Locator {
  return page.locator(".message-text").getByText(text, { exact: true });
}

/** The answers that are complete. */
export function answers(page: Page): Locator {
  return page.locator(".message[data-by=agent]:not([aria-busy=true])");
}

/** Waits until the page shows exactly that. An answer stands where it began; its server has it where it ended. */
export async function shows(page: Page, messages: () => Promise<readonly string[]>): Promise<void> {
  const look = async (): Promise<void> => {
    expect(await page.locator("[aria-busy=true]").count()).toBe(0);
    expect([...(await shown(page))].sort()).toEqual([...(await messages())].sort());
  };
  await vi.waitFor(look, { timeout: 15_000, interval: 50 });
}

/** Writes a message, with the keyboard. */
export async function write(page: Page, content: string): Promise<void> {
  await page.getByPlaceholder("Write a message").fill(content);
  await page.keyboard.press("Enter");
}

const WIDTHS = [390, 1280];
const THEMES = ["light", "dark"] as const;

/**
 * Takes pictures of a state in both themes, on a phone and on a desk, and lets axe-core look for what keeps people out, who
 * use a page in other ways than most.
 */
export async function inspect(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  const before = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme });
      await settled(page);
      await page.screenshot({ path: join(PICTURES, `${name}-${width}-${colorScheme}.png`) });
      if ((width === WIDTHS[0]) === (colorScheme === "light")) {
        continue;
      }
      const found = await page.evaluate(async () => {
        const { axe } = window as unknown as { readonly axe: typeof Axe };
        const { violations } = await axe.run(document, { resultTypes: ["violations"] });
        return violations
          .filter(({ impact }) => impact === "serious" || impact === "critical")
          .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join("\n")}`);
      });
      expect(found, `${name} at ${width} px, ${colorScheme}`).toEqual([]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow, `${name} at ${width} px is not wider than its window`).toBeLessThanOrEqual(0);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  if (before !== null) {
    await page.setViewportSize(before);
  }
}

/** Waits until nothing moves any more that comes to an end: colours that fade would be judged halfway. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((one) => one.finished));
  });
}
