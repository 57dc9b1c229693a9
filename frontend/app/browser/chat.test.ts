/** The chat, as people use it. */
import { expect, it } from "vitest";
import { connectAuthor } from "./support/author.js";
import { makeToken, SECRET, startChatServer } from "./support/chat-server.js";
import { alarms, answers, live, open, said, shown, shows, write } from "./support/page.js";

it("shows a message that is sent, and the answer as it is written", async () => {
  const server = await startChatServer();
  const author = connectAuthor(server);
  const page = await open(server.url);
  await live(page);
  // Every text that the answer had before it was complete.
  await page.evaluate(() => {
    const texts: string[] = [];
    Object.assign(window, { texts });
    const look = (): void => {
      const text = document.querySelector(".message[data-by=agent] .message-text")?.textContent;
      const isWritten = document.querySelector(".message[data-by=agent][aria-busy=true]") !== null;
      if (text && isWritten && text !== texts.at(-1)) {
        texts.push(text);
      }
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await write(page, "What does close code 4408 mean?");
  await answers(page).waitFor();
  await shows(page, () => author.history("welcome"));
  expect(await shown(page)).toHaveLength(2);
  const texts = await page.evaluate(() => (window as unknown as { readonly texts: readonly string[] }).texts);
  expect(texts.length).toBeGreaterThan(3);
  texts.reduce((before, text) => {
    expect(text.startsWith(before)).toBe(true);
    return text;
  });
  expect(await alarms(page)).toEqual([]);
});

it("shows two tabs of one person the same thread", async () => {
  const server = await startChatServer("--responder-delay-ms", "1", "--auth-jwt-secret", SECRET);
  const author = connectAuthor(server, makeToken("grace", 60));
  const tab = { view: "chat/ours", token: makeToken("ada", 60) };
  const first = await open(server.url, tab);
  const second = await open(server.url, { ...tab, context: first.context() });
  await Promise.all([live(first), live(second)]);
  await write(first, "from the first tab");
  await said(second, "from the first tab").waitFor();
  await write(second, "from the second tab");
  await said(first, "from the second tab").waitFor();
  await answers(first).nth(1).waitFor();
  await shows(first, () => author.history("ours"));
  await shows(second, () => author.history("ours"));
  expect(await shown(first)).toHaveLength(4);
});

it("needs no mouse to send a message and to look around", async () => {
  const server = await startChatServer("--responder-delay-ms", "1");
  const page = await open(server.url);
  await live(page);
  const focused = (): Promise<string> =>
    page.evaluate(() => {
      const { activeElement: active } = document;
      return active?.getAttribute("aria-label") ?? (active?.textContent || active?.id || active?.tagName) ?? "";
    });
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Skip to content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  const tab = async (selector: string): Promise<void> => {
    for (let presses = 0; presses < 20; presses += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) {
        return;
      }
    }
    throw new Error(`the keyboard does not come to ${selector}`);
  };
  await tab("textarea");
  await page.keyboard.type("two lines");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("and no mouse");
  await page.keyboard.press("Enter");
  await said(page, "two lines\nand no mouse").waitFor();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("TEXTAREA");
  // Back to the top, and on to another view, whose heading gets the focus.
  await page.keyboard.press("Control+Home");
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await tab("nav a[href='#/dashboard']");
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "Dashboard" }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
});
