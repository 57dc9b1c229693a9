//! Frames without an envelope: which message a frame is, and what is wrong with it if it is none.
//!
//! The bundle's `x-dispatch` says which property tells messages apart and in which order those are tried that it does
//! not. The frame is the first message whose schema accepts it; a refused one is explained against the message that was
//! meant, where that is clear.

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::frame::{integral, whole};
use super::tape::{OnTape, Place};
use super::violations::{self, push_segment};
use super::{Direction, Reference, unique};
use crate::inbound::{Inbound, Rejection, Violation};

/// So many messages are named where a frame is none of them.
const MAX_NAMES: usize = 5;

/// A frame that the schema of a message accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedPayload<'a> {
    message: &'a str,
    payload: Value,
}

impl CheckedPayload<'_> {
    /// The key of the message that the frame is.
    #[must_use]
    pub const fn message(&self) -> &str {
        self.message
    }

    /// The frame as its type.
    ///
    /// # Errors
    /// A violation of the whole where the type cannot hold what the schema allows, such as an integer of 100 digits.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        T::deserialize(&self.payload)
            .or_else(|_| T::deserialize(&integral(&self.payload)))
            .map_err(|_| self.refuse("", "type", crate::inbound::UNREPRESENTABLE))
    }

    /// Another violation, found after the schema's validation.
    #[must_use]
    pub fn refuse(&self, pointer: &str, keyword: &'static str, message: &'static str) -> Rejection {
        Rejection::of(None, Violation::new(pointer, keyword, message))
    }

    /// The typed frame. A flat frame says nothing about itself: no id, no time, no position.
    pub const fn inbound<F>(&self, frame: F) -> Inbound<F> {
        Inbound { id: Uuid::nil(), ts: 0, correlation_id: None, position: None, frame }
    }
}

/// How the messages of one direction are told apart.
#[derive(Debug, Default)]
pub(super) struct Dispatch {
    /// The property, from the frame's root; empty if there is none.
    by: Vec<String>,
    /// The messages for each value of the property, by its JSON text.
    values: BTreeMap<String, Vec<String>>,
    /// The messages for all other frames.
    structural: Vec<String>,
}

impl Dispatch {
    /// Reads what the bundle says about one direction.
    pub(super) fn read(bundle: &Value, direction: &str) -> Result<Self, String> {
        let Some(dispatch) = bundle.get("x-dispatch") else { return Ok(Self::default()) };
        let malformed = || format!("the schema bundle does not say how messages {direction} are told apart");
        let dispatch = dispatch.get(direction).and_then(Value::as_object).ok_or_else(malformed)?;
        let names = |value: &Value| -> Option<Vec<String>> {
            value.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
        };
        let list = |key: &str| dispatch.get(key).and_then(Value::as_array).ok_or_else(malformed);
        let value = |entry: &Value| Some((text(&entry["value"])?, names(&entry["messages"])?));
        Ok(Self {
            by: dispatch.get("by").and_then(names).ok_or_else(malformed)?,
            values: list("values")?.iter().map(|entry| value(entry).ok_or_else(malformed)).collect::<Result<_, _>>()?,
            structural: dispatch.get("structural").and_then(names).ok_or_else(malformed)?,
        })
    }

    /// The messages that a frame with this value of the property can be, in the order in which they are tried.
    fn candidates(&self, value: Option<&Value>) -> impl Iterator<Item = &str> {
        let keyed = value.and_then(text).and_then(|text| self.values.get(&text)).map_or(&[][..], Vec::as_slice);
        keyed.iter().chain(self.structural.iter().filter(|id| !keyed.contains(id))).map(String::as_str)
    }

    /// The frame's value of the property.
    fn value_in<'a>(&self, frame: Place<'a>) -> Option<Place<'a>> {
        let path = (!self.by.is_empty()).then_some(&self.by)?;
        path.iter().try_fold(frame, |place, name| place.get(name))
    }

    /// What to say about a frame that no message can be: it lacks the property, or the value is of no message.
    fn unknown(&self, frame: Place<'_>, direction: Direction) -> Violation {
        let mut place = frame;
        let mut pointer = String::new();
        for name in &self.by {
            if !place.is_object() {
                return Violation::new(&pointer, "type", "must be an object");
            }
            push_segment(&mut pointer, name);
            let Some(member) = place.get(name) else { return Violation::new(&pointer, "required", "is required") };
            place = member;
        }
        Violation::new(&pointer, "enum", format!("is not a message that {}", senders(direction)))
    }
}

