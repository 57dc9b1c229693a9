//! `allOf` as one schema: what it becomes, and that it accepts the same values.

use std::path::Path;

use serde_json::{Value, json};
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::Schema;
use tightwire_spec::{InMemory, load};

/// The IR of a document with these named schemas; `S` is the payload of the message `m`.
fn ir(schemas: &Value) -> Ir {
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {"title": "T", "version": "1.0.0"},
        "channels": {"a": {"messages": {"m": {"payload": {"$ref": "#/components/schemas/S"}}}}},
        "components": {"schemas": schemas},
    });
    let loaded = load(Path::new("t.json"), &InMemory::file("t.json", document.to_string())).expect("it is there");
    let lines: Vec<_> = loaded.diagnostics.iter().map(|found| found.one_line(&loaded.sources)).collect();
    loaded.ir.unwrap_or_else(|| panic!("{lines:#?}"))
}

fn validator(ir: &Ir, schema: &Value) -> jsonschema::Validator {
    let definitions: serde_json::Map<_, _> =
        ir.schemas.iter().map(|(name, schema)| (name.clone(), schema.to_json("#/definitions/"))).collect();
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft7)
        .build(&json!({"allOf": [schema], "definitions": definitions}))
        .expect("a sound schema")
}

/// Values of every kind that the cases below tell apart.
fn values() -> Vec<Value> {
    let scalars = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(2.5),
        json!(5),
        json!(9),
        json!(""),
        json!("a"),
        json!("abcd"),
    ];
    let mut values = scalars.to_vec();
    values.extend(scalars.iter().map(|value| json!([value, value])));
    for a in &scalars {
        values.push(json!({"a": a}));
        values.extend(scalars.iter().map(|b| json!({"a": a, "b": b})));
        values.push(json!({"b": 1, "c": a}));
    }
    values.extend([json!({}), json!([])]);
    values
}

#[track_caller]
fn check(schemas: Value, expected: Option<Value>) {
    let ir = ir(&schemas);
    let original = &ir.messages["m"].payload;
    let merged = ir.merged(original).map(|object| object.to_json("#/definitions/"));
    assert_eq!(merged, expected, "{schemas}");
    if let Some(merged) = merged {
        let (before, after) = (validator(&ir, &original.to_json("#/definitions/")), validator(&ir, &merged));
        for value in values() {
            assert_eq!(after.is_valid(&value), before.is_valid(&value), "{value} against {schemas}");
        }
    }
}

/// Checks the merger of two schemas.
#[track_caller]
fn check_two(a: Value, b: Value, expected: Option<Value>) {
    check(json!({"S": {"allOf": [a, b]}}), expected);
}

#[test]
fn properties_are_joined() {
    check_two(
        json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
        json!({"properties": {"b": {"type": "integer"}}, "required": ["b", "a"]}),
        Some(json!({
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        })),
    );
}

#[test]
fn what_stands_beside_all_of_counts_too() {
    check(
        json!({"S": {"allOf": [{"minimum": 1}], "maximum": 5, "description": "outer"}}),
        Some(json!({"description": "outer", "minimum": 1, "maximum": 5})),
    );
}

#[test]
fn the_tightest_bounds_are_kept() {
    check_two(
        json!({"minimum": 1, "maxLength": 3}),
        json!({"minimum": 2.5, "maxLength": 2}),
        Some(json!({"minimum": 2.5, "maxLength": 2})),
    );
    check_two(
        json!({"maximum": 9, "minItems": 1}),
        json!({"maximum": 5, "minItems": 2}),
        Some(json!({"maximum": 5, "minItems": 2})),
    );
    check_two(
        json!({"exclusiveMinimum": 1}),
        json!({"minimum": 1}),
        Some(json!({"minimum": 1, "exclusiveMinimum": 1})),
    );
}

#[test]
fn types_and_values_are_what_both_allow() {
    check_two(json!({"type": "number"}), json!({"type": "integer"}), Some(json!({"type": "integer"})));
    check_two(json!({"type": ["string", "null"]}), json!({"type": ["null", "object"]}), Some(json!({"type": "null"})));
    check_two(json!({"type": "string"}), json!({"type": "object"}), None);
    check_two(json!({"enum": [1, 5, "a"]}), json!({"enum": ["a", 5, 9]}), Some(json!({"enum": [5, "a"]})));
    check_two(json!({"enum": [1]}), json!({"enum": [5]}), None);
    check_two(json!({"const": 1}), json!({"type": "integer"}), Some(json!({"type": "integer", "const": 1})));
    check_two(json!({"const": 1}), json!({"const": 5}), None);
}

