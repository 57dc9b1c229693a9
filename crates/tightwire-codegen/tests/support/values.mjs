// Runs values through the guard and the check of a message. Prints `[guard, check]` per value.
import { input, protocol, verdict } from "./frames.mjs";

const verdicts = [];
for (const { folder, values } of input) {
  const { exports, guards } = await protocol(folder);
  for (const [message, value] of values) {
    verdicts.push([
      verdict(() => guards.get(message)(value)),
      verdict(() => exports.checkMessage(message, value).length === 0),
    ]);
  }
}
process.stdout.write(JSON.stringify(verdicts));
