// The same for every protocol.
export * from "../../../src/typescript/guards/runtime.js";
