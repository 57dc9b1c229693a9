// What the scripts beside this one share: finding the guard of a message in a compiled protocol.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The project's folder and what the test has to say. */
export const root = process.argv[2];
export const input = JSON.parse(readFileSync(join(root, "input.json"), "utf8"));

/** A compiled protocol: its exports, and the guard of each message. */
export async function protocol(folder) {
  const exports = await import(pathToFileURL(join(root, "out", folder, "index.js")).href);
  const frames = readFileSync(join(root, "src", folder, "frames.ts"), "utf8");
  const guards = new Map();
  for (const [, block] of frames.matchAll(/export interface (?:Client|Server)Messages \{\n([^}]*)\}/g)) {
    for (const [, key, frame] of block.matchAll(/^ {2}readonly (.+): ([\p{ID_Continue}$]+);$/gmu)) {
      const id = /^["']/.test(key) ? JSON.parse(key.replace(/^'(.*)'$/, (_, text) => JSON.stringify(text))) : key;
      guards.set(id, exports[`is${frame}`]);
    }
  }
  return { exports, guards };
}

/** What a function says, or how it fails. */
export function verdict(say) {
  try {
    return say();
  } catch (error) {
    return String(error);
  }
}
