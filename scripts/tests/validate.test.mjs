// `validate-asyncapi.mjs` refuses what the official parser objects to, and says where they are.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../validate-asyncapi.mjs", import.meta.url));
const contract = readFileSync(new URL("../../asyncapi/chat.yml", import.meta.url), "utf8");

/** A document, and what the script has to say about it. */
const documents = {
  sound: [contract, /sound\.yml: clean under @asyncapi\/parser: 4 channels, 12 operations/],
  action: [contract.replace("action: receive", "action: obey"), /action\.yml:\d+:\d+: error\[.*"action"/],
  reference: [contract.replace("'#/channels/system'", "'#/channels/cistern'"), /reference\.yml:.*error\[.*cistern/],
  schema: [contract.replace("maxLength: 16000", "maxLength: many"), /schema\.yml:\d+:\d+: error\[.*maxLength/],
};

const folder = mkdtempSync(join(tmpdir(), "asyncapi-"));
after(() => rmSync(folder, { recursive: true }));

test("every document is read, and one bad one is enough", () => {
  const files = Object.entries(documents).map(([name, [text]]) => {
    const file = join(folder, `${name}.yml`);
    writeFileSync(file, text);
    return file;
  });
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...files], { encoding: "utf8" });
  for (const [, expected] of Object.values(documents)) {
    assert.match(stdout + stderr, expected);
  }
  assert.equal(status, 1);
});

test("a file that is not there", () => {
  assert.equal(spawnSync(process.execPath, [script, join(folder, "none.yml")]).status, 2);
});
