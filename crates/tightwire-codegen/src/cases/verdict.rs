//! The judge: the `jsonschema` crate, asked about each case before it is written.

use std::collections::BTreeMap;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;
use tightwire_spec::ir::{Ir, Message};

use super::{Case, Frame};
use crate::error::Error;

/// A validator per message.
pub(super) struct Judge {
    validators: BTreeMap<String, Validator>,
}

impl Judge {
    pub(super) fn new(ir: &Ir) -> Result<Self, Error> {
        let validator = |message: &Message| {
            ir.validator(&message.payload)
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
