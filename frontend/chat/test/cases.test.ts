/**
 * The cases that every language runs: the guards give the verdict that each file of `contracts/cases` states.
 */
import { describe, expect, it } from "vitest";
import * as protocol from "../src/index.js";
import { checkClientFrame, checkServerFrame, parseClientFrame, parseServerFrame } from "../src/index.js";
import { type Case, type CaseFile, caseFiles } from "./support/cases.js";

/** What the text of a case departs from; empty for a valid frame. */
function violations(direction: CaseFile["direction"], text: string): readonly { pointer: string; keyword: string }[] {
  const parsed = direction === "to_server" ? parseClientFrame(text) : parseServerFrame(text);
  return parsed.ok ? [] : parsed.violations;
}

/** The guard of one message, `isSendMessageFrame` for `send_message`. */
function guardOf(message: string): (value: unknown) => boolean {
  const name = message.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const exported: { readonly [name: string]: unknown } = protocol;
  return exported[`is${name}Frame`] as (value: unknown) => boolean;
}

/** `type` chooses the message, so another one is not a wrong constant but the name of no message. */
function keywordOf({ keyword, pointer }: Case): string | undefined {
  return pointer === "/type" && keyword === "const" ? "enum" : keyword;
}

function isOutOfReach({ parsed, keyword }: Case): boolean {
  return parsed === false && keyword === "duplicate-key";
}

describe.each(caseFiles)("$direction $message", ({ message, direction, cases }) => {
  const within = cases.filter((one) => !isOutOfReach(one));

  it.each(within)("$verdict: $name", (one) => {
    const { verdict, pointer, frame, text } = one;
    const keyword = keywordOf(one);
    const found = violations(direction, text ?? JSON.stringify(frame));
    if (verdict === "accept") {
      expect(found).toEqual([]);
    } else if (keyword !== undefined && pointer !== undefined) {
      expect(found).toContainEqual({ keyword, pointer });
    } else {
      expect(found).not.toEqual([]);
    }
  });

  it("the message's own guard and the check of values give the same verdicts", () => {
    const check = direction === "to_server" ? checkClientFrame : checkServerFrame;
    const guard = guardOf(message);
    for (const { name, verdict, frame } of within.filter((one) => one.frame !== undefined)) {
      const accepted = verdict === "accept";
      expect([name, guard(frame), check(frame).length === 0]).toEqual([name, accepted, accepted]);
    }
  });
});

it("has cases of every message, and leaves out only repeated keys", () => {
  expect(caseFiles.length).toBeGreaterThanOrEqual(28);
  for (const { message, cases } of caseFiles) {
    const verdicts = new Set(cases.map(({ verdict }) => verdict));
    expect([message, verdicts]).toEqual([message, new Set(["accept", "reject"])]);
    // Such a text is refused by the server alone: `JSON.parse` keeps the last of two equal keys.
    for (const one of cases.filter(isOutOfReach)) {
      expect(() => JSON.parse(one.text ?? "")).not.toThrow();
    }
  }
});
