export * from "./contract.js";
export * from "./frames.js";
export * from "./guards.js";
export * from "./models.js";
export * from "./requests.js";
export type { Parsed, Violation } from "./runtime.js";
export * from "./topics.js";
