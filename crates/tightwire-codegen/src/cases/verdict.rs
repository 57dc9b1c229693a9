//! The judge: the `jsonschema` crate, asked about each case before it is written.

use std::collections::BTreeMap;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};
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
        let options = jsonschema::draft7::options()
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .with_format("uuid", is_uuid)
            .with_pattern_options(PatternOptions::regex());
        let validator = |message: &Message| {
            let definitions = reached(ir, &message.payload);
            let schema = json!({ "allOf": [message.payload.to_json("#/definitions/")], "definitions": definitions });
            options
                .build(&schema)
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

/// The named schemas that a schema reaches. With all of them in each validator, the time would grow with the square of
/// the messages.
fn reached(ir: &Ir, schema: &Schema) -> Map<String, Value> {
    let mut definitions = Map::new();
    let mut waiting = vec![schema.to_json("#/definitions/")];
    let mut names: Vec<&String> = Vec::new();
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(mut members) => {
                if let Some(Value::String(reference)) = members.remove("$ref") {
                    match reference.strip_prefix("#/definitions/").and_then(|name| ir.schemas.get_key_value(name)) {
                        Some((name, _)) => names.push(name),
                        // Escapes are rare: then they are all taken.
                        None => names.extend(ir.schemas.keys()),
                    }
                }
                waiting.extend(members.into_iter().map(|(_, value)| value));
            }
            _ => {}
        }
        while let Some(name) = names.pop() {
            if let Some(named) = ir.schemas.get(name).filter(|_| !definitions.contains_key(name)) {
                let definition = named.to_json("#/definitions/");
                definitions.insert(name.clone(), definition.clone());
                waiting.push(definition);
            }
        }
    }
    definitions
}

/// Where an error is: a property that is missing or unknown has its own place.
fn places(error: &ValidationError<'_>) -> Vec<String> {
    let place = error.instance_path().to_string();
    let member = |name: &str| format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
    match error.kind() {
        ValidationErrorKind::Required { property } => property.as_str().map(member).into_iter().collect(),
        ValidationErrorKind::AdditionalProperties { unexpected } => {
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
