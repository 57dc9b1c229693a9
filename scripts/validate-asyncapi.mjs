// Second opinion on the contract: the official AsyncAPI parser reads every document named on the command line
// (asyncapi/chat.yml where none is). Errors and warnings fail; so does any hint that is not excused below.
//
//     node scripts/validate-asyncapi.mjs [FILE…]
//
// Exit codes: 0 clean · 1 the parser found something · 2 a file could not be read.

import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Parser } from "@asyncapi/parser";

/** What the parser may say, and why it is right for us. Keyed by the parser's rule code. */
const EXCUSED = new Map([["asyncapi-latest-version", "The document stays on 3.0.0 on purpose: every tool reads it."]]);

const SEVERITIES = ["error", "warning", "info", "hint"];

const root = fileURLToPath(new URL("..", import.meta.url));
const files = process.argv.slice(2);
if (files.length === 0) {
  files.push(resolve(root, "asyncapi/chat.yml"));
}

let worst = 0;
for (const file of files) {
  worst = Math.max(worst, await validate(file));
}
process.exit(worst);

/** Validates one file, prints what was found, and returns the exit code for it. */
async function validate(file) {
  const path = resolve(file);
  const name = relative(process.cwd(), path) || file;
  let text;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    console.error(`${name}: cannot be read: ${error.message}`);
    return 2;
  }
  const { document, diagnostics } = await new Parser().parse(text, { source: pathToFileURL(path).href });
  const found = diagnostics.filter((diagnostic) => !EXCUSED.has(diagnostic.code));
  for (const { severity, range, code, path: where, message } of found) {
    const position = `${range.start.line + 1}:${range.start.character + 1}`;
    console.error(`${name}:${position}: ${SEVERITIES[severity]}[${code}]: ${message} (at /${where.join("/")})`);
  }
  if (found.length > 0 || document === undefined) {
    console.error(`${name}: the official parser objects (${found.length} findings). Mend the document and run again.`);
    return 1;
  }
  const channels = document.channels().all().length;
  const operations = document.operations().all().length;
  const messages = document.components().messages().all().length;
  const excused = diagnostics.length === 0 ? "" : `, ${diagnostics.length} excused`;
  console.log(
    `${name}: clean under @asyncapi/parser: ${channels} channels, ${operations} operations, ${messages} messages${excused}`,
  );
  return 0;
}
