// Runs every test of the suite through the guard and the check of its schema. Prints `[guard, check]` per test.
import { input, protocol, verdict } from "./frames.mjs";

const { exports, guards } = await protocol("suite");
const results = {};
for (const [message, values] of Object.entries(input.messages)) {
  results[message] = values.map((data) => [
    verdict(() => guards.get(message)(data)),
    verdict(() => exports.checkMessage(message, data).length === 0),
  ]);
}
process.stdout.write(JSON.stringify(results));
