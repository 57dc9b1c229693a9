/**
 * Which message a frame is, and what is wrong with it.
 */
import { member } from "../../../crates/tightwire-codegen/src/typescript/runtime.js";
import { type Contract, type Direction, frameSchema, isMap, type Json, type Message } from "./contract.js";
import { type Verdict, validate } from "./validate.js";

export interface Judgement extends Verdict {
  /** The message that it is, or is nearest to. */
  readonly message: Message | undefined;
}

/** Judges a frame as a receiver does. */
export function judge(contract: Contract, direction: Direction, frame: Json): Judgement {
  if (contract.envelope && !isMap(frame)) {
    return {
      message: undefined,
      violations: [{ pointer: "", keyword: "type", message: "must be object" }],
      unchecked: [],
    };
  }
  const candidates = contract.envelope ? byType(contract, direction, frame) : byValue(contract, direction, frame);
  const judged = candidates.map((message) => judgeAs(contract, direction, message, frame));
  return judged.find(({ violations }) => violations.length === 0) ?? judged[0] ?? unknown(contract, direction, frame);
}

/** Judges a frame as one message. */
export function judgeAs(contract: Contract, direction: Direction, message: Message, frame: Json): Judgement {
  return { message, ...validate(contract.bundle, frameSchema(contract, direction, message), frame) };
}

function byType(contract: Contract, direction: Direction, frame: Json): readonly Message[] {
  const type = member(frame, "type");
  return contract.messages[direction].filter((message) => message.key === type);
}

function byValue(contract: Contract, direction: Direction, frame: Json): readonly Message[] {
  const dispatch = contract.bundle["x-dispatch"]?.[direction];
  if (dispatch === undefined) {
    return contract.messages[direction];
  }
  const value = dispatch.by.length > 0 ? member(frame, ...dispatch.by) : undefined;
  const keyed = dispatch.values.find((one) => one.value === value)?.messages ?? [];
  const ids = new Set([...keyed, ...dispatch.structural]);
  return [...ids].flatMap((id) => contract.messages[direction].find((message) => message.id === id) ?? []);
}

/** A frame that is no message at all. */
function unknown(contract: Contract, direction: Direction, frame: Json): Judgement {
  const path = contract.envelope ? ["type"] : (contract.bundle["x-dispatch"]?.[direction].by ?? []);
  const found = member(frame, ...path);
  const message = `names no message that ${direction === "to_server" ? "clients send" : "the server sends"}`;
  const pointer = found === undefined && contract.envelope ? "/type" : path.map((key) => `/${key}`).join("");
  return { message: undefined, violations: [{ pointer, keyword: "enum", message }], unchecked: [] };
}
