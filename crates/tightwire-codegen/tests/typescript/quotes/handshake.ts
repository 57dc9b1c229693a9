// The same for every protocol.
export * from "../../../src/typescript/handshake.js";