impl Reference {
    /// Checks a frame of a protocol without an envelope, as any message of its direction.
    ///
    /// # Errors
    /// Every violation that was found, in the order of the frame.
    pub fn check_flat(&self, bytes: &[u8]) -> Result<CheckedPayload<'_>, Rejection> {
        self.check_flat_among(bytes, None)
    }

    /// As [`Self::check_flat`]; with `messages`, the keys of a route's, as one of these and no other.
    ///
    /// # Errors
    /// Every violation that was found, in the order of the frame.
    pub fn check_flat_among(&self, bytes: &[u8], messages: Option<&[&str]>) -> Result<CheckedPayload<'_>, Rejection> {
        let reject = |violation| Rejection::of(None, violation);
        let tape = unique::parse(bytes).map_err(reject)?;
        let frame = tape.root();
        let Ok(validators) = self.validators() else {
            return Err(reject(Violation::new("", "$schema", "cannot be checked: the contract is unusable")));
        };
        let dispatch = &validators.dispatch;
        let is_here = |id: &str| messages.is_none_or(|messages| messages.contains(&id));
        let candidates: Vec<(&str, &Validator<OnTape>)> = dispatch
            .candidates(dispatch.value_in(frame).filter(|value| value.is_scalar()).map(Place::value).as_ref())
            .filter(|id| is_here(id))
            .filter_map(|id| validators.by_type.get(id).map(|validator| (id, validator)))
            .collect();
        match candidates.iter().find(|(_, validator)| validator.is_valid(frame)) {
            Some((message, _)) => Ok(CheckedPayload { message, payload: frame.value() }),
            None if !validators.by_type.keys().any(|id| is_here(id)) => {
                let message = match self.direction {
                    Direction::ToServer => "is not expected: clients send nothing here",
                    Direction::ToClient => "is not expected: the server sends nothing here",
                };
                Err(reject(Violation::new("", "enum", message)))
            }
            None if candidates.is_empty() => Err(reject(dispatch.unknown(frame, self.direction))),
            None => Err(Rejection { frame_id: None, violations: explain(&candidates, frame, self.direction) }),
        }
    }
}

/// What is wrong with a frame that none of the candidates accepts.
fn explain(candidates: &[(&str, &Validator<OnTape>)], frame: Place<'_>, direction: Direction) -> Vec<Violation> {
    if let [(_, only)] = candidates {
        return violations::of(only, frame);
    }
    let plausible: Vec<_> =
        candidates.iter().filter(|(_, validator)| violations::is_plausible(validator, frame)).collect();
    if let [(_, meant)] = plausible.as_slice() {
        return violations::of(meant, frame);
    }
    let tried: Vec<&str> = match plausible.as_slice() {
        [] => candidates.iter().map(|(id, _)| *id).collect(),
        several => several.iter().map(|(id, _)| *id).collect(),
    };
    let mut names = tried[..tried.len().min(MAX_NAMES)].join(", ");
    if tried.len() > MAX_NAMES {
        names.push_str(", …");
    }
    let message = format!("matches none of the messages that {}: {names}", senders(direction));
    vec![Violation::new("", "oneOf", message)]
}

const fn senders(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "clients send",
        Direction::ToClient => "the server sends",
    }
}

