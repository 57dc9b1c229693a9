/**
 * Contracts to test with: that of the chat, and small ones.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Contract, Json, JsonMap, Message } from "../src/contract.js";

/** Made by `make regen-ws-code`. */
const docs = join(import.meta.dirname, "../../../generated/docs");

export const chat = JSON.parse(readFileSync(join(docs, "contract.json"), "utf8")) as Contract;

/** The body of the chat's page. */
export const page = /<body>([\s\S]*)<\/body>/.exec(readFileSync(join(docs, "index.html"), "utf8"))?.[1] ?? "";

/** A message that clients of the chat send. */
export function message(id: string): Message {
  const found = chat.messages.to_server.find((one) => one.id === id);
  if (found === undefined) {
    throw new Error(`there is no ${id}`);
  }
  return found;
}

/** A contract without an envelope, whose clients send one message with this schema. */
export function flat(schema: JsonMap, dispatch?: { readonly [direction: string]: Json }): Contract {
  const one: Message = { id: "one", key: "one", name: "one", title: null, channels: [], session: null, examples: [] };
  return {
    envelope: false,
    path: null,
    routes: [],
    channels: {},
    messages: { to_server: [one], to_client: [{ ...one, id: "two", key: "two" }] },
    close_codes: [],
    bundle: {
      $schema: "http://json-schema.org/draft-07/schema#",
      "x-messages": { to_server: { one: schema }, to_client: { two: { type: "object", required: ["b"] } } },
      ...(dispatch === undefined ? {} : { "x-dispatch": dispatch as never }),
    },
  };
}
