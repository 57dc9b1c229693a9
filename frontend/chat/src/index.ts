/**
 * The chat protocol for TypeScript: models, frames, guards, topics and constants, generated from `asyncapi/chat.yml`, and
 * what `@tightwire/client` needs to speak it.
 */
export * from "../../../generated/typescript/index.js";
export { type ChatTypes, protocol } from "./protocol.js";
