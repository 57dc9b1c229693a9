//! `unevaluatedProperties` and `unevaluatedItems`: what they become, and that what is read accepts the same values as what
//! was written.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tightwire_spec::draft::Draft;
use tightwire_spec::ir::Ir;
use tightwire_spec::{InMemory, load};

/// The IR of a document whose message `m` has the payload `payload` in 2020-12; the named schemas are its `$defs`.
fn ir(payload: &Value, definitions: &Value) -> Ir {
    let mut schema = payload.clone();
    if let Value::Object(schema) = &mut schema {
        schema.insert("$defs".to_owned(), definitions.clone());
    }
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {"title": "T", "version": "1.0.0"},
        "channels": {"a": {"messages": {"m": {"payload": {
            "schemaFormat": "application/schema+json;version=2020-12", "schema": {"$ref": "m.json"},
        }}}}},
    });
    let source = InMemory::file("t.json", document.to_string()).with("m.json", schema.to_string());
    let loaded = load(Path::new("t.json"), &source).expect("it is there");
    let lines: Vec<_> = loaded.diagnostics.iter().map(|found| found.one_line(&loaded.sources)).collect();
    loaded.ir.unwrap_or_else(|| panic!("{lines:#?}"))
}

fn validator(draft: Draft, schema: &Value) -> jsonschema::Validator {
    let options = match draft {
        Draft::Draft7 => jsonschema::draft7::options(),
        Draft::Draft2020 => jsonschema::draft202012::options(),
    };
    options.build(schema).unwrap_or_else(|error| panic!("{error}: {schema}"))
}

/// The schemas of the protocol as the bundle has them, with the payload's validator.
fn read(payload: &Value, definitions: &Value) -> (Value, jsonschema::Validator) {
    let ir = ir(payload, definitions);
    let json = |schema: &tightwire_spec::schema::Schema| schema.to_json_in(ir.draft(), "#/definitions/");
    let definitions: Map<_, _> = ir.schemas.iter().map(|(name, schema)| (name.clone(), json(schema))).collect();
    let root = json!({"allOf": [json(&ir.messages["m"].payload)], "definitions": definitions});
    let shown = json(ir.resolve(&ir.messages["m"].payload));
    (shown, validator(ir.draft(), &root))
}

/// The schema as it was written.
fn written(payload: &Value, definitions: &Value) -> jsonschema::Validator {
    let mut schema = payload.clone();
    if let Value::Object(schema) = &mut schema {
        schema.insert("$defs".to_owned(), definitions.clone());
    }
    validator(Draft::Draft2020, &schema)
}

/// Objects and lists that the schemas below tell apart.
fn values() -> Vec<Value> {
    let mut values = vec![json!(null), json!(1), json!("a"), json!({}), json!([])];
    let scalars = [json!(1), json!("x")];
    for picked in 1..16 {
        for scalar in &scalars {
            let names = ["a", "b", "c", "x1"].iter().enumerate().filter(|(bit, _)| picked & (1 << bit) != 0);
            values.push(
                names
                    .map(|(bit, name)| ((*name).to_owned(), if bit == 1 { json!(2) } else { scalar.clone() }))
                    .collect(),
            );
        }
    }
    for length in 1..4 {
        for mask in 0..(1 << length) {
            values.push((0..length).map(|at| scalars[usize::from(mask & (1 << at) != 0)].clone()).collect());
        }
    }
    values
}

#[track_caller]
fn agree(payload: &Value, definitions: &Value) -> Value {
    let (shown, read) = read(payload, definitions);
    let written = written(payload, definitions);
    for value in values() {
        assert_eq!(read.is_valid(&value), written.is_valid(&value), "{value} against {payload} with {definitions}");
    }
    shown
}

/// Checks what becomes of a schema; `$defs` are [`definitions`].
#[track_caller]
fn check(payload: Value, expected: Value) {
    assert_eq!(agree(&payload, &definitions()), expected);
}

fn definitions() -> Value {
    json!({
        "A": {"properties": {"a": {"type": "integer"}}},
        "B": {"$ref": "#/$defs/A", "properties": {"b": true}},
        "Open": {"additionalProperties": {"type": "integer"}},
        "Inner": {"properties": {"a": true}, "unevaluatedProperties": false},
        "Pair": {"prefixItems": [true, {"type": "integer"}]},
    })
}

#[test]
fn properties_known_beforehand() {
    let refer = |name: &str| json!({"$ref": format!("#/definitions/{name}")});
    check(
        json!({"properties": {"a": true}, "unevaluatedProperties": false}),
        json!({"properties": {"a": true}, "additionalProperties": false}),
    );
    check(
        json!({"allOf": [{"$ref": "#/$defs/B"}], "properties": {"c": true}, "unevaluatedProperties": {"type": "string"}}),
        json!({"properties": {"c": true, "b": true, "a": true}, "additionalProperties": {"type": "string"},
            "allOf": [refer("B")]}),
    );
    check(
        json!({"$ref": "#/$defs/A", "patternProperties": {"^x": true}, "unevaluatedProperties": false}),
        json!({"properties": {"a": true}, "additionalProperties": false, "patternProperties": {"^x": true},
            "allOf": [refer("A")]}),
    );
    // Everything is evaluated.
    check(json!({"$ref": "#/$defs/Open", "unevaluatedProperties": false}), json!({"allOf": [refer("Open")]}));
    check(json!({"additionalProperties": true, "unevaluatedProperties": false}), json!({"additionalProperties": true}));
    check(
        json!({"allOf": [{"$ref": "#/$defs/Inner"}], "unevaluatedProperties": false}),
        json!({"allOf": [refer("Inner")]}),
    );
    // Alternatives that name nothing new.
    check(
        json!({"properties": {"a": true, "b": true}, "anyOf": [{"required": ["a"]}, {"properties": {"b": {"const": 2}}}],
            "unevaluatedProperties": false}),
        json!({"properties": {"a": true, "b": true}, "additionalProperties": false,
            "anyOf": [{"required": ["a"]}, {"properties": {"b": {"const": 2}}}]}),
    );
    // What `not` names is not evaluated.
    check(
        json!({"not": {"not": {"properties": {"a": true}}}, "unevaluatedProperties": false}),
        json!({"additionalProperties": false, "not": {"not": {"properties": {"a": true}}}}),
    );
}

