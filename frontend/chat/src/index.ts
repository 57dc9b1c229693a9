/**
 * The chat protocol for TypeScript: models, frames, guards, topics and constants, generated from `asyncapi/chat.yml`, and
 * `protocol`, all that `@tightwire/client` needs to speak it.
 */
export * from "../../../generated/typescript/index.js";
