/** Ends of the connection that mean something, and tokens. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { makeToken, SECRET, startChatServer } from "./support/chat-server.js";
import { alarms, answers, badge, live, open, write } from "./support/page.js";
import { startProxy } from "./support/proxy.js";

/** Waits for the toast of a close code. */
function toast(page: Page, code: number, tone: "amber" | "red"): Promise<void> {
  return page.locator(`.tw-toast[data-code="${code}"][data-tone=${tone}]`).waitFor();
}

it("1002: says that page and server do not understand each other, and offers to load the page anew", async () => {
  const server = await startChatServer();
  const page = await open(server.url);
  await live(page);
  await page.evaluate(() => window.tightwireTest.sockets.at(-1)?.send('{"v": 1, "type": "no_such_message"}'));
  await toast(page, 1002, "red");
  await badge(page, "Disconnected", "red");
  await page.locator(".tw-banner-message", { hasText: "Live updates have stopped." }).waitFor();
  await page.locator(".tw-banner").getByRole("button", { name: "Reload" }).click();
  await live(page);
  expect(await page.locator(".tw-toast").count()).toBe(0);
});

it("4401: asks for a token, and begins with it", async () => {
  const server = await startChatServer("--auth-jwt-secret", SECRET);
  const page = await open(server.url, { token: makeToken("ada", 60).replace(/.$/, "") });
  await toast(page, 4401, "red");
  await badge(page, "Disconnected", "red");
  await page.getByLabel("Token").fill(makeToken("ada", 60));
  await page.keyboard.press("Enter");
  await live(page);
  expect(await page.locator(".tw-toast").count()).toBe(0);
  expect(page.url()).not.toContain("token");
  await write(page, "signed in");
  await answers(page).waitFor();
});

it("4401: says that a token has expired which nobody has renewed", async () => {
  const server = await startChatServer("--auth-jwt-secret", SECRET, "--auth-leeway-ms", "0");
  const page = await open(server.url);
  await page.getByLabel("Token").fill(makeToken("ada", 4));
  await page.keyboard.press("Enter");
  await live(page);
  await toast(page, 4401, "red");
  await badge(page, "Disconnected", "red");
  await page.locator(".tw-banner-message", { hasText: "Live updates have stopped." }).waitFor();
  // What was there can still be read.
  await page.getByRole("heading", { name: "welcome" }).waitFor();
});

it("renews its token on the connection that it has", async () => {
  const server = await startChatServer("--auth-jwt-secret", SECRET, "--auth-leeway-ms", "0");
  const first = makeToken("ada", 4);
  const page = await open(server.url, { token: first });
  await live(page);
  const closed = await page.evaluate(
    ([token]) => {
      sessionStorage.setItem("tightwire.token", token ?? "");
      const [socket] = window.tightwireTest.sockets;
      return new Promise<string>((resolve) => {
        socket?.addEventListener("close", () => resolve("closed"));
        socket?.addEventListener("message", ({ data }) => {
          if (JSON.parse(data).type === "authenticated") {
            resolve(data);
          }
        });
      });
    },
    [makeToken("ada", 60)],
  );
  const { data } = JSON.parse(closed);
  const { exp } = JSON.parse(atob(first.split(".")[1] ?? ""));
  expect(Date.parse(data.expires_at) / 1000).toBeGreaterThan(exp + 30);
  // The first token has expired now, and with it would have gone the connection.
  await expect.poll(() => Date.now() / 1000, { timeout: 5000 }).toBeGreaterThan(exp + 0.2);
  await write(page, "still the same connection");
  await answers(page).waitFor();
  expect(await page.evaluate(() => window.tightwireTest.sockets.length)).toBe(1);
  expect(await alarms(page)).toEqual([]);
});

it("4408: says that the connection had gone quiet, and comes back by itself", async () => {
  const server = await startChatServer("--ping-interval-ms", "200", "--pong-timeout-ms", "600");
  const proxy = await startProxy(server);
  const page = await open(proxy.url);
  await live(page);
  proxy.stall("toServer");
  await toast(page, 4408, "amber");
  await badge(page, "Reconnecting", "amber");
  proxy.restore();
  await live(page);
  await write(page, "there again");
  await answers(page).waitFor();
});
