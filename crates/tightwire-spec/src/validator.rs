//! Validators for payloads, and what they say in words.

use std::collections::HashSet;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};

use crate::ir::Ir;
use crate::schema::Schema;

/// A validator for one schema, with only the named schemas that it reaches: the others would have to be compiled too.
pub(crate) fn validator(ir: &Ir, schema: &Schema) -> Result<Validator, ValidationError<'static>> {
    let mut definitions = Map::new();
    let mut reached = HashSet::new();
    let root = schema.to_json("#/definitions/");
    let mut waiting = references(&root);
    while let Some(name) = waiting.pop() {
        let Some((name, schema)) = ir.schemas.get_key_value(&name) else { continue };
        if reached.insert(name) {
            let schema = schema.to_json("#/definitions/");
            waiting.extend(references(&schema));
            definitions.insert(name.clone(), schema);
        }
    }
    let schema = json!({ "allOf": [root], "definitions": definitions });
    jsonschema::options()
        .with_draft(Draft::Draft7)
        .should_validate_formats(true)
        .with_format("uuid", is_uuid)
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
}

/// The names of the schemas that a schema refers to.
fn references(schema: &Value) -> Vec<String> {
    let mut names = Vec::new();
    let mut waiting = vec![schema];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(object) => {
                let name =
                    object.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix("#/definitions/"));
                names.extend(name.map(crate::schema_json::unescaped));
                waiting.extend(object.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    names
}

/// A UUID as RFC 9562 writes it, of any version.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The keyword that is violated: for a `false` schema, the one that holds it.
pub(crate) fn keyword<'e>(error: &'e ValidationError<'_>) -> &'e str {
    match error.kind() {
        ValidationErrorKind::FalseSchema if is_additional(error) => "additionalProperties",
        kind => kind.keyword(),
    }
}

/// Whether an object may have no property at all, and has one.
pub(crate) fn is_additional(error: &ValidationError<'_>) -> bool {
    error.schema_path().as_str().ends_with("/additionalProperties")
}

/// What is wrong, without the value: that stands in the source line below.
pub(crate) fn said(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { .. } => "this property is not allowed".to_owned(),
        ValidationErrorKind::Required { property } => format!("the required property {property} is missing"),
        ValidationErrorKind::FalseSchema if is_additional(error) => "this property is not allowed".to_owned(),
        ValidationErrorKind::FalseSchema => "nothing is allowed here".to_owned(),
        _ => error.masked_with("the value").to_string(),
    }
}