/// A scalar as text, with `1.0` as the integer it is.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Array(_) | Value::Object(_) => None,
        Value::Number(number) => Some(whole(number).map_or_else(|| number.to_string(), |integer| integer.to_string())),
        _ => Some(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: &str = r##"{
      "x-messages": {
        "to_server": {
          "subscribe": {"$ref": "#/definitions/Subscribe"},
          "subscribeAll": {"$ref": "#/definitions/SubscribeAll"},
          "cancel": {"type": "object", "required": ["req"], "properties": {"req": {"properties": {"op": {"const": 1}}}}},
          "pair": {"type": "array", "items": {"type": "number"}, "minItems": 2},
          "text": {"type": "string", "maxLength": 4}
        },
        "to_client": {}
      },
      "x-dispatch": {
        "to_server": {
          "by": ["req", "op"],
          "values": [
            {"value": "subscribe", "messages": ["subscribeAll", "subscribe"]},
            {"value": 1, "messages": ["cancel"]}
          ],
          "structural": ["pair", "text"]
        },
        "to_client": {"by": [], "values": [], "structural": []}
      },
      "definitions": {
        "Subscribe": {
          "type": "object", "required": ["req", "symbol"],
          "properties": {"req": {"properties": {"op": {"const": "subscribe"}}}, "symbol": {"type": "string"}}
        },
        "SubscribeAll": {
          "type": "object", "required": ["req", "all"],
          "properties": {"req": {"properties": {"op": {"const": "subscribe"}}}, "all": {"const": true}}
        }
      }
    }"##;

    static TO_SERVER: Reference = Reference::new(BUNDLE, Direction::ToServer);
    static TO_CLIENT: Reference = Reference::new(BUNDLE, Direction::ToClient);

    /// `expected` is the message's key, or one line `pointer keyword message` per violation.
    #[track_caller]
    fn check_on(reference: &Reference, text: &str, expected: &[&str]) {
        let found = match reference.check_flat(text.as_bytes()) {
            Ok(frame) => vec![frame.message().to_owned()],
            Err(rejection) => {
                let line = |violation: &Violation| {
                    format!("{} {} {}", violation.pointer, violation.keyword, violation.message)
                };
                rejection.violations.iter().map(line).collect()
            }
        };
        assert_eq!(found, expected, "{text}");
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        check_on(&TO_SERVER, text, expected);
    }

    #[test]
    fn the_property_tells_messages_apart() {
        check(r#"{"req": {"op": "subscribe"}, "symbol": "a"}"#, &["subscribe"]);
        check(r#"{"symbol": 1, "all": true, "req": {"op": "subscribe"}}"#, &["subscribeAll"]);
        check(r#"{"req": {"op": 1}}"#, &["cancel"]);
        check(r#"{"req": {"op": 1.0}}"#, &["cancel"]);
    }

    #[test]
    fn without_it_the_first_that_fits_is_the_message() {
        check("[1, 2]", &["pair"]);
        check(r#""abcd""#, &["text"]);
    }

    #[test]
    fn what_is_wrong_is_said_of_the_message_that_was_meant() {
        check(r#"{"req": {"op": "subscribe"}, "symbol": 1, "all": 1}"#, &["/symbol type must be a string"]);
        check(
            r#"{"req": {"op": "subscribe"}}"#,
            &[" oneOf matches none of the messages that clients send: subscribeAll, subscribe"],
        );
        check("[1]", &[" minItems must have at least 2 items"]);
        check(r#""abcde""#, &[" maxLength must be at most 4 characters long"]);
        check("7", &[" oneOf matches none of the messages that clients send: pair, text"]);
    }

    #[test]
    fn where_nothing_is_expected_that_is_said() {
        check_on(&TO_CLIENT, "{}", &[" enum is not expected: the server sends nothing here"]);
    }

    #[test]
    fn an_unknown_value_is_located() {
        let keyed = BUNDLE.replace(r#""structural": ["pair", "text"]"#, r#""structural": []"#);
        let keyed = Reference::new(Box::leak(keyed.into_boxed_str()), Direction::ToServer);
        check_on(&keyed, "[]", &[" type must be an object"]);
        check_on(&keyed, "{}", &["/req required is required"]);
        check_on(&keyed, r#"{"req": {"op": "x"}}"#, &["/req/op enum is not a message that clients send"]);
        check_on(&keyed, r#"{"req": {"op": []}}"#, &["/req/op enum is not a message that clients send"]);
        check_on(&keyed, r#"{"a": 1, "a": 1}"#, &["/a duplicate-key occurs more than once"]);
    }
}
