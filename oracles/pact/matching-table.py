#!/usr/bin/env python3
"""Writes matching.json: values held against examples and matching rules, and whether they match.

The verdicts are worked out here, from the Pact specification and without any matcher: what each rule asks of a value is a
predicate, and which of two paths counts is the product of its weights. `crates/tightwire-testkit/tests/pact_matching.rs` holds our
matcher against the table, `tests/agree.rs` beside this file holds Pact's own. Where Pact's own says something else, the case
has `reference`, its verdict, and `why`.
"""

import itertools
import json
import pathlib
import re
from datetime import datetime

cases = []


def case(name, rules, expected, actual, matches, keys="open", why=None):
    entry = {"name": name, "rules": rules, "expected": expected, "actual": actual, "keys": keys, "matches": matches}
    if why:
        entry["reference"] = not matches
        entry["why"] = why
    cases.append(entry)


def rule(*matchers, combine=None):
    listed = {"matchers": list(matchers)}
    if combine:
        listed["combine"] = combine
    return listed


TYPE = {"match": "type"}
EQUALITY = {"match": "equality"}
INTEGER = {"match": "integer"}


# Every rule about a single value, with every value.

VALUES = [
    None, True, False, 0, 7, -1, 9007199254740993, 7.0, 1.5, "", "a", "abc", "7", "1.5", "true", "null", "é\n", "2026-02-28",
    "2026-02-30", "23:59:59", "2026-02-28T23:59:59Z", "2026-02-28T23:59:59+01:00", "1.2.3", "1.2", [], [7], {}, {"a": 7},
]


def text(value):
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def kind(value):
    return "number" if is_number(value) else type(value).__name__


def same(one, other):
    return type(one) is type(other) and one == other


def is_time(pattern):
    def holds(value):
        try:
            datetime.strptime(text(value), pattern)
            return True
        except ValueError:
            return False

    return holds


SEMVER = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"

SINGLE = [
    (EQUALITY, lambda value: same(value, 7)),
    (TYPE, is_number),
    (INTEGER, lambda value: is_number(value) and isinstance(value, int)),
    ({"match": "decimal"}, lambda value: isinstance(value, float)),
    ({"match": "number"}, is_number),
    ({"match": "boolean"}, lambda value: isinstance(value, bool) or value in ("true", "false")),
    ({"match": "null"}, lambda value: value is None),
    ({"match": "notEmpty"}, lambda value: value is not None and value not in ("", [], {})),
    ({"match": "include", "value": "7"}, lambda value: "7" in text(value)),
    ({"match": "regex", "regex": "^[a-z]+$"}, lambda value: bool(re.fullmatch("[a-z]+", text(value)))),
    ({"match": "regex", "regex": "\\d"}, lambda value: bool(re.fullmatch("[0-9]", text(value)))),
    ({"match": "regex", "regex": ".*\\d"}, lambda value: bool(re.fullmatch(".*[0-9]", text(value)))),
    ({"match": "date", "format": "yyyy-MM-dd"}, is_time("%Y-%m-%d")),
    ({"match": "date"}, is_time("%Y-%m-%d")),
    ({"match": "time", "format": "HH:mm:ss"}, is_time("%H:%M:%S")),
    ({"match": "time"}, is_time("%H:%M:%S")),
    ({"match": "datetime", "format": "yyyy-MM-dd'T'HH:mm:ssXXX"}, is_time("%Y-%m-%dT%H:%M:%S%z")),
    ({"match": "timestamp"}, is_time("%Y-%m-%dT%H:%M:%S%z")),
    ({"match": "semver"}, lambda value: isinstance(value, str) and bool(re.fullmatch(SEMVER, value))),
]

for matcher, holds in SINGLE:
    for value in VALUES:
        case(f"{json.dumps(matcher)} of {json.dumps(value)}", {"$.v": rule(matcher)}, {"v": 7}, {"v": value}, holds(value))

# Dates and times in other formats.

