//! The JSON Schema bundle: all messages and the schemas they reach, in one document. It is in draft-07 unless a schema uses
//! keywords that only 2020-12 has; then all of it is in 2020-12.
//!
//! The schemas stand as they were written, `allOf` included. Each message's whole frame is a definition too
//! (`SendMessageFrame`), and `x-messages` says which frames travel which way, by their `type`; without an envelope by the
//! message's key, and then `x-dispatch` says how the messages are told apart. The reference path of the generated decoder
//! validates with this text, so what is published is what is enforced. `x-handshake` has the schemas of the handshake's
//! parameters, by path and place (`path`, `query`, `headers`).

use serde_json::{Map, Value, json};
use tightwire_spec::draft::Draft;
use tightwire_spec::ir::{Direction, Dispatch, Ir, Message};
use tightwire_spec::schema::{Reference, Schema};

use crate::config::Config;
use crate::error::Error;
use crate::handshakes;
use crate::output::OutputFile;
use crate::rust::names;

/// How a definition is referred to.
const DEFINITIONS: &str = "#/definitions/";

/// Generates `generated/schema/ws_messages.schema.json`.
///
/// # Errors
/// None so far.
pub fn emit(ir: &Ir, config: &Config) -> Result<OutputFile, Error> {
    let mut bundle = bundle(ir);
    bundle.shift_insert(1, "$comment".to_owned(), config.preamble("").trim().into());
    Ok(OutputFile::new("generated/schema/ws_messages.schema.json", pretty(bundle)))
}

/// The bundle as text: what the generated code carries as `CONTRACT.schema_bundle`.
pub fn text(ir: &Ir) -> String {
    value(ir).to_string()
}

/// The bundle.
pub(crate) fn value(ir: &Ir) -> Value {
    Value::Object(bundle(ir))
}

/// What `x-messages` calls a message.
pub(crate) fn key<'ir>(ir: &Ir, message: &'ir Message) -> &'ir str {
    message.wire_type.as_ref().filter(|_| ir.envelope.is_some()).unwrap_or(&message.id)
}

fn bundle(ir: &Ir) -> Map<String, Value> {
    let draft = ir.draft();
    let mut definitions: Map<String, Value> =
        ir.schemas.iter().map(|(name, schema)| (name.clone(), schema.to_json_in(draft, DEFINITIONS))).collect();
    let mut messages = json!({ "to_server": {}, "to_client": {} });
    for message in ir.messages.values() {
        let name = frame_name(&definitions, message);
        for direction in &message.directions {
            let direction = match direction {
                Direction::ToServer => "to_server",
                Direction::ToClient => "to_client",
            };
            // A name may have what a URI cannot hold.
            let reference = Schema::Ref(Reference { name: name.clone(), description: None });
            messages[direction][key(ir, message)] = reference.to_json_in(draft, DEFINITIONS);
        }
        definitions.insert(name, frame(message, draft));
    }
    let mut bundle = Map::new();
    bundle.insert("$schema".to_owned(), draft.uri().into());
    bundle.insert("title".to_owned(), ir.info.title.clone().into());
    if let Some(description) = &ir.info.description {
        bundle.insert("description".to_owned(), description.trim().into());
    }
    bundle.insert("version".to_owned(), ir.info.version.clone().into());
    bundle.insert("x-messages".to_owned(), messages);
    if let Some(handshake) = handshakes::bundle(ir, draft, DEFINITIONS) {
        bundle.insert("x-handshake".to_owned(), handshake);
    }
    if ir.envelope.is_none() {
        let dispatch =
            json!({ "to_server": dispatch(&ir.dispatch.to_server), "to_client": dispatch(&ir.dispatch.to_client) });
        bundle.insert("x-dispatch".to_owned(), dispatch);
    }
    bundle.insert("definitions".to_owned(), definitions.into());
    bundle
}

/// Where the value is that tells messages apart, which messages each value stands for, and which are tried for all other
/// frames: the first whose schema accepts the frame is the message.
fn dispatch(dispatch: &Dispatch) -> Value {
    let values: Vec<Value> =
        dispatch.values.iter().map(|(value, messages)| json!({ "value": value, "messages": messages })).collect();
    json!({ "by": dispatch.by, "values": values, "structural": dispatch.structural })
}

/// The schema of a message's whole frame, with what the document says about the message.
fn frame(message: &Message, draft: Draft) -> Value {
    let mut schema = match message.payload.to_json_in(draft, DEFINITIONS) {
        Value::Object(schema) if !matches!(message.payload, Schema::Ref(_)) => schema,
        // Draft-07 ignores what stands beside a `$ref`.
        other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
    };
    let texts = [("description", &message.docs.description), ("title", &message.docs.title)];
    for (key, text) in texts {
        if let Some(text) = text
            && !schema.contains_key(key)
        {
            schema.shift_insert(0, key.to_owned(), text.trim().into());
        }
    }
    Value::Object(schema)
}

/// `SendMessageFrame`, or one like it that no schema has.
fn frame_name(definitions: &Map<String, Value>, message: &Message) -> String {
    let mut name = format!("{}Frame", names::pascal(&message.id));
    while definitions.contains_key(&name) {
        name.push('_');
    }
    name
}

fn pretty(bundle: Map<String, Value>) -> String {
    format!("{:#}\n", Value::Object(bundle))
}
