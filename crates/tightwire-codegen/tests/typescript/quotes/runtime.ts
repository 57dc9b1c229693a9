// The same for every protocol.
export * from "../../../src/typescript/runtime.js";
