/**
 * Every keyword that a guard checks, on the golden output of `crates/tightwire-codegen/tests/typescript/keywords.yml`.
 */
import { describe, expect, it } from "vitest";
import {
  checkClientFrame,
  parseClientFrame,
} from "../../../crates/tightwire-codegen/tests/typescript/keywords/checks.js";
import { isClientFrame } from "../../../crates/tightwire-codegen/tests/typescript/keywords/guards.js";

const envelope = { v: 1, id: "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11", type: "probe", topic: "probe", ts: 0 };

const emoji = "🙂";

/** A property, values that it takes, and values that it refuses, each with where and by which keyword. */
type Row = [
  property: string,
  accepted: readonly unknown[],
  refused: readonly (readonly [value: unknown, ...violations: string[]])[],
];

/** The properties of `Probe`. */
const table: readonly Row[] = [
  [
    "types",
    ["", null, 1, 1.0, -5],
    [
      [1.5, " type"],
      [true, " type"],
      [[], " type"],
      [{}, " type"],
    ],
  ],
  ["anyone", [null, 1, [], {}], []],
  ["no_one", [], [[null, " falseSchema"]]],
  [
    "const_object",
    [{ a: [1, null] }],
    [
      [{ a: [1] }, " const"],
      [{ a: [1, null], b: 1 }, " const"],
      [{ b: [1, null] }, " const"],
    ],
  ],
  [
    "enum_mixed",
    [1, "one", null, { a: 1 }],
    [
      [2, " enum"],
      [true, " enum"],
      [[{ a: 1 }], " enum"],
    ],
  ],
  [
    "enum_strings",
    ["one", "two"],
    [
      ["three", " enum"],
      [1, " type"],
    ],
  ],
  [
    "length",
    ["ab", "abc", emoji.repeat(2), emoji.repeat(3)],
    [
      ["a", " minLength"],
      [emoji, " minLength"],
      ["abcd", " maxLength"],
      [emoji.repeat(4), " maxLength"],
    ],
  ],
  ["length_of_strings", ["a", emoji, 12, ["ab"]], [["ab", " maxLength"]]],
  [
    "pattern",
    ["a-/b", "a-.b"],
    [
      ["a-/b ", " pattern"],
      ["a-/b\n", " pattern"],
      ["a-b", " pattern"],
    ],
  ],
  [
    "uuid",
    [
      "00000000-0000-0000-0000-000000000000",
      "0F5AE2F4-6a3e-4c55-9d1c-2f6f0a4d8b11",
      "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ],
    [
      ["0f5ae2f46a3e4c559d1c2f6f0a4d8b11", " format"],
      ["urn:uuid:0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11", " format"],
      ["{0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11}", " format"],
      ["0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b1g", " format"],
    ],
  ],
  [
    "date_time",
    [
      "2026-01-01T00:00:00Z",
      "2026-01-01t23:59:59.999999999z",
      "2024-02-29T00:00:00+23:59",
      "2000-02-29T00:00:00-00:00",
      "2016-12-31T23:59:60Z",
      "2017-01-01T05:29:60+05:30",
      "2016-12-31T15:59:60-08:00",
      "0000-01-01T00:00:00Z",
    ],
    [
      ["2026-01-01T00:00:00", " format"],
      ["2026-01-01 00:00:00Z", " format"],
      ["2026-02-29T00:00:00Z", " format"],
      ["1900-02-29T00:00:00Z", " format"],
      ["2026-04-31T00:00:00Z", " format"],
      ["2026-00-01T00:00:00Z", " format"],
      ["2026-13-01T00:00:00Z", " format"],
      ["2026-01-00T00:00:00Z", " format"],
      ["2026-01-01T24:00:00Z", " format"],
      ["2026-01-01T00:60:00Z", " format"],
      ["2026-01-01T00:00:61Z", " format"],
      ["2026-01-01T00:00:60Z", " format"],
      ["2016-12-31T23:59:60+01:00", " format"],
      ["2026-01-01T00:00:00.Z", " format"],
      ["2026-01-01T00:00:00+24:00", " format"],
      ["2026-01-01T00:00:00+0100", " format"],
      ["２026-01-01T00:00:00Z", " format"],
      ["2026-01-01T00:00:00Z\n", " format"],
      ["", " format"],
    ],
  ],
  [
    "date",
    ["2024-02-29"],
    [
      ["2023-02-29", " format"],
      ["2024-2-9", " format"],
    ],
  ],
  [
    "time",
    ["00:00:00Z", "23:59:60Z"],
    [
      ["00:00:00", " format"],
      ["00:00Z", " format"],
    ],
  ],
  [
    "ipv4",
    ["0.0.0.0", "255.255.255.255", "10.20.99.249"],
    [
      ["256.0.0.0", " format"],
      ["01.2.3.4", " format"],
      ["1.2.3", " format"],
      ["1.2.3.4.", " format"],
    ],
  ],
  [
    "json_pointer",
    ["", "/", "/a~0b/~1", "/a b"],
    [
      ["a", " format"],
      ["/~", " format"],
      ["/~2", " format"],
    ],
  ],
  ["unknown_format", ["anything"], [[1, " type"]]],
  [
    "bounds",
    [0.1, 1, 1.4999],
    [
      [0, " exclusiveMinimum"],
      [-1, " exclusiveMinimum"],
      [1.5, " exclusiveMaximum"],
      ["1", " type"],
    ],
  ],
  ["large", [18446744073709552000, -1], [[1e20, " maximum"]]],
  [
    "multiple",
    [0, 0.3, 1.1, -0.7, 1e20, 12],
    [
      [0.35, " multipleOf"],
      [1e-7, " multipleOf"],
    ],
  ],
  [
    "multiple_integer",
    [0, 9, -3, 3.0],
    [
      [4, " multipleOf"],
      [3.5, " type"],
    ],
  ],
  [
    "items",
    [[true], [true, false]],
    [
      [[], " minItems"],
      [[true, true, true], " maxItems"],
      [[true, 1], "/1 type"],
      [{}, " type"],
    ],
  ],
  [
    "unique",
    [
      [],
      [1, "1", true, null, [1], { a: 1 }],
      [
        [1, 2],
        [2, 1],
      ],
    ],
    [
      [[1, 1.0], " uniqueItems"],
      [
        [
          { a: [1], b: 2 },
          { b: 2, a: [1] },
        ],
        " uniqueItems",
      ],
    ],
  ],
  [
    "tuple",
    [[], ["a"], ["a", 1]],
    [
      [[1], "/0 type"],
      [["a", "b"], "/1 type"],
      [["a", 1, 2], " additionalItems"],
    ],
  ],
  [
    "tuple_rest",
    [["a"], ["a", 1, 2]],
    [
      [[], " minItems"],
      [["a", 1, "b"], "/2 type"],
    ],
  ],
  [
    "contains",
    [[7], [1, 7]],
    [
      [[], " contains"],
      [[1], " contains"],
    ],
  ],
  [
    "closed",
    [{ a: 1, undeclared: null }],
    [
      [{ a: 1 }, "/undeclared required"],
      [{ undeclared: 1 }, "/a required"],
      [{ a: "", undeclared: 1, "x/y~": 1 }, "/a type", "/x~1y~0 additionalProperties"],
    ],
  ],
  [
    "others",
    [{}, { a: 1, "x-y": "z", other: true }],
    [
      [{ a: true }, "/a type"],
      [{ "x-y": true }, "/x-y type"],
      [{ other: 1 }, "/other type"],
    ],
  ],
  ["pattern_only", [{ "x-y": 1 }], [[{ y: 1 }, "/y additionalProperties"]]],
  ["names", [{ abc: 1 }], [[{ abcd: 1 }, " propertyNames"]]],
  [
    "size",
    [{ a: 1 }, { a: 1, b: 1 }],
    [
      [{}, " minProperties"],
      [{ a: 1, b: 1, c: 1 }, " maxProperties"],
    ],
  ],
  [
    "dependent",
    [{}, { b: 1 }, { a: 1, b: 1 }, { c: 1, d: 1 }],
    [
      [{ a: 1 }, "/b required"],
      [{ c: 1 }, "/d required"],
    ],
  ],
  [
    "inherited",
    [{ constructor: "own" }],
    [
      [{}, "/constructor required"],
      [{ constructor: "own", toString: 1 }, "/toString type"],
    ],
  ],
  [
    "all",
    [1, 3],
    [
      [0, " minimum"],
      [4, " maximum"],
      ["1", " type"],
    ],
  ],
  [
    "any",
    ["", 10],
    [
      [9, " anyOf", " minimum"],
      [null, " anyOf"],
    ],
  ],
  [
    "one",
    [2, 3, 4, 9],
    [
      [6, " oneOf"],
      [5, " oneOf"],
    ],
  ],
  [
    "meant",
    [1, { kind: "a" }, { kind: "b", n: "" }],
    [
      [1.5, " oneOf"],
      [{ kind: "c", n: "" }, " oneOf"],
      // Either could be meant.
      [{ n: 2.5 }, " oneOf"],
      [{ kind: "a", n: "" }, " oneOf", "/n type"],
      [{ kind: "b", n: 2 }, " oneOf", "/n anyOf", "/n maximum"],
    ],
  ],
  ["not", [1, null], [["", " not"]]],
  [
    "conditional",
    [{ kind: "a", a: 1 }, { kind: "b", b: 1 }, { b: 1 }, 1],
    [
      [{ kind: "a", b: 1 }, "/a required"],
      [{ a: 1 }, "/b required"],
    ],
  ],
  [
    "tree",
    [{}, { children: [{ children: [] }, {}] }],
    [[{ children: [{}, { children: [{ other: 1 }] }] }, "/children/1/children/0/other additionalProperties"]],
  ],
  ["left", [{ right: { left: {} } }], [[{ right: { left: 1 } }, "/right/left type"]]],
];

/** The properties of the message `later`: keywords that draft-07 does not know. */
const later: readonly Row[] = [
  [
    "counted",
    [
      [7, 7],
      [7, 1, 7, 7],
    ],
    [
      [[7], " minContains"],
      [[7, 7, 7, 7], " maxContains"],
    ],
  ],
  [
    "few",
    [[7], [1, 7]],
    [
      [[1], " contains"],
      [[7, 7], " maxContains"],
    ],
  ],
  ["any_number", [[], [1]], []],
  [
    "unevaluated",
    [
      { a: 1 },
      { a: 1, b: 2, kind: "", "x-1": 3 },
      { name: "", kind: "more", more: true },
      { a: 1, name: "" },
      { name: "", a: 1, b: 2 },
    ],
    [
      [{ a: 1, c: 2 }, "/c unevaluatedProperties"],
      [{ name: "", b: 2 }, "/b unevaluatedProperties"],
      [{ name: "", kind: "less", more: true }, "/more unevaluatedProperties"],
      [{ a: 1, name: 1 }, "/name unevaluatedProperties"],
    ],
  ],
  ["unevaluated_rest", [{ a: "" }, { b: "", c: 1 }], [[{ a: "", c: "" }, "/c unevaluatedProperties"]]],
  [
    "unevaluated_items",
    [[], ["one"], ["one", "two"], ["one", 7], ["one", 7, 7]],
    [
      [["one", "three"], " unevaluatedItems"],
      [["one", "two", 3], " unevaluatedItems"],
    ],
  ],
  ["unevaluated_items_rest", [[7], ["", 7, 7]], [[[7, 1], " unevaluatedItems"]]],
];

/** What the check finds, after the guard has given the same verdict. */
function explain(frame: unknown): readonly string[] {
  const found = checkClientFrame(frame).map(({ pointer, keyword }) => `${pointer} ${keyword}`);
  expect([found, isClientFrame(frame)]).toEqual([found, found.length === 0]);
  return found;
}

function check(data: unknown, type: string = "probe"): readonly string[] {
  return explain({ ...envelope, type, data });
}

describe.each([["probe", table] as const, ["later", later] as const])("%s", (type, rows) => {
  describe.each(rows)("%s", (property, accepted, refused) => {
    it.each(accepted.map((value) => [value]))("takes %j", (value) => {
      expect(check({ [property]: value }, type)).toEqual([]);
    });

    it.each(refused)("refuses %j", (value, ...violations) => {
      expect(check({ [property]: value }, type)).toEqual(violations.map((one) => `/data/${property}${one}`));
    });
  });
});

describe("the envelope", () => {
  it.each([
    [null, " type"],
    [[], " type"],
    [{}, "/type required"],
    [{ type: 1 }, "/type type"],
    [{ type: "toString" }, "/type enum"],
    [{ ...envelope, data: {}, v: 2 }, "/v const"],
    [{ ...envelope, data: {}, seq: 1 }, "/seq additionalProperties"],
    [{ ...envelope }, "/data required"],
  ])("%j is refused", (frame, violation) => {
    expect(explain(frame)).toEqual([violation]);
  });
});

describe("texts", () => {
  const frame = (data: string): string => `${JSON.stringify(envelope).slice(0, -1)},"data":${data}}`;

  it.each([
    ["", "json"],
    ["{", "json"],
    [frame('{"anyone":"\\ud83d"}'), "json"],
    [frame('{"anyone":[{"\\udE42":1}]}'), "json"],
    [frame('{"bounds":1e400}'), "type"],
  ])("%s is refused", (text, keyword) => {
    const parsed = parseClientFrame(text);
    expect(parsed.ok ? [] : parsed.violations.map((one) => one.keyword)).toEqual([keyword]);
  });

  it.each([frame('{"anyone":"\\ud83d\\ude42"}'), frame('{"anyone":"\\\\ud83d"}')])("%s is taken", (text) => {
    expect(parseClientFrame(text)).toMatchObject({ ok: true, frame: { type: "probe" } });
  });
});

describe("hostile values", () => {
  it("does not follow a recursive schema for ever", () => {
    let tree: object = {};
    for (let depth = 0; depth < 100_000; depth += 1) {
      tree = { children: [tree] };
    }
    expect(check({ tree }).map((one) => one.split(" ")[1])).toEqual(["depth"]);
    // The guard is as ready for the next value as before.
    expect(check({ tree: { children: [{}] } })).toEqual([]);
  });

  it("compares deep values without recursion", () => {
    const deep = (): unknown => JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
    expect(check({ unique: [deep(), deep()] })).toEqual(["/data/unique uniqueItems"]);
  });

  it("does not list violations without end", () => {
    expect(check({ items: Array.from({ length: 10_000 }, () => 1) }).length).toBe(64);
  });

  it("takes a property called __proto__ for what it is", () => {
    expect(check(JSON.parse('{"closed":{"a":1,"undeclared":1,"__proto__":1}}'))).toEqual([
      "/data/closed/__proto__ additionalProperties",
    ]);
  });
});
