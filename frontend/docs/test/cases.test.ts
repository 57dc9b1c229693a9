/**
 * The cases of the chat's contract: the console gives the verdict that each states, at the place that it states.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Contract, Direction, Json } from "../src/contract.js";
import { judge } from "../src/judge.js";

interface CaseFile {
  readonly message: string;
  readonly direction: Direction;
  readonly cases: readonly {
    readonly name: string;
    readonly verdict: "accept" | "reject";
    readonly pointer?: string;
    readonly frame?: Json;
    readonly text?: string;
  }[];
}

const repository = new URL("../../../", import.meta.url);
const contract = JSON.parse(readFileSync(new URL("generated/docs/contract.json", repository), "utf8")) as Contract;
const folder = new URL("contracts/cases/", repository);

describe.each(readdirSync(folder).filter((name) => name.endsWith(".json")))("%s", (name) => {
  const { direction, cases } = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as CaseFile;
  // What is wrong with the text alone is nothing that a form can make.
  it.each(cases.filter((one) => one.frame !== undefined))("$verdict: $name", ({ verdict, pointer, frame }) => {
    const { violations, unchecked } = judge(contract, direction, frame as Json);
    expect(unchecked).toEqual([]);
    if (verdict === "accept") {
      expect(violations).toEqual([]);
    } else {
      expect(violations.map((one) => one.pointer)).toContain(pointer ?? violations[0]?.pointer);
    }
  });
});
