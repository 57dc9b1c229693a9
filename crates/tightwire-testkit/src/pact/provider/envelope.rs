//! The envelope of frames: fixed in the file, so that it is the same bytes on every run, and new for each frame that is sent.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::draft::DraftFrame;
use super::matchers;
use super::protocol::Protocol;
use super::template::Template;
use crate::pact::Contents;

/// 2026-01-01T00:00:00Z.
const TS: u64 = 1_767_225_600_000;
/// What examples have as `epoch`.
pub(super) const EPOCH: &str = "b1946ac92492d234";
/// The `id` of every request in a file, and the `correlation_id` of what comes unasked.
const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";

/// The request, as it stands in the file.
pub(super) fn request(frame: &DraftFrame) -> Result<Value, String> {
    let envelope = [
        ("v", json!(1)),
        ("id", matchers::uuid(REQUEST_ID)),
        ("type", json!(frame.wire_type)),
        ("topic", json!(frame.topic)),
        ("ts", matchers::integer(TS)),
        ("data", frame.data.clone()),
    ];
    written(envelope)
}

/// The frame that is the `number`th of an interaction, from 1, as it stands in the file. `position` is its place in the log.
pub(super) fn response(protocol: &Protocol, frame: &DraftFrame, number: u64, position: u64) -> Result<Value, String> {
    let mut envelope = vec![
        ("v", json!(1)),
        ("id", matchers::uuid(&format!("00000000-0000-7000-8000-{number:012x}"))),
        ("type", json!(frame.wire_type)),
        ("topic", json!(frame.topic)),
        ("ts", matchers::integer(TS + number)),
        ("correlation_id", matchers::uuid(REQUEST_ID)),
    ];
    if protocol.is_kept(&frame.wire_type) {
        envelope.extend([("seq", matchers::integer(position)), ("epoch", matchers::like(EPOCH))]);
    }
    envelope.push(("data", frame.data.clone()));
    written(envelope)
}

fn written(envelope: impl IntoIterator<Item = (&'static str, Value)>) -> Result<Value, String> {
    let envelope: Map<String, Value> = envelope.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let Template { example, rules } = Template::read(&Value::Object(envelope), "$")?;
    Ok(json!({
        "contents": {"content": example, "contentType": "application/json", "encoded": false},
        "matchingRules": {"body": rules},
    }))
}

/// The frame as it is sent: with an `id` and a time of its own, and its place in the log.
pub(super) fn sent(example: &Value, correlation: Uuid, position: Option<u64>) -> Value {
    let mut frame = example.clone();
    frame["id"] = json!(Uuid::now_v7());
    frame["ts"] = json!(crate::frame::unix_ms());
    frame["correlation_id"] = json!(correlation);
    if let Some(position) = position {
        frame["seq"] = json!(position);
    }
    frame
}

/// The example of an interaction's contents.
pub(super) fn example(contents: &Contents) -> Value {
    contents.value().unwrap_or(Value::Null)
}
