//! The contract that frames are checked against: one JSON Schema validator per message and direction.
//!
//! It is read from the schema bundle that the code generator writes (`generated/schema/ws_messages.schema.json`, also
//! `CONTRACT.schema_bundle` of generated code), so a harness needs neither the AsyncAPI document nor the server's types.
//! What has no envelope is told apart as the bundle's `x-dispatch` says.
//! Messages are not masked as they are on the server: in a test the offending value is what one wants to see.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::sync::Arc;

use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tightwire_spec::draft::Draft as SchemaDraft;
use tightwire_spec::ir::{self, Ir};
use tightwire_spec::schema::Schema;
use uuid::Uuid;

use self::dispatch::Dispatch;
use crate::json;

mod dispatch;

/// The messages of a protocol, by direction and `type`. Cheap to clone.
#[derive(Clone)]
pub struct Contract {
    messages: Arc<Messages>,
}

/// Which way a frame travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// A place where a frame departs from the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON Pointer into the frame; empty for the frame itself.
    pub pointer: String,
    /// The violated keyword of JSON Schema; `json` for text that is not JSON, `duplicate-key` for a repeated key.
    pub keyword: String,
    /// What is wrong, with the value.
    pub message: String,
}

/// Why a schema bundle cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// The text is not JSON: probably not the bundle at all.
    #[error("the schema bundle is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// The bundle does not say which messages there are: generate it again.
    #[error("the schema bundle has no object at `{0}`; is it the one that `tightwire generate` writes?")]
    NoMessages(&'static str),
    /// A message's schema is not a schema: mend the document it was generated from.
    #[error("the schema of message `{wire_type}` cannot be used: {message}")]
    BadSchema {
        /// The message's `type`.
        wire_type: String,
        /// What the validator's compiler says.
        message: String,
    },
}

impl Contract {
    /// Reads a schema bundle: draft-07 or 2020-12, `definitions`, and `x-messages` with a schema (usually a `$ref`) for each
    /// `type` under `to_server` and `to_client`.
    ///
    /// # Errors
    /// Where the text is not such a bundle.
    pub fn from_bundle(bundle: &str) -> Result<Self, ContractError> {
        let bundle: Value = serde_json::from_str(bundle)?;
        let definitions = bundle.get("definitions").cloned().unwrap_or_else(|| json!({}));
        let messages = Messages {
            to_server: validators(&bundle, "/x-messages/to_server", &definitions)?,
            to_client: validators(&bundle, "/x-messages/to_client", &definitions)?,
            dispatch: dispatch(&bundle)?,
        };
        Ok(Self { messages: Arc::new(messages) })
    }

    /// The contract of a document.
    ///
    /// # Errors
    /// Where one of its schemas cannot be used.
    pub fn from_ir(ir: &Ir) -> Result<Self, ContractError> {
        let draft = ir.draft();
        let schema = |schema: &Schema| schema.to_json_in(draft, "#/definitions/");
        let definitions: Map<String, Value> =
            ir.schemas.iter().map(|(name, own)| (name.clone(), schema(own))).collect();
        let definitions = Value::Object(definitions);
        let later = draft == SchemaDraft::Draft2020;
        let dispatch = ir.envelope.is_none().then(|| Dispatches {
            to_server: Dispatch::of(ir.dispatch.of(ir::Direction::ToServer)),
            to_client: Dispatch::of(ir.dispatch.of(ir::Direction::ToClient)),
        });
        let mut messages = Messages { to_server: BTreeMap::new(), to_client: BTreeMap::new(), dispatch };
        for message in ir.messages.values() {
            let name = message.wire_type.as_ref().filter(|_| ir.envelope.is_some()).unwrap_or(&message.id);
            for direction in &message.directions {
                let validator = compile(name, &schema(&message.payload), &definitions, later)?;
                let those = match direction {
                    ir::Direction::ToServer => &mut messages.to_server,
                    ir::Direction::ToClient => &mut messages.to_client,
                };
                those.insert(name.clone(), validator);
            }
        }
        Ok(Self { messages: Arc::new(messages) })
    }

    /// Checks the text of a frame and gives it back parsed.
    ///
    /// # Errors
    /// Each place where the frame departs from the contract; never empty.
    pub fn check_text(&self, direction: Direction, text: &str) -> Result<Value, Vec<Violation>> {
        let frame = json::parse(text).map_err(|violation| vec![violation])?;
        self.check(direction, &frame)?;
        Ok(frame)
    }

