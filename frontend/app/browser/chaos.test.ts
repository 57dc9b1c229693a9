/** A network that fails by chance: `TIGHTWIRE_CHAOS_SECONDS` says for how long, `TIGHTWIRE_CHAOS_SEED` repeats what happened. */
import { expect, it } from "vitest";
import { connectAuthor } from "./support/author.js";
import { startChaos } from "./support/chaos.js";
import { startChatServer } from "./support/chat-server.js";
import { live, open, shown } from "./support/page.js";

const seconds = Number(process.env.TIGHTWIRE_CHAOS_SECONDS ?? 10);
const seed = Number(process.env.TIGHTWIRE_CHAOS_SEED ?? Math.floor(Math.random() * 1_000_000));

it("shows everything once when the network is well again, whatever it did", {
  timeout: (seconds + 60) * 1000,
}, async () => {
  // Pings so often that a stalled connection is found out within the time.
  const server = await startChatServer("--responder-delay-ms", "5", "--ping-interval-ms", "300");
  const author = connectAuthor(server);
  const chaos = await startChaos(server, seconds, seed);
  const page = await open(chaos.url, { isPatient: true });
  let isOver = false;
  const over = chaos.over.then(() => {
    isOver = true;
  });
  let said = 0;
  while (!isOver) {
    said += 1;
    await author.say("welcome", `message ${said}`);
  }
  await over;
  await live(page);
  // The page shows a thread from the 100 newest messages on.
  const questions = (texts: readonly string[]): readonly string[] =>
    texts.filter((text) => text.startsWith("message ")).slice(-40);
  await expect
    .poll(async () => questions(await shown(page)), { timeout: 20_000, message: chaos.lines.join("\n") })
    .toEqual(questions(await author.history("welcome")));
  const all = (await shown(page)).filter((text) => text.startsWith("message "));
  expect(all, chaos.lines.join("\n")).toEqual([...new Set(all)]);
  expect(said).toBeGreaterThan(seconds);
});
