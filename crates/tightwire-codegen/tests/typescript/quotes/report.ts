// The same for every protocol.
export * from "../../../src/typescript/report.js";
