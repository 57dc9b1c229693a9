/**
 * The JSON-Schema-Test-Suite: what is judged is judged rightly, and what is not is named.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Json, JsonMap, Schema } from "../src/contract.js";
import { validate } from "../src/validate.js";

interface Group {
  readonly description: string;
  readonly schema: Schema;
  readonly tests: readonly { readonly description: string; readonly data: Json; readonly valid: boolean }[];
}

const suite = new URL("../../../crates/tightwire-conformance/suite/", import.meta.url);

/** What is not about values: there formats are notes to people, and the draft is one that the schema describes itself. */
const OTHERS = ["draft2020-12/format.json", "draft2020-12/vocabulary.json"];

/** Schemas without `$schema` are in the draft of their folder. */
function rooted(schema: Schema, draft: string): Schema {
  const uri =
    draft === "draft7" ? "http://json-schema.org/draft-07/schema#" : "https://json-schema.org/draft/2020-12/schema";
  return typeof schema === "boolean" ? schema : ({ $schema: uri, ...schema } as JsonMap);
}

for (const draft of ["draft7", "draft2020-12"]) {
  const folder = new URL(`${draft}/`, suite);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json") && !OTHERS.includes(`${draft}/${name}`));
  let [judged, left] = [0, 0];
  describe.each(files)(`${draft} %s`, (file) => {
    const groups = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as readonly Group[];
    for (const { description, schema, tests } of groups) {
      it.each(tests)(`${description}: $description`, ({ data, valid }) => {
        const root = rooted(schema, draft);
        const { violations, unchecked } = validate(root, root, data);
        if (unchecked.length === 0) {
          judged += 1;
          expect(violations.length === 0, JSON.stringify(violations)).toBe(valid);
        } else {
          left += 1;
        }
      });
    }
  });
  it(`${draft}: most is judged`, () => {
    console.info(`${draft}: ${judged} judged, ${left} left to the server`);
    expect(judged / (judged + left)).toBeGreaterThan(draft === "draft7" ? 0.9 : 0.7);
  });
}