#[test]
fn properties_that_depend_on_the_value() {
    for payload in [
        json!({"anyOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"required": ["b"]}],
            "unevaluatedProperties": false}),
        json!({"if": {"required": ["a"], "properties": {"a": true}}, "then": {"properties": {"b": true}},
            "unevaluatedProperties": false}),
        json!({"dependentSchemas": {"a": {"properties": {"a": true, "b": true}}}, "unevaluatedProperties": false}),
        json!({"oneOf": [{"$ref": "#/$defs/Open"}, {"required": ["c"]}], "unevaluatedProperties": false}),
        json!({"allOf": [{"properties": {"a": true}}, {"anyOf": [{"$ref": "#/$defs/B"}, {"required": ["x1"]}]}],
            "unevaluatedProperties": {"const": "x"}}),
    ] {
        let shown = agree(&payload, &definitions());
        assert!(shown.get("unevaluatedProperties").is_some(), "{shown}");
    }
}

#[test]
fn items() {
    check(json!({"unevaluatedItems": {"type": "integer"}}), json!({"items": {"type": "integer"}}));
    check(
        json!({"$ref": "#/$defs/Pair", "prefixItems": [{"const": 1}], "unevaluatedItems": false}),
        json!({"items": [{"const": 1}, true], "additionalItems": false, "allOf": [{"$ref": "#/definitions/Pair"}]}),
    );
    check(json!({"items": {"type": "integer"}, "unevaluatedItems": false}), json!({"items": {"type": "integer"}}));
    check(
        json!({"prefixItems": [true], "items": {"type": "string"}, "unevaluatedItems": false}),
        json!({"items": [true], "additionalItems": {"type": "string"}}),
    );
    for payload in [
        json!({"contains": {"const": 1}, "unevaluatedItems": {"const": "x"}}),
        json!({"anyOf": [{"$ref": "#/$defs/Pair"}, true], "unevaluatedItems": false}),
        json!({"allOf": [{"contains": {"const": 1}, "minContains": 2}], "unevaluatedItems": false}),
    ] {
        let shown = agree(&payload, &definitions());
        assert!(shown.get("unevaluatedItems").is_some(), "{shown}");
    }
}

/// Schemas in which everything that evaluates may stand in everything else. References lead to `A` … `D`, each of which
/// refers only to later ones.
fn schemas(level: usize) -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!({"type": "integer"})),
        Just(json!({"const": "x"})),
        Just(json!({"required": ["a"]})),
        (level..4).prop_map(|at| json!({"$ref": format!("#/$defs/{}", ["A", "B", "C", "D"][at])})),
    ];
    let leaf = if level < 4 { leaf.boxed() } else { Just(json!({"required": ["b"]})).boxed() };
    leaf.prop_recursive(3, 24, 4, |inner| {
        let name = prop_oneof![Just("a"), Just("b"), Just("c")];
        let keyword = prop_oneof![
            (name.clone(), inner.clone()).prop_map(|(name, schema)| ("properties", json!({name: schema}))),
            inner.clone().prop_map(|schema| ("patternProperties", json!({"^x": schema}))),
            inner.clone().prop_map(|schema| ("additionalProperties", schema)),
            prop_oneof![Just(json!(false)), inner.clone()].prop_map(|schema| ("unevaluatedProperties", schema)),
            prop_oneof![Just(json!(false)), inner.clone()].prop_map(|schema| ("unevaluatedItems", schema)),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|schemas| ("prefixItems", json!(schemas))),
            inner.clone().prop_map(|schema| ("items", schema)),
            inner.clone().prop_map(|schema| ("contains", schema)),
            (0..3).prop_map(|count| ("minContains", json!(count))),
            (0..3).prop_map(|count| ("maxContains", json!(count))),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|schemas| ("allOf", json!(schemas))),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|schemas| ("anyOf", json!(schemas))),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|schemas| ("oneOf", json!(schemas))),
            inner.clone().prop_map(|schema| ("not", schema)),
            inner.clone().prop_map(|schema| ("if", schema)),
            inner.clone().prop_map(|schema| ("then", schema)),
            inner.clone().prop_map(|schema| ("else", schema)),
            (name.clone(), inner).prop_map(|(name, schema)| ("dependentSchemas", json!({name: schema}))),
            (name.clone(), name).prop_map(|(a, b)| ("dependentRequired", json!({a: [b]}))),
        ];
        prop::collection::vec(keyword, 1..4).prop_map(|keywords| {
            keywords.into_iter().map(|(keyword, value)| (keyword.to_owned(), value)).collect::<Map<_, _>>().into()
        })
    })
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_read_accepts_what_was_written(
        payload in schemas(0),
        a in schemas(1),
        b in schemas(2),
        c in schemas(3),
        d in schemas(4),
    ) {
        prop_assume!(payload.is_object());
        agree(&payload, &json!({"A": a, "B": b, "C": c, "D": d}));
    }
}
