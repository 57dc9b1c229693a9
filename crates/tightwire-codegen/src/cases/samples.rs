//! Proper values: the smallest and the fullest that a schema accepts.

use jsonschema_regex::pattern_witness;
use serde_json::{Map, Value, json};
use tightwire_spec::ir::{Channel, Ir, Message, Segment};
use tightwire_spec::schema::JsonType;

use crate::view::View;

/// The name of the frame that has every property.
const FULL: &str = "every property";
/// The name of the frame that has only what is required.
const MINIMAL: &str = "only what is required";

pub(super) const UUID: &str = "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21";
pub(super) const DATE_TIME: &str = "2026-01-01T00:00:00Z";

/// Below this depth, only what is required is made: a schema may contain itself.
const MAX_DEPTH: usize = 8;

/// How much of a value to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Minimal,
    Full,
}

/// Proper frames of a message with their names: the document's examples, the smallest and the fullest.
pub(super) fn frames(ir: &Ir, message: &Message, view: &View<'_>) -> Vec<(String, Value)> {
    let mut frames: Vec<(String, Value)> = message
        .examples
        .iter()
        .zip(1..)
        .map(|(example, number)| {
            let name = example.name.clone().unwrap_or_else(|| number.to_string());
            (format!("example: {name}"), example.payload.clone())
        })
        .collect();
    for (name, extent) in [(MINIMAL, Extent::Minimal), (FULL, Extent::Full)] {
        if let Some(mut frame) = value(view, extent, 0) {
            // Without an envelope the frame is the payload, which has no topic and may be no object.
            let channel = message.channels.first().filter(|_| ir.envelope.is_some());
            if let Some((channel, members)) = channel.and_then(|id| ir.channels.get(id)).zip(frame.as_object_mut()) {
                members.insert("topic".to_owned(), topic(channel).into());
            }
            frames.push((name.to_owned(), frame));
        }
    }
    frames
}

/// The frame, without the optional properties that no proper value could be made for: a text for two patterns, say.
pub(super) fn without_what_is_wrong(
    view: &View<'_>,
    mut frame: Value,
    accepts: &dyn Fn(&Value) -> bool,
) -> Option<Value> {
    if accepts(&frame) {
        return Some(frame);
    }
    let data = view.property("data").ok()?;
    let names: Vec<String> = frame["data"].as_object()?.keys().filter(|name| !data.requires(name)).cloned().collect();
    // What is wrong may be in several of them: start with none, and add what does no harm.
    let mut removed = Vec::new();
    for name in names {
        if let Some(value) = frame["data"].as_object_mut()?.remove(&name) {
            removed.push((name, value));
        }
    }
    for (name, value) in removed {
        let mut with = frame.clone();
        with["data"][&name] = value;
        if accepts(&with) {
            frame = with;
        }
    }
    accepts(&frame).then_some(frame)
}

/// A proper value, if one can be made.
pub(super) fn value(view: &View<'_>, extent: Extent, depth: usize) -> Option<Value> {
    if view.forbidden() || depth > 2 * MAX_DEPTH {
        return None;
    }
    if let Some(values) = view.values() {
        return values.into_iter().find(|value| view.allows(value)).cloned();
    }
    if view.has_alternatives() {
        return view.alternatives().ok()?.iter().find_map(|alternative| value(alternative, extent, depth));
    }
    match view.json_type() {
        Some(JsonType::Null) | None => Some(Value::Null),
        Some(JsonType::Boolean) => Some(Value::Bool(true)),
        Some(JsonType::Integer) => Some(json!(integer(view))),
        Some(JsonType::Number) => number(view),
        Some(JsonType::String) => text(view).map(Value::String),
        Some(JsonType::Array) => list(view, extent, depth),
        Some(JsonType::Object) => object(view, extent, depth).map(Value::Object),
    }
}

/// A text of so many code points.
pub(super) fn text_of(length: u64) -> String {
    "a".repeat(usize::try_from(length).unwrap_or_default())
}

/// A list of so many items.
pub(super) fn list_of(view: &View<'_>, extent: Extent, depth: usize, length: u64) -> Option<Value> {
    let items = view.items().ok()?;
    let item = value(&items, extent, depth + 1)?;
    let unique = view.parts().any(|part| part.unique_items);
    (0..length)
        .map(|index| if unique && index > 0 { variation(&items, &item, index) } else { Some(item.clone()) })
        .collect::<Option<Vec<Value>>>()
        .map(Value::Array)
}

/// An object with so many members: those required, then the optional ones, then others.
pub(super) fn map_of(view: &View<'_>, extent: Extent, depth: usize, length: u64) -> Option<Map<String, Value>> {
    let mut members = Map::new();
    let (required, optional): (Vec<&str>, Vec<&str>) =
        view.property_names().into_iter().partition(|name| view.requires(name));
    let wanted = usize::try_from(length).ok()?.saturating_sub(required.len());
    for name in required.into_iter().chain(optional.into_iter().take(wanted)) {
        members.insert(name.to_owned(), value(&view.property(name).ok()?, extent, depth + 1)?);
    }
    if (members.len() as u64) < length {
        let others = view.additional_properties().ok()?;
        let other = if others.accepts_everything() { Value::from(1) } else { value(&others, extent, depth + 1)? };
        let missing = length - members.len() as u64;
        members.extend((0..missing).map(|index| (format!("key{index}"), other.clone())));
    }
    Some(members)
}

