// How large the guards are, and how long they take beside ajv. They are bundled first, as they are in a page.
//
//     npm run bench --workspace frontend/chat

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { build } from "vite";

const ROUNDS = 15;
const PASSES = 20_000;

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "guards-"));

/** Bundles some exports of the package; gives the code. */
async function bundle(names) {
  const entry = join(folder, "entry.js");
  writeFileSync(
    entry,
    `export { ${names.join(", ")} } from ${JSON.stringify(join(root, "frontend/chat/src/index.ts"))};`,
  );
  const output = { codeSplitting: false, minify: true };
  const [{ output: chunks }] = await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, lib: { entry, formats: ["es"] }, rolldownOptions: { output } },
  });
  return chunks[0].code;
}

function size(code) {
  return `${code.length} bytes, ${gzipSync(code, { level: 9 }).length} gzipped`;
}

const guards = await bundle(["isServerFrame"]);
console.log(`isServerFrame:    ${size(guards)}`);
console.log(`both directions:  ${size(await bundle(["isServerFrame", "isClientFrame"]))}`);
console.log(`parseServerFrame: ${size(await bundle(["parseServerFrame"]))} (with the checks that explain)`);

const file = join(folder, "guards.mjs");
writeFileSync(file, guards);
const { isServerFrame } = await import(pathToFileURL(file));
rmSync(folder, { recursive: true });

const schema = JSON.parse(readFileSync(join(root, "generated/schema/ws_messages.schema.json"), "utf8"));
const ajv = new Ajv({ strict: false });
addFormats(ajv);
ajv.addSchema(schema, "bundle");
const validators = new Map(
  Object.entries(schema["x-messages"].to_client).map(([type, { $ref }]) => [
    type,
    ajv.compile({ $ref: `bundle${$ref}` }),
  ]),
);

const cases = join(root, "contracts/cases");
const frames = readdirSync(cases)
  .map((name) => JSON.parse(readFileSync(join(cases, name), "utf8")))
  .filter(({ direction }) => direction === "to_client")
  .map((one) => one.cases.find(({ verdict, frame }) => verdict === "accept" && frame !== undefined).frame);

const contestants = {
  guard: isServerFrame,
  "ajv, one validator per type": (frame) => validators.get(frame.type)(frame),
};

/** Nanoseconds per frame. */
function time(accepts) {
  let accepted = 0;
  const start = process.hrtime.bigint();
  for (let pass = 0; pass < PASSES; pass += 1) {
    for (const frame of frames) {
      accepted += accepts(frame) ? 1 : 0;
    }
  }
  const elapsed = Number(process.hrtime.bigint() - start);
  if (accepted !== PASSES * frames.length) {
    throw new Error("a valid frame was refused");
  }
  return elapsed / accepted;
}

// In turn, so that whatever else the machine does meets both alike.
const times = Object.entries(contestants).map(([name, accepts]) => ({ name, accepts, rounds: [] }));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { accepts, rounds } of times) {
    rounds.push(time(accepts));
  }
}
console.log(`\n${frames.length} messages of the server in turn, ns per valid frame (median of ${ROUNDS} rounds):`);
const medians = times.map(({ rounds }) => rounds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]);
times.forEach(({ name }, index) => {
  console.log(`  ${name.padEnd(30)}${medians[index].toFixed(0)}`);
});
console.log(`  the guard is ${(medians[1] / medians[0]).toFixed(2)} times as fast`);