#[test]
fn a_property_of_both_keeps_its_name_where_that_says_everything() {
    let named = json!({"type": "object", "properties": {"b": {"type": "integer"}}});
    check(
        json!({
            "S": {"allOf": [
                {"properties": {"a": {"type": "object", "description": "anything"}}},
                {"properties": {"a": {"$ref": "#/components/schemas/Named"}}},
            ]},
            "Named": named,
        }),
        Some(json!({"properties": {"a": {"$ref": "#/definitions/Named"}}})),
    );
    check(
        json!({
            "S": {"allOf": [
                {"properties": {"a": {"$ref": "#/components/schemas/Named"}}},
                {"properties": {"a": {"minLength": 2}}},
            ]},
            "Named": {"type": "string", "maxLength": 4},
        }),
        Some(json!({"properties": {"a": {"type": "string", "minLength": 2, "maxLength": 4}}})),
    );
}

#[test]
fn closed_objects_stay_closed() {
    check_two(
        json!({"properties": {"a": {}}, "additionalProperties": false}),
        json!({"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}),
        Some(json!({"properties": {"a": {"type": "integer"}, "b": false}, "additionalProperties": false})),
    );
    check_two(
        json!({"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}),
        json!({"properties": {"b": {"minimum": 5}}}),
        Some(json!({
            "properties": {"a": {}, "b": {"type": "integer", "minimum": 5}},
            "additionalProperties": {"type": "integer"},
        })),
    );
    check_two(
        json!({"patternProperties": {"^a": {}}, "additionalProperties": false}),
        json!({"properties": {"a": {"type": "integer"}, "b": {}}}),
        None,
    );
}

#[test]
fn what_no_single_keyword_can_say() {
    check_two(json!({"pattern": "a"}), json!({"pattern": "b"}), None);
    check_two(json!({"oneOf": [{"minimum": 1}]}), json!({"oneOf": [{"maximum": 5}]}), None);
    check_two(json!({"not": {"const": 1}}), json!({"not": {"const": 5}}), None);
    check_two(json!({"multipleOf": 2}), json!({"multipleOf": 3}), None);
    check_two(
        json!({"if": {"type": "integer"}, "then": {"minimum": 1}}),
        json!({"if": {"type": "string"}, "else": {"minimum": 5}}),
        None,
    );
    check_two(json!({"contains": {"const": 1}}), json!({"contains": {"const": 5}}), None);
    check_two(json!(false), json!({}), None);
}

#[test]
fn dependencies_are_joined() {
    check_two(
        json!({"dependencies": {"a": ["b"]}}),
        json!({"dependencies": {"a": ["c"], "b": ["a"]}}),
        Some(json!({"dependencies": {"a": ["b", "c"], "b": ["a"]}})),
    );
    check_two(json!({"dependencies": {"a": ["b"]}}), json!({"dependencies": {"a": {"maxProperties": 1}}}), None);
}

#[test]
fn conditions_do_not_mix() {
    check_two(json!({"if": {"type": "integer"}, "then": {"minimum": 1}}), json!({"else": {"minLength": 2}}), None);
}

#[test]
fn tuples_and_what_follows_them_do_not_mix() {
    check_two(
        json!({"items": [{"type": "integer"}], "additionalItems": false}),
        json!({"maxItems": 1}),
        Some(json!({
            "items": [{"type": "integer"}],
            "additionalItems": false,
            "maxItems": 1,
        })),
    );
    check_two(json!({"items": [{"type": "integer"}]}), json!({"additionalItems": false}), None);
}

#[test]
fn all_of_in_all_of() {
    check(
        json!({
            "S": {"allOf": [{"$ref": "#/components/schemas/B"}, {"required": ["b"]}]},
            "B": {"description": "b", "allOf": [{"$ref": "#/components/schemas/A"}, {"properties": {"b": {"type": "integer"}}}]},
            "A": {"description": "a", "properties": {"a": {"type": "string"}}},
        }),
        Some(json!({
            "description": "b",
            "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
            "required": ["b"],
        })),
    );
}

#[test]
fn recursion_stays_behind_its_name() {
    let schemas =
        json!({"S": {"allOf": [{"properties": {"a": {"$ref": "#/components/schemas/S"}}}, {"type": "object"}]}});
    check(schemas.clone(), Some(json!({"type": "object", "properties": {"a": {"$ref": "#/definitions/S"}}})));
    let ir = ir(&schemas);
    assert!(matches!(ir.resolve(&ir.messages["m"].payload), Schema::Object(_)));
}
