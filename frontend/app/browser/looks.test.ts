/** What the page looks like in its main states, and whether everybody can use it. */
import { expect, it } from "vitest";
import { SECRET, startChatServer } from "./support/chat-server.js";
import { answers, badge, inspect, live, open, pass, write } from "./support/page.js";
import { startProxy } from "./support/proxy.js";

it("every view", async () => {
  const server = await startChatServer("--responder-delay-ms", "1");
  const page = await open(server.url);
  const response = await page.request.get(server.url);
  expect(response.headers()["content-security-policy"]).toMatch(/(^|; )script-src 'self';/);
  await live(page);
  await inspect(page, "chat-empty");
  await write(page, "What does close code 4408 mean?");
  await answers(page).waitFor();
  await write(page, "/fail");
  await answers(page).nth(1).waitFor();
  await inspect(page, "chat");
  await page.getByRole("link", { name: "Agents" }).click();
  await page.getByRole("heading", { name: "Agents" }).waitFor();
  await inspect(page, "agents");
  const alert = {
    alert_id: "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21",
    severity: "critical",
    message: "The queue of the guide is full.",
    source: "guide",
    raised_at: new Date().toISOString(),
  };
  const published = await page.request.post(`${server.url}/api/publish`, {
    data: { topic: "dashboard", type: "critical_alert", data: alert },
  });
  expect(await published.text()).toContain("position");
  await page.getByRole("link", { name: /Dashboard/ }).click();
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  await page.getByText("The queue of the guide is full.").first().waitFor();
  await inspect(page, "dashboard");
  await page.keyboard.press("Control+Shift+D");
  await page.getByRole("dialog", { name: "Tightwire packets" }).locator("[role=option]").last().click();
  await inspect(page, "overlay");
});

it("interruptions and stops", async () => {
  const server = await startChatServer("--ping-interval-ms", "200", "--pong-timeout-ms", "600");
  const proxy = await startProxy(server);
  const page = await open(proxy.url, { ownClock: true });
  await live(page);
  await write(page, "What can you tell me?");
  await answers(page).waitFor();
  proxy.stall("toServer");
  await page.locator(".tw-toast[data-code='4408']").waitFor();
  await inspect(page, "toast-4408");
  proxy.cut();
  await page.clock.runFor(30_000);
  await page.locator(".tw-banner-message", { hasText: "Live updates paused" }).waitFor();
  await write(page, "without a connection");
  await inspect(page, "banner");
  proxy.restore();
  await pass(page, "Live");
  await page.evaluate(() => window.tightwireTest.sockets.at(-1)?.send('{"v": 1, "type": "no_such_message"}'));
  await badge(page, "Disconnected", "red");
  await inspect(page, "stopped");
});

it("asking for a token", async () => {
  const server = await startChatServer("--auth-jwt-secret", SECRET);
  const page = await open(server.url);
  await page.getByLabel("Token").waitFor();
  await inspect(page, "sign-in");
});