/// Another value that the schema accepts, different for each `index`.
pub(super) fn variation(view: &View<'_>, value: &Value, index: u64) -> Option<Value> {
    match value {
        Value::Number(number) => Some(json!(number.as_u64()? + index)),
        Value::String(text) if view.values().is_none() => {
            if let Some(pattern) = view.parts().find_map(|part| part.pattern.as_deref()) {
                return super::values::matching(pattern).into_iter().nth(index as usize).map(Value::String);
            }
            let varied = match view.parts().find_map(|part| part.format.as_deref()) {
                Some("uuid") => format!("{}{index:012}", &UUID[..24]),
                Some(_) => return None,
                None => format!("{text}{index}"),
            };
            Some(Value::String(varied))
        }
        Value::String(_) => view.values()?.into_iter().filter(|value| view.allows(value)).nth(index as usize).cloned(),
        _ => None,
    }
}

/// The channel's address with an example for each parameter.
fn topic(channel: &Channel) -> String {
    let segment = |segment: &Segment| match segment {
        Segment::Literal(text) => text.clone(),
        Segment::Parameter(name) => {
            let parameter = channel.parameters.get(name);
            let values = parameter.into_iter().flat_map(|parameter| parameter.values.iter().chain(&parameter.examples));
            values.map(String::as_str).next().unwrap_or("a").to_owned()
        }
    };
    channel.segments.iter().map(segment).collect()
}

fn integer(view: &View<'_>) -> i64 {
    let step = view.parts().find_map(|part| part.multiple_of.as_ref()?.as_i64()).unwrap_or(1).max(1);
    let lower = view.parts().filter_map(|part| {
        let exclusive = part.exclusive_minimum.as_ref().and_then(|bound| bound.as_i64()).map(|bound| bound + 1);
        part.minimum.as_ref().and_then(|bound| bound.as_i64()).max(exclusive)
    });
    let least = lower.max().unwrap_or(1);
    least + (step - least.rem_euclid(step)) % step
}

fn number(view: &View<'_>) -> Option<Value> {
    let float = |bound: &Option<serde_json::Number>| bound.as_ref().and_then(serde_json::Number::as_f64);
    let lower = view.parts().filter_map(|part| float(&part.minimum).or(float(&part.exclusive_minimum)));
    let upper = view.parts().filter_map(|part| float(&part.maximum).or(float(&part.exclusive_maximum)));
    let (least, most) = (lower.reduce(f64::max), upper.reduce(f64::min));
    let value = match (least, most) {
        (Some(least), Some(most)) => f64::midpoint(least, most),
        (Some(least), None) => least + 0.5,
        (None, Some(most)) => most - 0.5,
        (None, None) => 0.5,
    };
    serde_json::Number::from_f64(value).map(Value::Number)
}

fn text(view: &View<'_>) -> Option<String> {
    if let Some(pattern) = view.parts().find_map(|part| part.pattern.as_deref()) {
        return super::values::matching(pattern).into_iter().next().or_else(|| pattern_witness(pattern));
    }
    match view.parts().find_map(|part| part.format.as_deref()) {
        Some("uuid") => Some(UUID.to_owned()),
        Some("date-time") => Some(DATE_TIME.to_owned()),
        Some("date") => Some("2026-01-01".to_owned()),
        Some("time") => Some("00:00:00Z".to_owned()),
        Some("email") => Some("a@example.com".to_owned()),
        Some("uri" | "iri" | "uri-reference") => Some("https://example.com/".to_owned()),
        Some("hostname") => Some("example.com".to_owned()),
        Some("ipv4") => Some("127.0.0.1".to_owned()),
        Some("ipv6") => Some("::1".to_owned()),
        _ => Some(text_of(view.parts().filter_map(|part| part.min_length).max().unwrap_or(1).max(1))),
    }
}

fn list(view: &View<'_>, extent: Extent, depth: usize) -> Option<Value> {
    let min = view.parts().filter_map(|part| part.min_items).max().unwrap_or(0);
    let wanted = if extent == Extent::Full && depth < MAX_DEPTH { min.max(1) } else { min };
    list_of(view, extent, depth, wanted).or_else(|| (min == 0).then(|| json!([])))
}

fn object(view: &View<'_>, extent: Extent, depth: usize) -> Option<Map<String, Value>> {
    let mut members = Map::new();
    for name in view.property_names() {
        let required = view.requires(name);
        if !required && (extent == Extent::Minimal || depth >= MAX_DEPTH) {
            continue;
        }
        match view.property(name).ok().and_then(|property| value(&property, extent, depth + 1)) {
            Some(value) => {
                members.insert(name.to_owned(), value);
            }
            None if required => return None,
            None => {}
        }
    }
    let min = view.parts().filter_map(|part| part.min_properties).max().unwrap_or(0);
    let wanted = if extent == Extent::Full && members.is_empty() && depth < MAX_DEPTH { min.max(1) } else { min };
    if (members.len() as u64) < wanted && !view.additional_properties().ok()?.forbidden()
        || members.is_empty() && min > 0
    {
        return map_of(view, extent, depth, wanted);
    }
    Some(members)
}
