/** Networks that let no WebSocket through. */
import { expect, it } from "vitest";
import { connectAuthor } from "./support/author.js";
import { startChatServer } from "./support/chat-server.js";
import { inspect, live, open, pass, said, shows, write } from "./support/page.js";
import { startProxy } from "./support/proxy.js";

it("reads along by events where upgrades are refused, and goes back to a WebSocket", async () => {
  const server = await startChatServer("--responder-delay-ms", "0");
  const proxy = await startProxy(server);
  const author = connectAuthor(server);
  proxy.refuseUpgrades();
  const page = await open(proxy.url, { ownClock: true });
  await pass(page, "Live, limited");
  await page.getByText("Your network lets through what comes from the server").waitFor();
  await author.say("welcome", "by events");
  await said(page, "by events").waitFor();
  await inspect(page, "limited");
  await write(page, "waits for a better connection");
  proxy.restore();
  const sockets = (): Promise<number> => page.evaluate(() => window.tightwireTest.sockets.length);
  const before = await sockets();
  // Until another WebSocket is tried.
  while ((await sockets()) === before) {
    await page.clock.runFor(1000);
  }
  await live(page);
  await expect.poll(() => author.history("welcome")).toHaveLength(4);
  await shows(page, () => author.history("welcome"));
});
