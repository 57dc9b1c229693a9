// The baseline of missed mutants: what makes it fail, and what it takes over.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compare, improved, more, mutants, read, written } from "../mutants-baseline.mjs";

const baseline = () =>
  new Map([
    ["a.rs", ["replace f -> u8 with 0", "replace + with - in g", "replace + with - in g"]],
    ["b.rs", []],
  ]);
const run = (...lines) => mutants(lines.join("\n"));

describe("baseline of missed mutants", () => {
  it("names mutants by function and mutation, wherever they stand", () => {
    const found = run(
      "a.rs:1:2: replace f -> u8 with 0",
      "a.rs:30:7: replace + with - in g",
      "a.rs:31:7: replace + with - in g",
    );
    assert.deepEqual(found.get("a.rs"), baseline().get("a.rs"));
    assert.throws(() => mutants("something else"), /not a mutant/);
  });

  it("is read as it is written", () => {
    assert.deepEqual(
      read(written(baseline())),
      new Map([...baseline()].map(([file, list]) => [file, [...list].sort()])),
    );
  });

  it("counts the same mutation in several places", () => {
    assert.deepEqual(more(["x", "x", "y"], ["x"]), ["x", "y"]);
    assert.deepEqual(more(["x"], ["x", "x"]), []);
  });

  it("fails for a mutant that it does not have, once more of one that it has, and in a file without any", () => {
    const missed = run(
      ...["10", "11", "12"].map((line) => `a.rs:${line}:1: replace + with - in g`),
      "b.rs:1:1: replace h with ()",
    );
    const { worse } = compare(baseline(), missed, missed);
    assert.deepEqual(worse, ["a.rs: replace + with - in g", "b.rs: replace h with ()"]);
  });

  it("reports files that it does not cover, and does not fail", () => {
    const missed = run("c.rs:1:1: replace h with ()");
    assert.deepEqual(compare(baseline(), missed, missed), {
      worse: [],
      better: [],
      uncovered: ["c.rs: replace h with ()"],
    });
  });

  it("says what is noticed now, of what was tried", () => {
    const tested = run("a.rs:1:2: replace f -> u8 with 0", "a.rs:3:7: replace + with - in g");
    const { better, worse } = compare(baseline(), tested, new Map());
    // Of the two places in g, only one was tried: it may be the other one that is missed.
    assert.deepEqual([better, worse], [["a.rs: replace f -> u8 with 0"], []]);
  });

  it("takes over what has become better, and whole files that are new", () => {
    const tested = run("a.rs:1:2: replace f -> u8 with 0", "c.rs:1:1: replace h with ()");
    const missed = run("c.rs:1:1: replace h with ()");
    const after = improved(baseline(), tested, missed, true);
    assert.deepEqual(after.get("a.rs"), ["replace + with - in g", "replace + with - in g"]);
    assert.deepEqual(after.get("c.rs"), ["replace h with ()"]);
    assert.equal(improved(baseline(), tested, missed, false).has("c.rs"), false);
  });
});
