// The same for every protocol.
export * from "../../../src/typescript/formats.js";