FORMATS = {
    "yyyy-MM-dd HH:mm": (["2026-02-28 09:05", "2024-02-29 23:59"], ["2026-02-28T09:05", "2026-02-28 24:05", "2026-02-29 10:00", "2026-02-28 09:05 "]),
    "yyyy-MM-dd'T'HH:mm:ss.SSSX": (
        ["2026-01-01T00:00:00.123Z", "2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.123+01", "2026-01-01T00:00:00.123-0130"],
        ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.1234Z", "2026-01-01T00:00:00.123"],
    ),
    "HH:mm:ssXXX": (["12:00:00Z", "12:00:00+01:00", "12:00:00-09:30"], ["12:00:00+0100", "12:00:00", "12:00:00 Z"]),
    "HH:mm:ssxxx": (["12:00:00+01:00", "12:00:00+00:00"], ["12:00:00Z", "12:00:00+01"]),
    "HH:mm:ssZ": (["12:00:00+0100", "12:00:00-0330"], ["12:00:00+01:00", "12:00:00Z", "12:00:00"]),
    "EEE, d MMM yyyy": (["Thu, 1 Jan 2026", "thu, 01 JAN 2026"], ["Thursday, 1 Jan 2026", "Thu, 1 January 2026", "Thu 1 Jan 2026"]),
    "EEEE d MMMM yyyy": (["Thursday 1 January 2026"], ["Thu 1 January 2026", "Thursday 32 January 2026"]),
    "h:mm a": (["1:30 PM", "12:00 am"], ["13:30 PM", "0:30 am", "1:30"]),
    "dd/MM/yy": (["28/02/26", "30/04/26"], ["28/02/2026", "31/04/26", "28-02-26"]),
    "'on' yyyy": (["on 2026"], ["2026", "on  2026"]),
}
for format_, (accepted, refused) in FORMATS.items():
    for value in accepted + refused:
        case(f"{format_} of {value}", {"$.v": rule({"match": "datetime", "format": format_})}, {"v": value}, {"v": value}, value in accepted)

# An example of each type.
for example, value in itertools.product([None, True, 7, 7.5, "a", [7], {"a": 7}], VALUES):
    if example in ([7], {"a": 7}):
        # What is below is of the same type, too, and the keys of the example are there.
        matches = kind(value) == kind(example) and (isinstance(value, list) or "a" in value)
    else:
        matches = kind(value) == kind(example)
    case(f"the type of {json.dumps(example)}, {json.dumps(value)}", {"$.v": rule(TYPE)}, {"v": example}, {"v": value}, matches)

# Without rules: equality, but for keys that the example does not have.
for example, value in itertools.product([None, True, 7, "a", [], [7], {}, {"a": 7}], VALUES):
    matches = isinstance(value, dict) if example == {} else same(value, example)
    case(f"no rule, {json.dumps(example)}, {json.dumps(value)}", {}, {"v": example}, {"v": value}, matches)

# Which of two paths counts. The value is 2 or "2x": a number satisfies `type`, text satisfies the regular expression.

PLACE = ["$", "a", "b", 0, "c"]
PATHS = {
    "$": ["$"],
    "$.*": ["$", "*"],
    "$.a": ["$", "a"],
    "$.x": ["$", "x"],
    "$.a.*": ["$", "a", "*"],
    "$.a.b": ["$", "a", "b"],
    "$.*.b": ["$", "*", "b"],
    "$.a.b[*]": ["$", "a", "b", "[*]"],
    "$.a.b[0]": ["$", "a", "b", 0],
    "$.a.b[1]": ["$", "a", "b", 1],
    "$.a.b[*].c": ["$", "a", "b", "[*]", "c"],
    "$.a.b[0].c": ["$", "a", "b", 0, "c"],
    "$.a.b[0].*": ["$", "a", "b", 0, "*"],
    "$.*.*[*].*": ["$", "*", "*", "[*]", "*"],
    "$['a']['b'][0]['c']": ["$", "a", "b", 0, "c"],
}


def weight(steps):
    product = 1
    for step, at in zip(steps, PLACE):
        if step == at:
            product *= 2
        elif step not in ("*", "[*]"):
            product = 0
    return product * len(steps)


for (one, one_steps), (other, other_steps) in itertools.permutations(PATHS.items(), 2):
    weights = weight(one_steps), weight(other_steps)
    if weights[0] == weights[1]:
        continue  # The specification does not say which.
    by_type = weights[0] > weights[1]
    for value, matches in [(2, by_type), ("2x", not by_type)]:
        case(
            f"type at {one}, regex at {other}, {json.dumps(value)}",
            {one: rule(TYPE), other: rule({"match": "regex", "regex": "\\dx"})},
            {"a": {"b": [{"c": 1}]}},
            {"a": {"b": [{"c": value}]}},
            matches,
        )

# Bounds of length, at the place itself and not below it.

EMPTY = "Pact's own asks nothing of an array whose example is empty"
for example_len, low, high, length in itertools.product([0, 1, 2], [None, 0, 1, 3], [None, 2], range(5)):
    bounds = dict(TYPE, **({} if low is None else {"min": low}), **({} if high is None else {"max": high}))
    matches = (low is None or length >= low) and (high is None or length <= high)
    case(
        f"an example of {example_len}, {json.dumps(bounds)}, {length} items",
        {"$.items": rule(bounds)},
        {"items": [{"id": 1}] * example_len},
        {"items": [{"id": 5}] * length},
        matches,
        why=EMPTY if example_len == 0 and not matches else None,
    )
