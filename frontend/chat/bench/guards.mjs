// How large the guards are, and how long they take beside ajv: compiled in place, and as the code that ajv writes to be
// loaded without it (standalone). Both guards and standalone code are bundled first, as they are in a page.
//
//     npm run bench --workspace frontend/chat

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import addFormats from "ajv-formats";
import { build } from "vite";

const ROUNDS = 15;
const PASSES = 20_000;

const root = fileURLToPath(new URL("../../..", import.meta.url));
// Within the package, so that what standalone code needs of ajv is found.
const folder = mkdtempSync(join(root, "frontend/chat/node_modules/.guards-"));
process.on("exit", () => rmSync(folder, { recursive: true }));

/** Bundles some exports of a module, by default of the package; gives the code. */
async function bundle(names, module = join(root, "frontend/chat/src/index.ts")) {
  const entry = join(folder, "entry.js");
  writeFileSync(entry, `export { ${names.join(", ")} } from ${JSON.stringify(module)};`);
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

/** What a bundle exports. */
function load(name, code) {
  const file = join(folder, name);
  writeFileSync(file, code);
  return import(pathToFileURL(file));
}

const { isServerFrame } = await load("guards.mjs", guards);

const schema = JSON.parse(readFileSync(join(root, "generated/schema/ws_messages.schema.json"), "utf8"));
const references = Object.entries(schema["x-messages"].to_client).map(([type, { $ref }]) => [type, `bundle${$ref}`]);

/** The names of properties, the constants and the patterns that a schema says, each once: no guard can do without them. */
function words(place, found = new Set()) {
  if (typeof place !== "object" || place === null || found.has(place)) {
    return found;
  }
  found.add(place);
  const { $ref, properties = {}, const: constant, enum: values = [], pattern } = place;
  for (const word of [...Object.keys(properties), constant, ...values, pattern]) {
    if (word !== undefined) {
      found.add(String(word));
    }
  }
  if ($ref !== undefined) {
    words(schema.definitions[$ref.slice("#/definitions/".length)], found);
  }
  for (const part of Object.values(place)) {
    words(part, found);
  }
  return found;
}

const said = [...words(schema["x-messages"].to_client)].filter((word) => typeof word === "string");
console.log(`names, constants: ${size(said.join())} (of the messages of the server, each once)`);

function newAjv(code) {
  const ajv = new Ajv({ strict: false, code });
  addFormats(ajv);
  return ajv.addSchema(schema, "bundle");
}

const compiled = newAjv({});
const validators = new Map(references.map(([type, $ref]) => [type, compiled.compile({ $ref })]));

const written = newAjv({ source: true, esm: true });
for (const [type, $ref] of references) {
  written.addSchema({ $id: type, $ref });
}
const source = join(folder, "source.mjs");
writeFileSync(source, standalone(written, Object.fromEntries(references.map(([type]) => [type, type]))));
const code = await bundle(
  references.map(([type]) => type),
  source,
);
console.log(`ajv standalone:   ${size(code)} (the messages of the server)`);
const exported = await load("standalone.mjs", code);
const alone = new Map(Object.entries(exported));

const cases = join(root, "contracts/cases");
const frames = readdirSync(cases)
  .map((name) => JSON.parse(readFileSync(join(cases, name), "utf8")))
  .filter(({ direction }) => direction === "to_client")
  .map((one) => one.cases.find(({ verdict, frame }) => verdict === "accept" && frame !== undefined).frame);

const contestants = {
  guard: isServerFrame,
  "ajv standalone": (frame) => alone.get(frame.type)(frame),
  "ajv, compiled in place": (frame) => validators.get(frame.type)(frame),
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
console.log(`  the guard is ${(medians[1] / medians[0]).toFixed(2)} times as fast as ajv standalone`);
