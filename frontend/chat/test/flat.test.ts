/**
 * A protocol without an envelope, on the golden output of `crates/tightwire-codegen/tests/typescript/flat.yml`: frames are
 * told apart by what they are.
 */
import { describe, expect, it } from "vitest";
import * as dispatch from "../../../crates/tightwire-codegen/tests/typescript/dispatch/checks.js";
import * as dispatched from "../../../crates/tightwire-codegen/tests/typescript/dispatch/guards.js";
import {
  checkClientFrame,
  checkMessage,
  parseServerFrame,
} from "../../../crates/tightwire-codegen/tests/typescript/flat/checks.js";
import {
  clientMessageOf,
  isClientFrame,
  isServerFrame,
  serverMessageOf,
} from "../../../crates/tightwire-codegen/tests/typescript/flat/guards.js";

const temperature = { kind: "温度", "°C": 21.5, "": null };

/** So many forks in each other. */
function forks(depth: number): unknown {
  return depth === 0 ? null : { left: forks(depth - 1) };
}

describe("classification", () => {
  it.each<[value: unknown, client: string | undefined, server: string | undefined]>([
    [1.5, "größe", "both"],
    [JSON.parse('{ "b": [1, { "c": null }], "__proto__": 1 }'), "__proto__", "both"],
    [{ toString: "x", constructor: "https://example.com" }, "toString", "both"],
    ["self", "class", undefined],
    ["nobody", undefined, undefined],
    [["x", {}, 1], "Class", "both"],
    [["x", {}, 1.5], "both", "both"],
    [-1, "both", "both"],
    [temperature, "both", "温度"],
    [{ tree: { left: null } }, "both", "tree"],
  ])("%j", (value, client, server) => {
    expect(clientMessageOf(value)).toBe(client);
    expect(serverMessageOf(value)).toBe(server);
    expect(isClientFrame(value)).toBe(client !== undefined);
    expect(isServerFrame(value)).toBe(server !== undefined);
  });
});

describe("checks", () => {
  it("says that no message fits", () => {
    expect(checkClientFrame("nobody")).toEqual([{ pointer: "", keyword: "oneOf" }]);
    expect(checkClientFrame("self")).toEqual([]);
    expect(parseServerFrame('"nobody"').ok).toBe(false);
    expect(parseServerFrame(JSON.stringify(temperature))).toEqual({ ok: true, frame: temperature });
  });

  it("says what departs from a message", () => {
    expect(checkMessage("温度", temperature)).toEqual([]);
    expect(checkMessage("温度", { ...temperature, "°C": "hot" })).toEqual([{ pointer: "/°C", keyword: "type" }]);
    expect(checkMessage("__proto__", {})).toEqual([{ pointer: "", keyword: "const" }]);
    expect(checkMessage("toString", {})).toEqual([
      { pointer: "/toString", keyword: "required" },
      { pointer: "/constructor", keyword: "required" },
    ]);
  });

  it("counts the levels of a value, not the schemas that look at them", () => {
    expect(checkMessage("tree", { tree: forks(126) })).toEqual([]);
    expect(serverMessageOf({ tree: forks(126) })).toBe("tree");
    expect(checkMessage("tree", { tree: forks(128) })).not.toEqual([]);
    expect(serverMessageOf({ tree: forks(128) })).toBe("both");
  });
});

describe("dispatch by a property", () => {
  it.each<[value: unknown, message: string | undefined, ...violations: string[]]>([
    [{ op: "join" }, "join"],
    [{ op: "join", room: 1 }, undefined, "/room type"],
    [{ op: "say", text: "x" }, "say"],
    [{ op: "say", volume: 1 }, "shout"],
    [{ op: "say" }, undefined, " oneOf"],
    [{ op: "sing" }, undefined, "/op enum"],
    [{}, undefined, "/op required"],
    [["join"], undefined, " type"],
  ])("to the server: %j", (value, message, ...violations) => {
    expect(dispatched.clientMessageOf(value)).toBe(message);
    expect(dispatch.checkClientFrame(value).map(({ pointer, keyword }) => `${pointer} ${keyword}`)).toEqual(violations);
  });

  it.each<[value: unknown, message: string | undefined, ...violations: string[]]>([
    [{ head: { "event-type": "left" } }, "left"],
    [{ head: { "event-type": "left" }, reason: 1 }, undefined, "/reason type"],
    [{ head: { "event-type": null } }, undefined, "/head/event-type enum"],
    [{ head: {} }, undefined, "/head/event-type required"],
    [{ head: "left" }, undefined, "/head type"],
    [null, undefined, " type"],
  ])("to the client: %j", (value, message, ...violations) => {
    expect(dispatched.serverMessageOf(value)).toBe(message);
    expect(dispatch.checkServerFrame(value).map(({ pointer, keyword }) => `${pointer} ${keyword}`)).toEqual(violations);
  });
});
