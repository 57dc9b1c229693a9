//! Smaller frames: valid where they were valid, and wrong in the same place where they were wrong.

use serde_json::Value;

use crate::contract::Direction;
use crate::fuzz::plan::{Intent, Sent};
use crate::fuzz::protocol::Protocol;

/// What is left as it is: it says which frame it is.
const KEPT: [&str; 4] = ["/v", "/id", "/type", "/topic"];

/// Frames that are smaller by one thing each, those that are much smaller first.
pub(super) fn smaller(protocol: &Protocol, sent: &Sent, frame: &Value) -> Vec<Value> {
    let mut candidates = Vec::new();
    let is_kept = |pointer: &str| protocol.has_envelope() && KEPT.contains(&pointer);
    for pointer in places(frame) {
        if is_kept(&pointer) {
            continue;
        }
        if let Some(without) = removed(frame, &pointer) {
            candidates.push(without);
        }
        let value = frame.pointer(&pointer).cloned().unwrap_or_default();
        for simpler in simpler(&value) {
            let mut with = frame.clone();
            if let Some(place) = with.pointer_mut(&pointer) {
                *place = simpler;
                candidates.push(with);
            }
        }
    }
    candidates.retain(|candidate| candidate != frame && is_as_wrong(protocol, sent, candidate));
    candidates
}

/// Whether the frame is valid as the one before, or wrong as that.
fn is_as_wrong(protocol: &Protocol, sent: &Sent, frame: &Value) -> bool {
    let Some(key) = &sent.message else { return false };
    let checked = protocol.contract().check_as(Direction::ToServer, key, frame);
    match &sent.intent {
        Intent::Valid => checked.is_ok(),
        Intent::Invalid { keyword, pointer } => checked.is_err_and(|violations| {
            violations.iter().all(|violation| {
                violation.keyword == *keyword
                    && (violation.pointer == *pointer || pointer.starts_with(&violation.pointer))
            })
        }),
        Intent::Breach { .. } => false,
    }
}

/// Every place of a value but the root, as JSON Pointers; what contains others comes before them.
fn places(value: &Value) -> Vec<String> {
    fn add(value: &Value, at: &str, places: &mut Vec<String>) {
        let mut below = |key: String, value: &Value| {
            let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
            places.push(pointer.clone());
            add(value, &pointer, places);
        };
        match value {
            Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| below(index.to_string(), item)),
            Value::Object(members) => members.iter().for_each(|(key, member)| below(key.clone(), member)),
            _ => {}
        }
    }
    let mut places = Vec::new();
    add(value, "", &mut places);
    places
}

fn removed(frame: &Value, pointer: &str) -> Option<Value> {
    let (parent, key) = pointer.rsplit_once('/')?;
    let mut frame = frame.clone();
    match frame.pointer_mut(parent)? {
        Value::Object(members) => drop(members.shift_remove(&key.replace("~1", "/").replace("~0", "~"))?),
        Value::Array(items) => drop(items.remove(key.parse().ok()?)),
        _ => return None,
    }
    Some(frame)
}

/// Simpler values of the same type.
fn simpler(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(true) => vec![Value::Bool(false)],
        Value::Number(number) => {
            let half = number.as_i64().map(|number| Value::from(number / 2));
            let less = number.as_i64().map(|number| Value::from(number - number.signum()));
            [Some(Value::from(0)), Some(Value::from(1)), half, less]
                .into_iter()
                .flatten()
                .filter(|it| it != value)
                .collect()
        }
        Value::String(text) => {
            let length = text.chars().count();
            let cut = |length: usize| text.chars().take(length).collect::<String>();
            let mut simpler: Vec<String> = [0, 1, length / 2, length.saturating_sub(1)].map(cut).into();
            simpler.push("a".repeat(length));
            simpler.push("a".to_owned());
            simpler.dedup();
            simpler.into_iter().filter(|it| it != text && it.len() <= text.len()).map(Value::String).collect()
        }
        Value::Array(items) if items.len() > 1 => {
            vec![Value::from(items[..items.len() / 2].to_vec()), Value::from(items[items.len() / 2..].to_vec())]
        }
        _ => Vec::new(),
    }
}
