//! How a shape is written where it is used: with a description of its own, or with `null` beside it.

use serde_json::{Value, json};

/// A use of a defined type.
pub(super) fn used(name: &str, description: Option<&str>, nullable: bool) -> Value {
    let reference = json!({ "$ref": format!("#/definitions/{name}") });
    let mut shape = if nullable {
        json!({ "oneOf": [reference, { "type": "null" }] })
    } else if description.is_none() {
        return reference;
    } else {
        json!({ "allOf": [reference] })
    };
    describe(&mut shape, description);
    shape
}

pub(super) fn describe(shape: &mut Value, description: Option<&str>) {
    if let (Value::Object(shape), Some(description)) = (shape, description) {
        shape.insert("description".to_owned(), Value::String(description.trim().to_owned()));
    }
}

/// The shape, or `null`.
pub(super) fn or_null(shape: Value) -> Value {
    match shape["type"].as_str() {
        Some("null") => shape,
        Some(json_type) => {
            let types = json!([json_type, "null"]);
            let mut shape = shape;
            shape["type"] = types;
            shape
        }
        None if shape.get("$ref").is_some() || shape.get("allOf").is_some() => {
            json!({ "oneOf": [shape, { "type": "null" }] })
        }
        None => shape,
    }
}
