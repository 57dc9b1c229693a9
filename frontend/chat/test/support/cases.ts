/**
 * The contract's cases as the tests read them: `contracts/cases/<message>.json`.
 */
import { readdirSync, readFileSync } from "node:fs";

export interface Case {
  readonly name: string;
  readonly verdict: "accept" | "reject";
  readonly keyword?: string;
  readonly pointer?: string;
  readonly frame?: unknown;
  readonly text?: string;
  /** `false` for what `JSON.parse` does not tell: a key that appears twice. */
  readonly parsed?: boolean;
}

export interface CaseFile {
  readonly message: string;
  readonly direction: "to_server" | "to_client";
  readonly type: string;
  readonly cases: readonly Case[];
}

const folder = new URL("../../../../contracts/cases/", import.meta.url);

/** All files, by name. */
export const caseFiles: readonly CaseFile[] = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as CaseFile);
