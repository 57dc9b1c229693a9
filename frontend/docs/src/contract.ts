/**
 * `contract.json`, as the generator writes it.
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonMap;

export interface JsonMap {
  readonly [key: string]: Json;
}

/** A JSON Schema. */
export type Schema = boolean | JsonMap;

export type Direction = "to_server" | "to_client";

export interface Message {
  readonly id: string;
  /** What `x-messages` of the bundle calls it. */
  readonly key: string;
  /** What people call it: its `type` on the wire, where it has one. */
  readonly name: string;
  readonly title: string | null;
  readonly channels: readonly string[];
  /** The part it plays in the heartbeat. */
  readonly session: "ping" | "pong" | null;
  readonly examples: readonly Json[];
}

export interface Parameter {
  readonly description: string | null;
  readonly values: readonly string[];
  /** Its default, or an example. */
  readonly default: string | null;
}

/** An address: texts, and parameters between them. */
export interface Address {
  readonly address: readonly (string | { readonly parameter: string })[];
  readonly parameters: { readonly [name: string]: Parameter };
}

/** Where clients connect, in a protocol without an envelope. */
export interface Route extends Address {
  readonly path: string;
  readonly to_server: readonly string[];
  readonly to_client: readonly string[];
}

export interface CloseCode {
  readonly code: number;
  readonly name: string;
  readonly meaning: string;
  readonly reconnect: boolean;
}

/** How the messages of one direction are told apart, without an envelope. */
export interface Dispatch {
  readonly by: readonly string[];
  readonly values: readonly { readonly value: Json; readonly messages: readonly string[] }[];
  readonly structural: readonly string[];
}

export interface Bundle {
  readonly $schema: string;
  readonly "x-messages": { readonly [direction in Direction]: { readonly [key: string]: JsonMap } };
  readonly "x-handshake"?: { readonly [path: string]: { readonly query?: Schema } };
  readonly "x-dispatch"?: { readonly [direction in Direction]: Dispatch };
}

export interface Contract {
  readonly envelope: boolean;
  /** Where the first server of the document is that has a path. */
  readonly path: string | null;
  readonly routes: readonly Route[];
  readonly channels: { readonly [id: string]: Address };
  readonly messages: { readonly [direction in Direction]: readonly Message[] };
  readonly close_codes: readonly CloseCode[];
  readonly bundle: Bundle;
}

/** Whether a value is an object. */
export function isMap(value: unknown): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schema of a message's whole frame. */
export function frameSchema(contract: Contract, direction: Direction, message: Message): Schema {
  return contract.bundle["x-messages"][direction][message.key] ?? true;
}

/** An address with values for its parameters. */
export function filled(address: Address, values: { readonly [name: string]: string }): string {
  return address.address.map((part) => (typeof part === "string" ? part : (values[part.parameter] ?? ""))).join("");
}
