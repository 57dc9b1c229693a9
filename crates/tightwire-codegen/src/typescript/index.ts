export * from "./checks.js";
export * from "./contract.js";
export * from "./frames.js";
export * from "./guards.js";
export * from "./models.js";
export type { Parsed, Violation } from "./report.js";
export * from "./requests.js";
export * from "./routes.js";
export * from "./topics.js";
