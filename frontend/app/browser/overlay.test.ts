/** The debug overlay. */
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { startChatServer } from "./support/chat-server.js";
import { answers, badge, live, open, write } from "./support/page.js";

it("opens and closes by its keys, and exports what went by", async () => {
  const server = await startChatServer();
  const page = await open(server.url);
  await live(page);
  await write(page, "for the record");
  await answers(page).waitFor();
  const overlay = page.getByRole("dialog", { name: "Tightwire packets" });
  await page.keyboard.press("Control+Shift+D");
  await overlay.waitFor();
  await overlay.locator("[role=option]").filter({ hasText: "stream_end" }).waitFor();
  const downloading = page.waitForEvent("download");
  await overlay.getByRole("button", { name: "Export" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/\.ndjson$/);
  const lines = (await text(await download.createReadStream())).trimEnd().split("\n");
  const frames = lines.map((line) => JSON.parse(line).frame.type);
  expect(frames[0]).toBe("connection_established");
  expect(frames).toEqual(expect.arrayContaining(["send_message", "thread_message_created", "stream_end"]));
  // The buttons are the network as it can be.
  await overlay.getByRole("button", { name: "Cut" }).click();
  await badge(page, "Reconnecting", "amber");
  await overlay.getByRole("button", { name: "Reconnect" }).click();
  await live(page);
  await page.keyboard.press("Control+Shift+D");
  await overlay.waitFor({ state: "detached" });
});
