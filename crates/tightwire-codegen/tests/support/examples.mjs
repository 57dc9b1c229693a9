// Runs examples through the guard, the check and the classification of their messages. Prints one verdict per example.
import { input, protocol, verdict } from "./frames.mjs";

const verdicts = [];
for (const { folder, examples } of input) {
  const { exports, guards } = await protocol(folder);
  for (const { message, payload } of examples) {
    const guard = guards.get(message);
    verdicts.push({
      guard: verdict(() => guard(payload)),
      violations: verdict(() => exports.checkMessage(message, payload)),
      classified: verdict(() => [exports.clientMessageOf(payload) ?? null, exports.serverMessageOf(payload) ?? null]),
    });
  }
}
process.stdout.write(JSON.stringify(verdicts));
