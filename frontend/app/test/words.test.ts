import { CLOSE_CODES } from "@tightwire/chat";
import type { Closing } from "@tightwire/client";
import { describe, expect, it } from "vitest";
import { bannerTexts, toastWords } from "../src/connection/words.js";

const closing = (name: keyof typeof CLOSE_CODES): Closing => ({
  code: CLOSE_CODES[name].code,
  reason: "",
  known: CLOSE_CODES[name],
  planned: false,
});

describe("the words for a close code", () => {
  const names = Object.keys(CLOSE_CODES) as (keyof typeof CLOSE_CODES)[];
  it.each(names.filter((name) => name !== "normal" && name !== "going_away"))(
    "%s names the code and says what to do",
    (name) => {
      const { title, meaning, next } = toastWords(closing(name), name, CLOSE_CODES[name].reconnect);
      expect(meaning).toContain(`${CLOSE_CODES[name].code}`);
      expect(title).not.toContain("_");
      expect(next).not.toBe("");
    },
  );

  it("are the contract's for one that has no other", () => {
    expect(toastWords(closing("going_away"), "going_away", true).meaning).toBe(CLOSE_CODES.going_away.meaning);
  });

  it.each([
    ["unauthorized", "Live updates have stopped. Sign in to go on."],
    ["topic_forbidden", "Live updates have stopped. Sign in to go on."],
    ["contract_violation", "Live updates have stopped. Reload the page to get its newest version."],
    ["message_too_big", "Live updates have stopped. Connect again, or reload the page."],
  ] as const)("say in the banner what to do after %s", (name, expected) => {
    expect(bannerTexts.message?.({ kind: "stopped", closing: closing(name) })).toBe(expected);
  });
});
