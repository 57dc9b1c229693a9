// Compares every contract with the AsyncAPI document by Pact's own comparator, and fails where it says anything else than
// what is expected.
//
// What is done for it, and what is expected of it:
//
// - It closes the schemas of what servers send, so that nobody relies on what the document does not name. It closes each part of
//   an `allOf` by itself, too, and then no frame fits. So it gets a document whose `allOf` are merged.
// - It also closes objects of which the document says `additionalProperties: true`. They are left open here.
// - It knows the messages of an operation's reply only. A session also answers with `error`, and a subscription with
//   `replay_gap`; requests that are to be refused need not follow the document. What it says of these is expected.

import { readdirSync, readFileSync } from "node:fs";
import { Comparator } from "@pactflow/openapi-pact-comparator";
import { parse } from "yaml";

const root = new URL("../../", import.meta.url);
const document = parse(readFileSync(new URL("asyncapi/chat.yml", root), "utf8"));
const replies = new Set(["error", "replay_gap"]);

function resolved(schema) {
  if (!schema?.$ref) {
    return schema;
  }
  const target = schema.$ref
    .slice(2)
    .split("/")
    .reduce((value, token) => value[token], document);
  return resolved(target);
}

/** The schema with its references looked up and what `allOf` says in one place. */
function merged(schema) {
  if (Array.isArray(schema)) {
    return schema.map(merged);
  }
  if (schema === null || typeof schema !== "object") {
    return schema;
  }
  const { allOf = [], ...own } = resolved(schema);
  const result = {};
  for (const part of [...allOf.map(merged), own]) {
    for (const [keyword, value] of Object.entries(part)) {
      if (keyword === "properties") {
        result.properties ??= {};
        for (const [name, property] of Object.entries(value)) {
          const known = result.properties[name];
          result.properties[name] = known ? merged({ allOf: [known, property] }) : merged(property);
        }
      } else if (keyword === "required") {
        result.required = [...new Set([...(result.required ?? []), ...value])];
      } else if (keyword === "additionalProperties" && value === true) {
        result.additionalProperties = {};
      } else if (keyword === "items" || keyword === "additionalProperties") {
        result[keyword] = merged(value);
      } else if (keyword === "oneOf" || keyword === "anyOf") {
        result[keyword] = value.map(merged);
      } else {
        result[keyword] = value;
      }
    }
  }
  // Closed by itself, an object without properties would accept nothing of its alternatives.
  if (result.oneOf && !result.properties) {
    delete result.type;
  }
  return result;
}

for (const message of Object.values(document.components.messages)) {
  message.payload = merged(message.payload);
}

/** Whether something that the comparator does not accept is expected. */
function isExpected(interaction, result) {
  const places = (result.causes ?? [result]).map((cause) => cause.mockDetails?.location ?? "");
  const responses = new Set(places.map((place) => /\.response\[(\d+)\]/.exec(place)?.[1]));
  const answers = (interaction.response ?? []).map((response) => response.contents.content.type);
  if (places.every((place) => place.includes(".request."))) {
    return answers.includes("error");
  }
  return [...responses].every((index) => index !== undefined && replies.has(answers[index]));
}

const folder = new URL("contracts/", root);
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
if (files.length === 0) {
  throw new Error("there are no contracts");
}
let failed = false;
for (const name of files.sort()) {
  const pact = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
  const counts = { matched: 0, expected: 0, wrong: 0 };
  for await (const result of new Comparator({ asyncapi: document }).compare(pact)) {
    if (result.type === "info") {
      counts.matched += 1;
      continue;
    }
    const index = Number(/interactions\[(\d+)\]/.exec(result.mockDetails?.location ?? "")?.[1]);
    const interaction = pact.interactions[index];
    if (interaction && isExpected(interaction, result)) {
      counts.expected += 1;
      continue;
    }
    counts.wrong += 1;
    console.log(`${name}: ${interaction?.description}: ${result.message}`);
    for (const cause of result.causes ?? []) {
      console.log(`    ${cause.mockDetails?.location}: ${cause.message}`);
    }
  }
  failed ||= counts.wrong > 0 || counts.matched === 0;
  const { matched, expected, wrong } = counts;
  console.log(
    `${name}: ${matched} frames are messages of the document, ${expected} are known not to be, ${wrong} should be`,
  );
}
process.exit(failed ? 1 : 0);
