/** A server that is gone, and comes back. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { connectAuthor } from "./support/author.js";
import { type ChatServer, startChatServer } from "./support/chat-server.js";
import { alarms, answers, badge, live, open, seen, shown, shows, write } from "./support/page.js";
import { startRedis } from "./support/redis.js";

/** The page is told to wait in so many seconds by this. */
const COUNTDOWN = /^Live updates paused, reconnecting in (\d+) s$/;

/** Kills the server, looks at what the page says about it, and starts it again. */
async function killAndRestart(page: Page, server: ChatServer): Promise<void> {
  await server.stop("SIGKILL");
  await badge(page, "Reconnecting", "amber");
  const banner = page.locator(".tw-banner-message");
  await banner.getByText("Live updates paused").waitFor();
  await page
    .getByText(/^Not live: \d+ s old$/)
    .first()
    .waitFor();
  // Two numbers of one countdown, whichever there is when this comes.
  await page.waitForFunction(() => {
    const texts = window.tightwireTest.seen.filter(({ part }) => part === "banner").map(({ text }) => text);
    return texts.some((text, at) => {
      const [now, next] = [text, texts[at + 1]].map((one) => Number(/in (\d+) s$/.exec(one ?? "")?.[1]));
      return now !== undefined && next === now - 1;
    });
  });
  await server.start();
  await page.getByRole("button", { name: "Retry now" }).click();
  await live(page);
  await banner.getByText("Live updates are back.").waitFor();
  const story = await seen(page);
  const down = story.find(({ part }) => part === "socket")?.at ?? Number.NaN;
  const told = story.find(({ part }) => part === "banner");
  expect(told?.text).toMatch(/^Live updates paused, reconnecting (in \d+ s|now)$/);
  // Not before five seconds; a machine that is busy may be late.
  expect(told && told.at - down).toBeGreaterThanOrEqual(4990);
  expect(told && told.at - down).toBeLessThan(8000);
  for (const { text } of story.filter(({ part, text }) => part === "banner" && text.includes(" in "))) {
    expect(text).toMatch(COUNTDOWN);
  }
  expect(story.filter(({ part, text }) => part === "toasts" && text !== "")).toEqual([]);
}

it("says after five seconds that the server is gone, and shows what it knows when it is back", async () => {
  const server = await startChatServer("--responder-delay-ms", "0");
  const author = connectAuthor(server);
  const page = await open(server.url);
  await live(page);
  await author.say("welcome", "before");
  await shows(page, () => author.history("welcome"));
  const before = await shown(page);
  expect(before).toHaveLength(2);
  await killAndRestart(page, server);
  // The server has kept nothing. What was said stays, and so does the doubt.
  await page.getByText("Something may be missing here.").waitFor();
  expect(await author.history("welcome")).toEqual([]);
  await write(page, "after");
  await expect.poll(() => author.history("welcome")).toHaveLength(2);
  await shows(page, async () => [...before, ...(await author.history("welcome"))]);
});

it("misses and doubles nothing where the messages outlive the server", async () => {
  const redis = await startRedis();
  const settings = ["--responder-delay-ms", "0", "--redis-url", redis];
  const [server, other] = [await startChatServer(...settings), await startChatServer(...settings)];
  const author = connectAuthor(other);
  const page = await open(server.url);
  await live(page);
  await author.say("welcome", "before");
  await shows(page, () => author.history("welcome"));
  await write(page, "mine");
  await expect.poll(() => author.history("welcome")).toHaveLength(4);
  const during = author.say("welcome", "as it is killed");
  await killAndRestart(page, server);
  await during;
  await author.say("welcome", "after");
  await shows(page, () => author.history("welcome"));
  expect(await shown(page)).toHaveLength(8);
});

it("does not alarm anybody with a planned restart", async () => {
  const server = await startChatServer("--reconnect-spread-ms", "300", "--drain-ms", "2000");
  const page = await open(server.url);
  await live(page);
  await write(page, "before");
  await answers(page).waitFor();
  await server.stop("SIGTERM");
  await server.start();
  await page.waitForFunction(() => {
    const badges = window.tightwireTest.seen.filter(({ part }) => part === "badge").map(({ text }) => text);
    return badges.includes("Reconnecting") && badges.at(-1) === "Live";
  });
  expect(await alarms(page)).toEqual([]);
});
