/** The page of the contract at /docs: what it shows, its search, and its console before a real server. */
import { expect, it } from "vitest";
import { makeToken, SECRET, startChatServer } from "./support/chat-server.js";
import { inspect, open } from "./support/page.js";

it("shows the contract and the limits in force, and finds what is looked for", async () => {
  const server = await startChatServer("--max-message-bytes", "54321");
  const page = await open(server.url, { path: "/docs" });
  expect(new URL(page.url()).pathname).toBe("/docs/");
  const limits = page.locator("#limits tr", { hasText: "max_message_bytes" });
  await limits.getByText("54,321").waitFor();
  expect(await limits.textContent()).toBe("max_message_bytes6553654,321");
  await page.locator("#console .connect").waitFor();
  await inspect(page, "docs");
  await page.keyboard.press("/");
  await page.keyboard.type("replay gap");
  await expect.poll(() => page.locator("#found").textContent()).toMatch(/^\d+ of \d+ entries$/);
  expect(await page.locator("#message-request_data").isVisible()).toBe(false);
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("message-replay_gap");
  await inspect(page, "docs-search");
  await page.locator("#query").fill("");
  await page.goto(`${server.url}/docs/#close-4408`);
  await page.locator("#close-4408").waitFor();
  expect(await page.evaluate(() => scrollY)).toBeGreaterThan(1000);
});

it("sends messages from its console, and shows the answer", async () => {
  const server = await startChatServer("--responder-delay-ms", "1");
  const page = await open(server.url, { path: "/docs" });
  await page.getByRole("button", { name: "Try it: send_message in the console" }).click();
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("status").getByText("Connected").waitFor();
  await page.getByRole("textbox", { name: "content" }).fill("What does close code 4408 mean?");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const frames = page.getByRole("log", { name: "Frames" });
  await frames.locator("summary", { hasText: "stream_end" }).waitFor();
  // Everything that came was judged, and nothing was wrong with it.
  const judged = await frames.locator(".verdict").allTextContents();
  expect(judged.length).toBeGreaterThan(4);
  expect(new Set(judged)).toEqual(new Set(["valid"]));
  await inspect(page, "docs-console");
});

it("sends what is invalid where that is wanted, and says what the server makes of it", async () => {
  const server = await startChatServer();
  const page = await open(server.url, { path: "/docs" });
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("status").getByText("Connected").waitFor();
  await page.getByLabel("Message", { exact: true }).selectOption("send_message");
  await page.getByRole("textbox", { name: "content" }).fill("");
  await page.locator(".judged").getByText("/data/content").waitFor();
  const send = page.getByRole("button", { name: "Send", exact: true });
  await send.click();
  await page.getByText("Not sent: it is invalid.").waitFor();
  await page.getByLabel("Send although invalid").check();
  await send.click();
  const frames = page.getByRole("log", { name: "Frames" });
  await frames.getByText("contract_violation): A frame did not follow the contract").waitFor();
  await frames.locator("summary", { hasText: "error" }).click();
  await frames.locator("pre", { hasText: "minLength" }).waitFor();
  await inspect(page, "docs-console-refused");
});

it("is shown to who has a token", async () => {
  const server = await startChatServer("--auth-jwt-secret", SECRET);
  const token = makeToken("reader", 600);
  const page = await open(server.url, { path: "/docs", token });
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("status").getByText("Connected").waitFor();
  await page.locator("#limits td").getByText("50,000").waitFor();
  expect((await page.request.get(`${server.url}/docs/`)).status()).toBe(401);
  const document = await page.getByRole("link", { name: "The document itself" }).getAttribute("href");
  expect((await page.request.get(new URL(document ?? "", page.url()).href)).status()).toBe(200);
});
