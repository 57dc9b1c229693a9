//! Which property tells messages apart, and in which order schemas are tried.

use std::path::Path;

use serde_json::Value;
use tightwire_spec::ir::{Direction, Ir};
use tightwire_spec::{InMemory, LoadOptions, load_with};

const HEAD: &str = "asyncapi: 3.0.0\ninfo: {title: T, version: 1.0.0}\n";

/// A protocol whose server sends these payloads, as messages `m0`, `m1` …
fn protocol(payloads: &[&str]) -> Ir {
    let messages: String = payloads
        .iter()
        .enumerate()
        .map(|(index, payload)| format!("      m{index}: {{payload: {payload}}}\n"))
        .collect();
    let document = format!(
        "{HEAD}channels:\n  a:\n    address: /a\n    messages:\n{messages}operations:\n  \
         o: {{action: send, channel: {{$ref: '#/channels/a'}}}}\n"
    );
    let loaded = load_with(Path::new("t.yml"), &InMemory::file("t.yml", document.clone()), &LoadOptions::default());
    let loaded = loaded.expect("the file is there");
    let errors: Vec<_> = loaded.diagnostics.iter().map(|found| found.one_line(&loaded.sources)).collect();
    loaded.ir.unwrap_or_else(|| panic!("{document}\n{errors:#?}"))
}

/// Checks the dispatch of what the server sends: `path | value: messages … | structural messages`.
#[track_caller]
fn check(payloads: &[&str], expected: &str) {
    let ir = protocol(payloads);
    let dispatch = ir.dispatch.of(Direction::ToClient);
    let values: Vec<_> =
        dispatch.values.iter().map(|(value, messages)| format!("{value}: {}", messages.join(" "))).collect();
    let found = format!("{} | {} | {}", dispatch.by.join("."), values.join(", "), dispatch.structural.join(" "));
    assert_eq!(found, expected, "{}", dispatch.explanation);
}

/// An object with these properties, all of them required.
fn object(properties: &str) -> String {
    let names: Vec<_> = properties.split(", ").filter_map(|property| property.split(':').next()).collect();
    format!("{{type: object, required: [{}], properties: {{{properties}}}}}", names.join(", "))
}

#[track_caller]
fn check_objects(objects: &[&str], expected: &str) {
    let payloads: Vec<_> = objects.iter().map(|properties| object(properties)).collect();
    check(&payloads.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn one_property_is_enough() {
    check_objects(&["event: {const: a}", "event: {const: b}"], r#"event | "a": m0, "b": m1 | "#);
    check_objects(&["event: {enum: [a,c]}", "event: {enum: [b]}"], r#"event | "a": m0, "c": m0, "b": m1 | "#);
    check_objects(&["op: {const: 1}", "op: {const: 2.0}"], "op | 1: m0, 2: m1 | ");
    check_objects(
        &["v: {const: 1}, k: {const: a}", "v: {const: 1}, k: {const: b}", "v: {const: 1}, k: {const: c}"],
        r#"k | "a": m0, "b": m1, "c": m2 | "#,
    );
}

#[test]
fn the_best_property_wins() {
    check_objects(
        &["a: {const: x}, b: {const: 1}", "a: {const: x}, b: {const: 2}", "a: {const: y}, b: {const: 3}"],
        "b | 1: m0, 2: m1, 3: m2 | ",
    );
    check_objects(&["a: {const: x}, b: {const: 1}", "a: {const: y}, b: {const: 2}"], r#"a | "x": m0, "y": m1 | "#);
}

#[test]
fn nested_properties_count_too() {
    let nested = |value: &str| object(&format!("arg: {}", object(&format!("channel: {{const: {value}}}"))));
    check(&[&nested("x"), &nested("y")], r#"arg.channel | "x": m0, "y": m1 | "#);
    let alternatives =
        format!("{{oneOf: [{}, {}]}}", object("event: {const: a}"), object("event: {const: b}, n: {type: integer}"));
    check(&[&alternatives, &object("event: {const: c}")], r#"event | "a": m0, "b": m0, "c": m1 | "#);
    check(
        &[
            "{type: object, required: [k], allOf: [{properties: {k: {const: a}}}, {properties: {k: {enum: [a, b]}}}]}",
            &object("k: {const: c}"),
        ],
        r#"k | "a": m0, "c": m1 | "#,
    );
}

#[test]
fn what_may_lack_the_property_is_tried_by_structure() {
    check(&["{type: object, properties: {k: {const: a}}}", &object("k: {const: b}")], r#"k | "a": m0, "b": m1 | m0"#);
    check(&[&object("k: {const: a}"), &object("k: {const: b}"), "{type: array}"], r#"k | "a": m0, "b": m1 | m2"#);
}

#[test]
fn without_a_property_the_most_specific_schema_is_tried_first() {
    check(&["true", &object("a: {}"), &object("a: {}, b: {}"), "{type: array}"], " |  | m2 m1 m3 m0");
    check(&[&object("v: {const: 1}"), &object("v: {const: 1}, w: {}")], " |  | m1 m0");
    check(&[&object("v: {const: 1}")], " |  | m0");
}

#[test]
fn candidates_begin_with_those_of_the_value() {
    let ir = protocol(&["{type: object, properties: {k: {const: a}}}", &object("k: {const: b}"), "{type: array}"]);
    let dispatch = ir.dispatch.of(Direction::ToClient);
    let candidates = |value: Option<&str>| -> Vec<String> {
        dispatch.candidates(value.map(Value::from).as_ref()).cloned().collect()
    };
    assert_eq!(candidates(Some("a")), ["m0", "m2"]);
    assert_eq!(candidates(Some("b")), ["m1", "m0", "m2"]);
    assert_eq!(candidates(None), ["m0", "m2"]);
    assert!(!dispatch.is_complete());
}
