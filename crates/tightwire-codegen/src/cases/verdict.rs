//! The judge: the `jsonschema` crate, asked about each case before it is written.

use std::collections::BTreeMap;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, ValidationOptions, Validator};
use serde_json::{Map, Value, json};
use tightwire_spec::draft::Draft;
use tightwire_spec::ir::{Ir, Message};
use tightwire_spec::schema::Schema;

use super::{Case, Frame};
use crate::error::Error;

/// A validator per message.
pub(super) struct Judge {
    validators: BTreeMap<String, Validator>,
}

impl Judge {
    pub(super) fn new(ir: &Ir) -> Result<Self, Error> {
        let validator = |message: &Message| {
            validator(ir, &message.payload)
                .map_err(|error| Error::unsupported(format!("message {}", message.id), error.masked().to_string()))
        };
        let validators = ir
            .messages
            .values()
            .map(|message| Ok((message.id.clone(), validator(message)?)))
            .collect::<Result<_, Error>>()?;
        Ok(Self { validators })
    }

    /// Whether the frame is valid.
    pub(super) fn accepts(&self, message: &Message, frame: &Value) -> bool {
        self.validators.get(&message.id).is_some_and(|validator| validator.is_valid(frame))
    }

    /// Whether the case is right: an accepted frame is valid, a rejected one violates that keyword at that place.
    pub(super) fn agrees(&self, message: &Message, case: &Case) -> bool {
        let Some(validator) = self.validators.get(&message.id) else { return false };
        let frame = match &case.frame {
            Frame::Value(frame) => frame.clone(),
            Frame::Text { parsed: false, .. } => return !case.accept,
            Frame::Text { text, .. } => match serde_json::from_str(text) {
                Ok(frame) => frame,
                Err(_) => return !case.accept && case.keyword == "json",
            },
        };
        if case.accept {
            return validator.is_valid(&frame);
        }
        validator
            .iter_errors(&frame)
            .any(|error| error.kind().keyword() == case.keyword && places(&error).contains(&case.pointer))
    }
}

/// The validator of a schema of the protocol.
pub(super) fn validator(ir: &Ir, schema: &Schema) -> Result<Validator, ValidationError<'static>> {
    // With all schemas in each validator, the time would grow with the square of the messages.
    let reached = ir.reached([schema]);
    let draft = reached.iter().map(|(_, schema)| Draft::of(schema)).fold(Draft::of(schema), Draft::max);
    let json = |schema: &Schema| schema.to_json_in(draft, "#/definitions/");
    let definitions: Map<String, Value> =
        reached.into_iter().map(|(name, schema)| (name.clone(), json(schema))).collect();
    options(draft).build(&json!({ "allOf": [json(schema)], "definitions": definitions }))
}

/// How the generated decoder's reference path reads schemas, written down a second time.
fn options(draft: Draft) -> ValidationOptions<'static> {
    let options = match draft {
        Draft::Draft7 => jsonschema::draft7::options(),
        Draft::Draft2020 => jsonschema::draft202012::options(),
    };
    options
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .with_format("uuid", is_uuid)
        .with_format("duration", |_: &str| true)
        .with_pattern_options(PatternOptions::regex())
}

/// Where an error is: a property that is missing or unknown has its own place.
fn places(error: &ValidationError<'_>) -> Vec<String> {
    let place = error.instance_path().to_string();
    let member = |name: &str| format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
    match error.kind() {
        ValidationErrorKind::Required { property } => property.as_str().map(member).into_iter().collect(),
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().map(|name| member(name)).collect()
        }
        _ => vec![place],
    }
}

/// 36 characters, hyphenated.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