    /// Checks a frame.
    ///
    /// # Errors
    /// Each place where the frame departs from the contract; never empty.
    pub fn check(&self, direction: Direction, frame: &Value) -> Result<(), Vec<Violation>> {
        let validator = match &self.messages.dispatch {
            None => self.validator(direction, frame).map_err(|violation| vec![violation])?,
            Some(_) => {
                let mut candidates = self.candidates(direction, frame);
                let Some((_, first)) = candidates.next() else {
                    return Err(vec![no_message(direction)]);
                };
                if first.is_valid(frame) || candidates.any(|(_, validator)| validator.is_valid(frame)) {
                    return Ok(());
                }
                first
            }
        };
        let violations: Vec<Violation> = validator.iter_errors(frame).map(|error| violation(&error)).collect();
        if violations.is_empty() { Ok(()) } else { Err(violations) }
    }

    /// Checks a frame as that message, which is named by its key in the bundle.
    ///
    /// # Errors
    /// Every way in which it is not one.
    pub fn check_as(&self, direction: Direction, message: &str, frame: &Value) -> Result<(), Vec<Violation>> {
        let Some(validator) = self.messages.of(direction).get(message) else {
            let message = format!("no message `{message}` travels {direction}");
            return Err(vec![Violation { pointer: String::new(), keyword: "enum".to_owned(), message }]);
        };
        if validator.is_valid(frame) {
            return Ok(());
        }
        Err(validator.iter_errors(frame).map(|error| violation(&error)).collect())
    }

    /// Which message a frame is, by the name that [`Contract::types`] has; in a protocol without an envelope the first one
    /// whose schema accepts it. `None` where the contract has no such message.
    #[must_use]
    pub fn message(&self, direction: Direction, frame: &Value) -> Option<&str> {
        if self.messages.dispatch.is_some() {
            let mut candidates = self.candidates(direction, frame);
            return candidates.find(|(_, validator)| validator.is_valid(frame)).map(|(name, _)| name);
        }
        let wire_type = frame.get("type")?.as_str()?;
        self.messages.of(direction).get_key_value(wire_type).map(|(name, _)| name.as_str())
    }

    /// Whether frames have an envelope, whose `type` says which message they are.
    #[must_use]
    pub fn is_enveloped(&self) -> bool {
        self.messages.dispatch.is_none()
    }

    /// The `type`s of the messages that travel that way, sorted.
    pub fn types(&self, direction: Direction) -> impl Iterator<Item = &str> {
        self.messages.of(direction).keys().map(String::as_str)
    }

    /// The messages that a frame without an envelope can be, in the order in which they are tried.
    fn candidates<'a>(
        &'a self,
        direction: Direction,
        frame: &Value,
    ) -> impl Iterator<Item = (&'a str, &'a Validator)> + use<'a> {
        let dispatch = self.messages.dispatch.as_ref().map(|dispatch| dispatch.of(direction));
        let names = dispatch.map(|dispatch| dispatch.candidates(frame)).into_iter().flatten();
        names.filter_map(move |name| Some((name, self.messages.of(direction).get(name)?)))
    }

    fn validator(&self, direction: Direction, frame: &Value) -> Result<&Validator, Violation> {
        let at_type = |keyword: &str, message: String| Violation {
            pointer: "/type".to_owned(),
            keyword: keyword.to_owned(),
            message,
        };
        let wire_type = match frame.get("type") {
            Some(Value::String(wire_type)) => wire_type,
            Some(other) => return Err(at_type("type", format!("{other} is not a string"))),
            None => {
                let message = if frame.is_object() { "\"type\" is a required property" } else { "not an object" };
                return Err(Violation {
                    pointer: String::new(),
                    keyword: "required".to_owned(),
                    message: message.to_owned(),
                });
            }
        };
        if let Some(validator) = self.messages.of(direction).get(wire_type) {
            return Ok(validator);
        }
        Err(at_type(
            "enum",
            if self.messages.of(direction.opposite()).contains_key(wire_type) {
                format!("`{wire_type}` only travels {}, not {direction}", direction.opposite())
            } else {
                format!("no message `{wire_type}` travels {direction}")
            },
        ))
    }
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("to_server", &self.messages.to_server.keys())
            .field("to_client", &self.messages.to_client.keys())
            .finish()
    }
}

