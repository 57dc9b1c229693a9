// Runs every value through the guard and the check of every message. Prints a string per message, with a letter per
// value: `1` both accept, `0` both refuse, `x` they do not agree.
import { input, protocol, verdict } from "./frames.mjs";

const { exports, guards } = await protocol("suite");
const letter = (message, value) => {
  const guard = verdict(() => guards.get(message)(value));
  const check = verdict(() => exports.checkMessage(message, value).length === 0);
  return guard !== check ? "x" : guard === true ? "1" : guard === false ? "0" : "x";
};
const results = {};
for (const message of input.messages) {
  results[message] = input.values.map((value) => letter(message, value)).join("");
}
process.stdout.write(JSON.stringify(results));