for item, matches in [({"id": 5}, True), ({"id": "5"}, False), ({}, False), ({"id": 5, "more": 1}, True), (5, False)]:
    case(f"a further item {json.dumps(item)}", {"$": rule(dict(TYPE, min=1))}, [{"id": 1}], [{"id": 2}, item], matches)
for inner, matches in [([], True), ([1, 2, 3], True), (["a"], False)]:
    case(f"bounds do not cascade to {json.dumps(inner)}", {"$": rule(dict(TYPE, min=1, max=2))}, [[1]], [inner], matches)
for items, matches in [([2], True), ([2.5], False), ([2, "a"], False), ([], True)]:
    case(f"integer at an array, {json.dumps(items)}", {"$": rule(INTEGER)}, [1], items, matches)
for value in [{"a": 1}, {"a": 2}]:
    case(f"integer at an object, {json.dumps(value)}", {"$": rule(INTEGER)}, {"a": 1}, value, False)
for items, matches in [([1, 2], True), ([2, 1], False), ([1], False), ([1, 2, 3], False), ([], False)]:
    case(f"equality at an array, {json.dumps(items)}", {"$": rule(EQUALITY)}, [1, 2], items, matches)
    case(f"no rule at an array, {json.dumps(items)}", {}, [1, 2], items, matches)
for value, matches in [({"a": 1}, True), ({"a": 2}, False), ({"a": 1, "b": 2}, False), ({}, False)]:
    case(f"equality at an object, {json.dumps(value)}", {"$": rule(EQUALITY)}, {"a": 1}, value, matches)
for value, matches in [([], True), ([1], False)]:
    case(f"equality at an empty array, {json.dumps(value)}", {"$": rule(EQUALITY)}, [], value, matches, why=None if matches else EMPTY)
for value, matches in [([], False), ([1], True)]:
    case(f"notEmpty at an empty array, {json.dumps(value)}", {"$": rule({"match": "notEmpty"})}, [], value, matches, why=None if matches else EMPTY)
    case(f"notEmpty at an array, {json.dumps(value)}", {"$": rule({"match": "notEmpty"})}, [1], value, matches)

# Rules combined.

WHOLE = {
    "integer": (INTEGER, lambda value: is_number(value) and isinstance(value, int)),
    "null": ({"match": "null"}, lambda value: value is None),
    "regex": ({"match": "regex", "regex": "7.*"}, lambda value: text(value).startswith("7")),
}
for (one, other), combine in itertools.product(itertools.permutations(WHOLE, 2), [None, "AND", "OR"]):
    for value in [None, 7, 8, "7a", "a"]:
        holds = [WHOLE[name][1](value) for name in (one, other)]
        case(
            f"{one} {combine} {other}, {json.dumps(value)}",
            {"$.v": rule(WHOLE[one][0], WHOLE[other][0], combine=combine)},
            {"v": 7},
            {"v": value},
            any(holds) if combine == "OR" else all(holds),
        )
OBJECTS = "Pact's own takes OR for AND where the example is an object"
for value, matches, why in [
    ({"a": 1}, True, OBJECTS),
    ({"a": 2}, True, OBJECTS),
    ({"a": "x"}, False, None),
]:
    case(f"OR at an object, {json.dumps(value)}", {"$": rule({"match": "null"}, TYPE, combine="OR")}, {"a": 1}, value, matches, why=why)
for items, matches in [([1], True), ([2, 3], True), (["x"], False)]:
    case(f"OR at an array, {json.dumps(items)}", {"$": rule({"match": "null"}, TYPE, combine="OR")}, [1], items, matches)

# Keys that the example does not have, and keys that it has.

for keys, (value, opened, closed) in itertools.product(
    ["open", "closed"],
    [
        ({"a": 1, "b": {"c": 2}}, True, True),
        ({"b": {"c": 2}}, False, False),
        ({"a": 1, "b": {}}, False, False),
        ({"a": 1, "b": {"c": 2}, "d": 3}, True, False),
        ({"a": 1, "b": {"c": 2, "d": None}}, True, False),
        ({"a": 1, "b": {"d": 2}}, False, False),
    ],
):
    matches = opened if keys == "open" else closed
    for rules in [{}, {"$": rule(TYPE)}, {"$.b": rule(TYPE)}, {"$.b.c": rule(INTEGER)}, {"$.b": rule({"match": "notEmpty"})}]:
        # Nothing is asked of an object that is empty, but for its keys.
        case(f"{keys} keys, {json.dumps(rules)}, {json.dumps(value)}", rules, {"a": 1, "b": {"c": 2}}, value, matches, keys)
