/**
 * The cases that every language runs: the guards give the verdict that each file of `contracts/cases` states.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkClientFrame, checkServerFrame, parseClientFrame, parseServerFrame } from "../src/index.js";

interface Case {
  readonly name: string;
  readonly verdict: "accept" | "reject";
  readonly keyword?: string;
  readonly pointer?: string;
  readonly frame?: unknown;
  readonly text?: string;
  /** `false` for what `JSON.parse` does not tell: a key that appears twice. */
  readonly parsed?: boolean;
}

interface CaseFile {
  readonly message: string;
  readonly direction: "to_server" | "to_client";
  readonly cases: readonly Case[];
}

const folder = new URL("../../contracts/cases/", import.meta.url);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as CaseFile);

/** What the text of a case departs from; empty for a valid frame. */
function violations(direction: CaseFile["direction"], text: string): readonly { pointer: string; keyword: string }[] {
  const parsed = direction === "to_server" ? parseClientFrame(text) : parseServerFrame(text);
  return parsed.ok ? [] : parsed.violations;
}

function isOutOfReach({ parsed, keyword }: Case): boolean {
  return parsed === false && keyword === "duplicate-key";
}

describe.each(files)("$direction $message", ({ direction, cases }) => {
  const within = cases.filter((one) => !isOutOfReach(one));

  it.each(within)("$verdict: $name", ({ verdict, keyword, pointer, frame, text }) => {
    const found = violations(direction, text ?? JSON.stringify(frame));
    if (verdict === "accept") {
      expect(found).toEqual([]);
    } else if (keyword !== undefined && pointer !== undefined) {
      expect(found).toContainEqual({ keyword, pointer });
    } else {
      expect(found).not.toEqual([]);
    }
  });

  it.runIf(cases.some((one) => one.frame !== undefined))("the guard of values agrees with the guard of texts", () => {
    const check = direction === "to_server" ? checkClientFrame : checkServerFrame;
    for (const { frame } of within.filter((one) => one.frame !== undefined)) {
      expect(check(frame)).toEqual(violations(direction, JSON.stringify(frame)));
    }
  });
});

it("has cases of every message, and leaves out only repeated keys", () => {
  expect(files.length).toBeGreaterThanOrEqual(28);
  for (const { message, cases } of files) {
    const verdicts = new Set(cases.map(({ verdict }) => verdict));
    expect([message, verdicts]).toEqual([message, new Set(["accept", "reject"])]);
    // Such a text is refused by the server alone: `JSON.parse` keeps the last of two equal keys.
    for (const one of cases.filter(isOutOfReach)) {
      expect(() => JSON.parse(one.text ?? "")).not.toThrow();
    }
  }
});
