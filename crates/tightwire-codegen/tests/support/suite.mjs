// Runs every test of the suite through the guard and the check of its schema. Prints `[guard, check]` per test.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { input, protocol, verdict } from "./frames.mjs";

const { exports, guards } = await protocol("suite");
const results = {};
for (const [file, groups] of Object.entries(input.files)) {
  const suite = JSON.parse(readFileSync(join(input.folder, file), "utf8"));
  results[file] = groups.map((message, index) =>
    message === null
      ? null
      : suite[index].tests.map(({ data }) => [
          verdict(() => guards.get(message)(data)),
          verdict(() => exports.checkMessage(message, data).length === 0),
        ]),
  );
}
process.stdout.write(JSON.stringify(results));
