//! Validators for payloads, and what they say in words.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};

use crate::draft::Draft;
use crate::ir::Ir;
use crate::schema::Schema;

impl Ir {
    /// A validator for one schema, which reads it as the reference path of generated decoders does. It has only the named
    /// schemas that it reaches: with all of them in each, the time would grow with the square of the messages.
    ///
    /// # Errors
    /// If the schema, or one that it reaches, cannot be compiled.
    pub fn validator(&self, schema: &Schema) -> Result<Validator, ValidationError<'static>> {
        let reached = self.reached([schema]);
        let draft = reached.iter().map(|(_, schema)| Draft::of(schema)).fold(Draft::of(schema), Draft::max);
        let json = |schema: &Schema| schema.to_json_in(draft, "#/definitions/");
        let definitions: Map<String, Value> =
            reached.into_iter().map(|(name, schema)| (name.clone(), json(schema))).collect();
        let schema = json!({ "allOf": [json(schema)], "definitions": definitions });
        jsonschema::options()
            .with_draft(match draft {
                Draft::Draft7 => jsonschema::Draft::Draft7,
                Draft::Draft2020 => jsonschema::Draft::Draft202012,
            })
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .with_format("uuid", is_uuid)
            // What is checked does not depend on the draft, and draft-07 has no durations.
            .with_format("duration", |_: &str| true)
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
    }
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