case("closed keys, an empty object", {}, {}, {"a": 1}, False, "closed")
case("closed keys, an empty object with a type", {"$": rule(TYPE)}, {}, {"a": 1}, False, "closed")
case("open keys, an empty object", {}, {}, {"a": 1}, True)

# Objects as maps.

EACH_VALUE = {"match": "eachValue", "rules": [INTEGER]}
EACH_KEY = {"match": "eachKey", "rules": [{"match": "regex", "regex": "^[a-z]+$"}]}
MAP = {"one": 1}
for keys in ["open", "closed"]:
    for value, by_value, by_key in [
        ({"one": 2}, True, True),
        ({"two": 2}, True, True),
        ({"one": 1, "two": 2}, True, True),
        ({"two": "b"}, False, True),
        ({"one": 1, "two": 2.5}, False, True),
        ({"TWO": 2}, True, False),
        ({"one": 1, "TWO": 2}, True, False),
        ({}, True, True),
    ]:
        shown = f"{keys} keys, {json.dumps(value)}"
        case(f"eachValue, {shown}", {"$": rule(EACH_VALUE)}, MAP, value, by_value, keys)
        case(f"eachKey, {shown}", {"$": rule(EACH_KEY)}, MAP, value, by_key, keys)
        case(f"both, {shown}", {"$": rule(EACH_KEY, EACH_VALUE)}, MAP, value, by_key and by_value, keys)
        case(f"eachKey and an own rule, {shown}", {"$": rule(EACH_KEY), "$.*": rule(INTEGER)}, MAP, value,
             by_key and not any(not isinstance(item, int) for name, item in value.items() if name in MAP), keys)
        case(f"values and integers, {shown}", {"$": rule({"match": "values"}), "$.*": rule(INTEGER)}, MAP, value, by_value, keys)
for value, matches in [({"a": 1}, True), ({"b": 1}, True), ({"b": 2}, False), ({}, True)]:
    case(f"values alone, {json.dumps(value)}", {"$": rule({"match": "values"})}, {"a": 1}, value, matches)
for value, matches in [({"x": {"id": 5}}, True), ({"x": {"id": "a"}}, False), ({"x": {}}, False), ({"x": 5}, False)]:
    case(f"values that are objects, {json.dumps(value)}", {"$.m": rule({"match": "values"}), "$.m.*": rule(TYPE)}, {"m": {"k": {"id": 1}}}, {"m": value}, matches)
for items, matches in [([2], True), ([2, 3], True), ([2.5], False), ([2, "a"], False), ([], True)]:
    case(f"eachValue of an array, {json.dumps(items)}", {"$": rule(EACH_VALUE)}, [1], items, matches)

# An array that contains.

VARIANTS = [
    {"index": 0, "rules": {"$.kind": rule(EQUALITY), "$.id": rule(INTEGER)}},
    {"index": 1, "rules": {"$.kind": rule(EQUALITY), "$.name": rule(TYPE)}},
]
A, B = {"kind": "a", "id": 1}, {"kind": "b", "name": "x"}
for items, matches in [
    ([A, B], True),
    ([B, A], True),
    ([B, {"kind": "c"}, dict(A, id=9)], True),
    ([dict(B, name="y", more=1), A], True),
    ([A], False),
    ([], False),
    ([dict(A, id="1"), B], False),
    ([A, dict(B, name=1)], False),
    ([A, A], False),
]:
    case(f"arrayContains, {json.dumps(items)}", {"$.list": rule({"match": "arrayContains", "variants": VARIANTS})}, {"list": [A, B]}, {"list": items}, matches)
for items, matches in [([2, 1], True), ([1, 2, 3], True), ([1], False), (["1", 2], False)]:
    case(f"arrayContains without variants, {json.dumps(items)}", {"$": rule({"match": "arrayContains", "variants": []})}, [1, 2], items, matches)

lines = ",\n".join("    " + json.dumps(entry, ensure_ascii=False) for entry in cases)
path = pathlib.Path(__file__).with_name("matching.json")
path.write_text('{\n  "cases": [\n' + lines + "\n  ]\n}\n", encoding="utf-8")
print(f"{path.name}: {len(cases)} cases, {sum(entry['matches'] for entry in cases)} of which match")
