// Runs frames through everything that a protocol says about them. Prints, per frame: whether the message's guard and check
// accept it, which message it is in each direction, and whether the checks of each direction accept it.
import { input, protocol, verdict } from "./frames.mjs";

const verdicts = [];
for (const { folder, frames } of input) {
  const { exports, guards } = await protocol(folder);
  for (const [message, frame] of frames) {
    verdicts.push([
      verdict(() => guards.get(message)(frame)),
      verdict(() => exports.checkMessage(message, frame).length === 0),
      verdict(() => exports.clientMessageOf(frame) ?? null),
      verdict(() => exports.serverMessageOf(frame) ?? null),
      verdict(() => exports.checkClientFrame(frame).length === 0),
      verdict(() => exports.checkServerFrame(frame).length === 0),
    ]);
  }
}
process.stdout.write(JSON.stringify(verdicts));
