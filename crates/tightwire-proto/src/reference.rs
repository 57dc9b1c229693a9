//! The reference path: what decides about a frame that the fast path does not accept, and explains why it is refused.
//!
//! bytes → tokens of JSON without repeated keys → the JSON Schema validator of the message that `type` names → violations
//! in the order of the frame. It is the definition of what is valid; [`json`](crate::json) only ever agrees with it
//! sooner. Generated code holds one [`Reference`] per direction and turns its [`CheckedFrame`]s into typed frames.

mod depth;
mod flat;
mod frame;
mod inlined;
mod reachable;
mod tape;
#[cfg(test)]
mod tests;
mod unique;
mod violations;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jsonschema::json::Json;
use jsonschema::{Draft, PatternOptions, Retrieve, ValidationOptions, Validator};
use serde_json::Value;
use uuid::Uuid;

pub use flat::CheckedPayload;
pub use frame::CheckedFrame;
pub(crate) use frame::integral;
pub(crate) use violations::{of as violations_of, push_segment};

use self::tape::{OnTape, Place};
use crate::inbound::{Rejection, Violation};
use crate::json::is_hyphenated_uuid;

const DRAFT_2020: &str = "https://json-schema.org/draft/2020-12/schema";

/// Which way the frames travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// The validators of all messages of one direction, built when the first frame needs them.
#[derive(Debug)]
pub struct Reference {
    bundle: &'static str,
    direction: Direction,
    validators: OnceLock<Result<Validators, String>>,
}

#[derive(Debug)]
struct Validators {
    /// By `type`; in a protocol without an envelope by the message's key.
    by_type: BTreeMap<String, Validator<OnTape>>,
    other_direction: Vec<String>,
    dispatch: flat::Dispatch,
}

impl Reference {
    /// A reference for one direction of the protocol whose schema bundle is `bundle`.
    #[must_use]
    pub const fn new(bundle: &'static str, direction: Direction) -> Self {
        Self { bundle, direction, validators: OnceLock::new() }
    }

    /// Builds the validators now rather than with the first frame that needs them. For the start of a server.
    ///
    /// # Errors
    /// Why the bundle cannot be used. A generated one always can.
    pub fn prepare(&self) -> Result<(), &str> {
        self.validators().map(drop)
    }

    /// Checks a frame in the envelope. [`Reference::check_flat`] is for all others.
    ///
    /// # Errors
    /// Every violation that was found, in the order of the frame.
    pub fn check(&self, bytes: &[u8]) -> Result<CheckedFrame, Rejection> {
        let tape = unique::parse(bytes).map_err(|violation| Rejection::of(None, violation))?;
        let frame = tape.root();
        let frame_id = frame_id(frame);
        let reject = |violation| Err(Rejection::of(frame_id, violation));

        if !frame.is_object() {
            return reject(Violation::new("", "type", "must be an object"));
        }
        let Some(wire_type) = frame.get("type") else {
            return reject(Violation::new("/type", "required", "is required"));
        };
        let Some(wire_type) = wire_type.text() else {
            return reject(Violation::new("/type", "type", "must be a string"));
        };
        let validators = match self.validators() {
            Ok(validators) => validators,
            Err(_) => return reject(Violation::new("", "$schema", "cannot be checked: the contract is unusable")),
        };
        let Some(validator) = validators.by_type.get(wire_type) else {
            return reject(Violation::new("/type", "enum", self.unknown_type(validators, wire_type)));
        };
        let violations = violations::of(validator, frame);
        if violations.is_empty() {
            Ok(CheckedFrame::new(frame.value()))
        } else {
            Err(Rejection { frame_id, violations })
        }
    }

    /// What to say about a `type` that has no validator. The other direction's names are public; the peer's are not
    /// repeated.
    fn unknown_type(&self, validators: &Validators, wire_type: &str) -> &'static str {
        let exists_otherwise = validators.other_direction.iter().any(|other| other == wire_type);
        match (self.direction, exists_otherwise) {
            (Direction::ToServer, false) => "is not a message that clients send",
            (Direction::ToServer, true) => "is a message that only the server sends",
            (Direction::ToClient, false) => "is not a message that the server sends",
            (Direction::ToClient, true) => "is a message that only clients send",
        }
    }

    fn validators(&self) -> Result<&Validators, &str> {
        let built = self.validators.get_or_init(|| Validators::build(self.bundle, self.direction));
        built.as_ref().map_err(String::as_str)
    }
}

impl Validators {
    fn build(bundle: &str, direction: Direction) -> Result<Self, String> {
        let bundle: Value = serde_json::from_str(bundle).map_err(|error| error.to_string())?;
        let (own, other) = match direction {
            Direction::ToServer => ("to_server", "to_client"),
            Direction::ToClient => ("to_client", "to_server"),
        };
        let messages = |direction: &str| {
            bundle["x-messages"][direction]
                .as_object()
                .ok_or_else(|| format!("the schema bundle has no messages {direction}"))
        };
        let by_type = messages(own)?
            .iter()
            .map(|(wire_type, schema)| {
                let validator = build(schema, &bundle).map_err(|error| format!("{wire_type}: {error}"))?;
                Ok((wire_type.clone(), validator))
            })
            .collect::<Result<_, String>>()?;
        let other_direction = messages(other)?.keys().cloned().collect();
        Ok(Self { by_type, other_direction, dispatch: flat::Dispatch::read(&bundle, own)? })
    }
}

/// The validator of a schema of the protocol, among the definitions of its bundle.
pub(crate) fn build<F: Json>(schema: &Value, bundle: &Value) -> Result<Validator<F>, String> {
    let schema = inlined::inlined(schema, &bundle["definitions"]);
    // Draft-07 ignores what stands beside a `$ref`, so the schema goes one level down.
    let definitions = reachable::definitions(&schema, &bundle["definitions"]);
    let root = serde_json::json!({ "allOf": [schema], "definitions": definitions });
    options(bundle).build(&root).map_err(|error| error.to_string())
}

/// How schemas of the protocol are read: in the draft that `document` names (2020-12, else draft-07), formats checked,
/// patterns in linear time.
pub(crate) fn options<F: Json>(document: &Value) -> ValidationOptions<'static, Arc<dyn Retrieve>, F> {
    let later = document.get("$schema").is_some_and(|draft| draft == DRAFT_2020);
    ValidationOptions::<'static, Arc<dyn Retrieve>, F>::default()
        .with_draft(if later { Draft::Draft202012 } else { Draft::Draft7 })
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .with_format("uuid", is_hyphenated_uuid)
        // What is checked does not depend on the draft, and draft-07 has no durations.
        .with_format("duration", |_: &str| true)
        .with_pattern_options(PatternOptions::regex())
}

/// The frame's `id`, if it has a proper one.
fn frame_id(frame: Place<'_>) -> Option<Uuid> {
    frame.get("id")?.text().filter(|id| is_hyphenated_uuid(id))?.parse().ok()
}

impl Rejection {
    /// A rejection for one violation.
    pub(crate) fn of(frame_id: Option<Uuid>, violation: Violation) -> Self {
        Self { frame_id, violations: vec![violation] }
    }
}

impl Violation {
    pub(crate) fn new(
        pointer: impl Into<String>,
        keyword: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { pointer: pointer.into(), keyword: keyword.into(), message: message.into() }
    }
}
