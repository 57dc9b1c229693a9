/** Networks that break, or only seem to be there. */
import { expect, it } from "vitest";
import { connectAuthor } from "./support/author.js";
import { startChatServer } from "./support/chat-server.js";
import { answers, badge, live, open, said, seen, shown, shows, write } from "./support/page.js";
import { startProxy } from "./support/proxy.js";

it("misses nothing and doubles nothing when connections break in the middle of answers", async () => {
  const server = await startChatServer("--responder-delay-ms", "5");
  const proxy = await startProxy(server);
  const author = connectAuthor(server);
  const page = await open(proxy.url);
  await live(page);
  for (let round = 0; round < 3; round += 1) {
    const saying = author.say("welcome", `while it breaks, ${round}`);
    await said(page, `while it breaks, ${round}`).waitFor();
    proxy.cut();
    await badge(page, "Reconnecting", "amber");
    await author.say("welcome", `while it is broken, ${round}`);
    await saying;
    // Written without a connection: it waits, and goes out once.
    await write(page, `written without a connection, ${round}`);
    await page.locator(".message[data-fate=sending]").waitFor();
    proxy.restore();
    await live(page);
    await expect.poll(() => author.history("welcome")).toHaveLength(6 * (round + 1));
    await shows(page, () => author.history("welcome"));
  }
  expect(new Set(await shown(page)).size).toBeGreaterThanOrEqual(9);
});

it("finds out about a network that is gone without a word, by the watchdog", async () => {
  const server = await startChatServer("--ping-interval-ms", "300");
  const proxy = await startProxy(server);
  const page = await open(proxy.url);
  await live(page);
  proxy.stall("toServer", "toClient");
  await badge(page, "Checking", "amber");
  await badge(page, "Reconnecting", "amber");
  // The question waits for five seconds; the badge may be a little late to say so.
  const story = await seen(page);
  const [checking, lost] = ["Checking", "Reconnecting"].map(
    (one) => story.filter(({ text }) => text === one).at(-1)?.at ?? 0,
  );
  expect((lost ?? 0) - (checking ?? 0)).toBeGreaterThan(4000);
  proxy.restore();
  await live(page);
  await write(page, "there again");
  await answers(page).waitFor();
});

it("asks at once when the browser says that it is offline, and comes back when it is not", async () => {
  const server = await startChatServer();
  const page = await open(server.url);
  await live(page);
  await page.context().setOffline(true);
  await badge(page, "Offline", "amber");
  await page.getByText("You are offline. Live updates go on when there is a network again.").waitFor();
  await page.context().setOffline(false);
  await live(page);
  const story = await seen(page);
  expect(story.filter(({ part }) => part === "badge").map(({ text }) => text)).toContain("Checking");
});

it("asks at once after the machine has slept", async () => {
  const server = await startChatServer();
  const proxy = await startProxy(server);
  const page = await open(proxy.url, { ownClock: true });
  await live(page);
  const connections = (): Promise<number> => page.evaluate(() => window.tightwireTest.sockets.length);
  const before = await connections();
  // A connection that survived is kept.
  const answered = page.waitForEvent("websocket", { timeout: 1 }).catch(() => undefined);
  await page.clock.fastForward(3_600_000);
  await page.waitForFunction(() => window.tightwireTest.seen.some(({ text }) => text === "Checking"));
  await live(page);
  await answered;
  expect(await connections()).toBe(before);
  // One that did not is replaced, five seconds after the question.
  proxy.stall("toServer", "toClient");
  await page.clock.fastForward(3_600_000);
  await badge(page, "Checking", "amber");
  await page.clock.runFor(5000);
  await badge(page, "Reconnecting", "amber");
  proxy.restore();
  await live(page);
  expect(await connections()).toBe(before + 1);
});
