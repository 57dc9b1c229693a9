/**
 * Frames to send: the message's own part in what every frame carries.
 */
import { type Contract, frameSchema, isMap, type Json, type Message, type Schema } from "./contract.js";
import { members } from "./references.js";
import { sample, uuid } from "./sample.js";
import { merged } from "./shape.js";

/** The schema of what a message says: `data` of its frames, or all of them. */
export function contentSchema(contract: Contract, message: Message): Schema {
  const frame = frameSchema(contract, "to_server", message);
  return contract.envelope ? (properties(contract, message).find(([name]) => name === "data")?.[1] ?? true) : frame;
}

/** What the form of a message begins with: the document's first example, else what it asks for. */
export function firstContent(contract: Contract, message: Message): Json {
  const [example] = message.examples;
  const content = contract.envelope && isMap(example) ? example.data : example;
  return content ?? sample(contract.bundle, contentSchema(contract, message));
}

/** A frame with this content, with an `id` and a time of its own. */
export function frameOf(contract: Contract, message: Message, topic: string, content: Json): Json {
  if (!contract.envelope) {
    return content;
  }
  const { required } = merged(contract.bundle, frameSchema(contract, "to_server", message));
  const filled: { readonly [name: string]: Json } = { id: uuid(), topic, ts: Date.now(), data: content };
  const entries = properties(contract, message).flatMap(([name, schema]) => {
    const isWanted = Array.isArray(required) && required.includes(name);
    const value = filled[name] ?? (isWanted ? sample(contract.bundle, schema) : undefined);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

/** The answer to a ping, with the `id` of the last frame that came. */
export function pong(contract: Contract, lastId: string | undefined): Json | undefined {
  const message = contract.messages.to_server.find(({ session }) => session === "pong");
  if (message === undefined) {
    return undefined;
  }
  const schema = contentSchema(contract, message);
  const content = sample(contract.bundle, schema);
  const takesId = members(merged(contract.bundle, schema).properties).some(([name]) => name === "last_id");
  const channel = contract.channels[message.channels[0] ?? ""];
  const topic = channel?.address.filter((part) => typeof part === "string").join("") ?? "";
  const more = takesId && lastId !== undefined ? { last_id: lastId } : {};
  return frameOf(contract, message, topic, isMap(content) ? { ...content, ...more } : content);
}

function properties(contract: Contract, message: Message): readonly (readonly [string, Schema])[] {
  return members(merged(contract.bundle, frameSchema(contract, "to_server", message)).properties);
}
