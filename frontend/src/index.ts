/**
 * The chat protocol for TypeScript: models, frames, guards, topics and constants, generated from `asyncapi/chat.yml`.
 */
export * from "../../generated/typescript/index.js";