impl Direction {
    fn opposite(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}

impl Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ToServer => "to the server",
            Self::ToClient => "to the client",
        })
    }
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "the frame" } else { &self.pointer };
        write!(f, "{pointer}: {} ({})", self.message, self.keyword)
    }
}

struct Messages {
    to_server: BTreeMap<String, Validator>,
    to_client: BTreeMap<String, Validator>,
    /// How messages are told apart without an envelope.
    dispatch: Option<Dispatches>,
}

#[derive(Deserialize)]
struct Dispatches {
    to_server: Dispatch,
    to_client: Dispatch,
}

impl Dispatches {
    fn of(&self, direction: Direction) -> &Dispatch {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

impl Messages {
    fn of(&self, direction: Direction) -> &BTreeMap<String, Validator> {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

fn validators(
    bundle: &Value,
    pointer: &'static str,
    definitions: &Value,
) -> Result<BTreeMap<String, Validator>, ContractError> {
    let messages: &Map<String, Value> =
        bundle.pointer(pointer).and_then(Value::as_object).ok_or(ContractError::NoMessages(pointer))?;
    let later = bundle.get("$schema").and_then(Value::as_str).is_some_and(|draft| draft.contains("2020-12"));
    messages
        .iter()
        .map(|(wire_type, schema)| Ok((wire_type.clone(), compile(wire_type, schema, definitions, later)?)))
        .collect()
}

fn dispatch(bundle: &Value) -> Result<Option<Dispatches>, ContractError> {
    bundle.get("x-dispatch").map(Dispatches::deserialize).transpose().map_err(ContractError::NotJson)
}

fn no_message(direction: Direction) -> Violation {
    Violation {
        pointer: String::new(),
        keyword: "anyOf".to_owned(),
        message: format!("no message that travels {direction} looks like this"),
    }
}

fn compile(wire_type: &str, schema: &Value, definitions: &Value, later: bool) -> Result<Validator, ContractError> {
    // `allOf` and not the schema itself, because draft-07 ignores what stands beside a `$ref`.
    let root = json!({
        "allOf": [schema],
        "definitions": reached(schema, definitions),
    });
    jsonschema::options()
        .with_draft(if later { Draft::Draft202012 } else { Draft::Draft7 })
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        // Draft-07 knows no `uuid`; the hyphenated form is the only one on the wire.
        .with_format("uuid", |text: &str| text.len() == 36 && Uuid::try_parse(text).is_ok())
        .with_format("duration", |_: &str| true)
        .build(&root)
        .map_err(|error| ContractError::BadSchema { wire_type: wire_type.to_owned(), message: error.to_string() })
}

/// The definitions that the schema refers to, directly or through others. With all of them in every message's schema, a
/// contract of thirty messages would take three times as long to read, in every test.
fn reached(schema: &Value, definitions: &Value) -> Map<String, Value> {
    let mut reached = Map::new();
    let mut open = vec![schema];
    while let Some(next) = open.pop() {
        match next {
            Value::Array(items) => open.extend(items),
            Value::Object(entries) => {
                open.extend(entries.values());
                let name = entries.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/definitions/"));
                // A name with a pointer behind it is found by its first segment; one that is not there is left to the
                // validator to complain about.
                if let Some(name) = name.and_then(|name| name.split('/').next()).map(unescaped)
                    && let Some(definition) = definitions.get(&name)
                    && reached.insert(name, definition.clone()).is_none()
                {
                    open.push(definition);
                }
            }
            _ => {}
        }
    }
    reached
}

/// A token of a JSON Pointer that stands in a URI fragment (RFC 6901, section 6), as it is meant.
fn unescaped(token: &str) -> String {
    percent_decode_str(token).decode_utf8_lossy().replace("~1", "/").replace("~0", "~")
}

fn violation(error: &ValidationError<'_>) -> Violation {
    Violation {
        pointer: error.instance_path().as_str().to_owned(),
        keyword: error.kind().keyword().to_owned(),
        message: json::shorten(&error.to_string(), 300),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_bundle(bundle: &str, expected: &str) {
        let error = Contract::from_bundle(bundle).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn refuses_what_is_not_a_bundle() {
        check_bundle("asyncapi: 3.0.0", "the schema bundle is not JSON: ");
        check_bundle("{}", "the schema bundle has no object at `/x-messages/to_server`");
        let dangling = r##"{"x-messages": {"to_server": {"say": {"$ref": "#/definitions/Say"}}, "to_client": {}}}"##;
        check_bundle(dangling, "the schema of message `say` cannot be used: ");
    }

    #[test]
    fn names_of_messages_may_have_any_characters() {
        let bundle = json!({
            "definitions": {"Größe/m~Frame": {"required": ["meter"]}},
            "x-messages": {"to_server": {}, "to_client": {"Größe": {"$ref": "#/definitions/Gr%C3%B6%C3%9Fe~1m~0Frame"}}},
        });
        let contract = Contract::from_bundle(&bundle.to_string()).unwrap();
        let check = |frame: Value| contract.check(Direction::ToClient, &frame).is_ok();
        assert!(check(json!({"type": "Größe", "meter": 1})));
        assert!(!check(json!({"type": "Größe"})));
    }

    #[track_caller]
    fn check_data(schema: Value, data: Value, expected: &[&str]) {
        let bundle = json!({
            "definitions": {"Data": schema},
            "x-messages": {
                "to_server": {},
                "to_client": {"note": {"properties": {"data": {"$ref": "#/definitions/Data"}}}},
            },
        });
        let contract = Contract::from_bundle(&bundle.to_string()).unwrap();
        let found = contract.check(Direction::ToClient, &json!({"type": "note", "data": data}));
        let found: Vec<String> = found.err().unwrap_or_default().iter().map(Violation::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn reports_every_violation_with_its_value() {
        let schema = json!({"required": ["c"], "properties": {"a": {"type": "integer"}, "b": {"maxLength": 1}}});
        check_data(schema.clone(), json!({"a": 1, "b": "x", "c": null}), &[]);
        check_data(
            schema,
            json!({"a": "1", "b": "xy"}),
            &[
                "/data: \"c\" is a required property (required)",
                "/data/a: \"1\" is not of type \"integer\" (type)",
                "/data/b: \"xy\" is longer than 1 character (maxLength)",
            ],
        );
    }

    #[test]
    fn checks_formats() {
        check_data(json!({"format": "uuid"}), json!("0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e99"), &[]);
        let bare = "0190b6a27c1e7b6a9a640d5a3c0f7e99";
        check_data(json!({"format": "uuid"}), json!(bare), &[&format!("/data: \"{bare}\" is not a \"uuid\" (format)")]);
        check_data(json!({"format": "date-time"}), json!("2026-01-01T00:00:00Z"), &[]);
        check_data(json!({"format": "date-time"}), json!("noon"), &["/data: \"noon\" is not a \"date-time\" (format)"]);
    }

    #[test]
    fn tells_messages_without_an_envelope_apart() {
        let bundle = json!({
            "x-messages": {
                "to_server": {},
                "to_client": {"tick": {"required": ["price"]}, "status": {"required": ["up"]}, "other": {"type": "array"}},
            },
            "x-dispatch": {
                "to_server": {"by": [], "values": [], "structural": []},
                "to_client": {
                    "by": ["kind"],
                    "values": [{"value": "t", "messages": ["tick"]}, {"value": "s", "messages": ["status"]}],
                    "structural": ["other"],
                },
            },
        });
        let contract = Contract::from_bundle(&bundle.to_string()).unwrap();
        let check = |frame: Value, message: Option<&str>, found: &[&str]| {
            assert_eq!(contract.message(Direction::ToClient, &frame), message, "{frame}");
            let violations = contract.check(Direction::ToClient, &frame).err().unwrap_or_default();
            assert_eq!(violations.iter().map(Violation::to_string).collect::<Vec<_>>(), found);
        };
        check(json!({"kind": "t", "price": 1}), Some("tick"), &[]);
        check(json!({"kind": "s", "price": 1}), None, &["the frame: \"up\" is a required property (required)"]);
        check(json!([]), Some("other"), &[]);
        let frame = json!({});
        let violations = contract.check(Direction::ToServer, &frame).unwrap_err();
        assert_eq!(
            violations[0].to_string(),
            "the frame: no message that travels to the server looks like this (anyOf)"
        );
        assert!(!contract.is_enveloped());
    }

    #[test]
    fn knows_its_messages() {
        let bundle = r#"{"x-messages": {"to_server": {"b": true, "a": {}}, "to_client": {"c": true}}}"#;
        let contract = Contract::from_bundle(bundle).unwrap();
        assert_eq!(contract.types(Direction::ToServer).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(contract.types(Direction::ToClient).collect::<Vec<_>>(), ["c"]);
    }
}
