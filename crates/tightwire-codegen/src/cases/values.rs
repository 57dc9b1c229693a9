//! For each constraint on a single value: values on both sides of it.

use serde_json::{Number, Value, json};
use tightwire_spec::schema::{JsonType, SchemaObject};

use super::samples::{UUID, text_of};
use crate::pattern::{Piece, unfold};

/// A value to put in place of a proper one.
pub(super) struct Candidate {
    pub(super) keyword: &'static str,
    pub(super) what: &'static str,
    pub(super) accept: bool,
    pub(super) value: Value,
}

/// What the keywords of a scalar say, from both sides.
pub(super) fn candidates(part: &SchemaObject, json_type: Option<JsonType>) -> Vec<Candidate> {
    let mut list = List::default();
    types(&mut list, json_type);
    values(&mut list, part);
    match json_type {
        Some(JsonType::String) => texts(&mut list, part),
        Some(JsonType::Integer) => numbers(&mut list, part, |number, offset| Some(json!(number.as_i64()? + offset))),
        Some(JsonType::Number) => numbers(&mut list, part, |number, offset| {
            Number::from_f64(number.as_f64()? + offset as f64 / 1000.0).map(Value::Number)
        }),
        _ => {}
    }
    list.0
}

/// Texts that a simple pattern matches, shortest and longest of each alternative.
pub(super) fn matching(pattern: &str) -> Vec<String> {
    let Some(alternatives) = unfold(pattern) else { return Vec::new() };
    let mut texts = Vec::new();
    for pieces in &alternatives {
        for longest in [false, true] {
            let text = written(pieces, longest, 0);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    texts
}

#[derive(Default)]
struct List(Vec<Candidate>);

impl List {
    fn add(&mut self, keyword: &'static str, what: &'static str, accept: bool, value: impl Into<Value>) {
        self.0.push(Candidate { keyword, what, accept, value: value.into() });
    }
}

fn types(list: &mut List, json_type: Option<JsonType>) {
    let Some(json_type) = json_type else { return };
    list.add("type", "null", false, Value::Null);
    match json_type {
        JsonType::String => list.add("type", "a number", false, 1),
        JsonType::Integer => {
            list.add("type", "a fraction", false, 1.5);
            list.add("type", "a string", false, "1");
        }
        JsonType::Number => list.add("type", "a string", false, "1"),
        JsonType::Boolean => list.add("type", "a number", false, 1),
        JsonType::Array => list.add("type", "an object", false, json!({})),
        JsonType::Object => list.add("type", "an array", false, json!([])),
        JsonType::Null => {}
    }
}

fn values(list: &mut List, part: &SchemaObject) {
    if let Some(value) = &part.const_value {
        list.add("const", "another value", false, other(value));
    }
    for value in part.enum_values.iter().flatten() {
        list.add("enum", "a value of the list", true, value.clone());
    }
    if let Some(value) = part.enum_values.as_ref().and_then(|values| values.first()) {
        list.add("enum", "a value not of the list", false, other(value));
        if let Some(text) = value.as_str() {
            list.add("enum", "a value of the list in capitals", false, text.to_uppercase());
        }
    }
}

/// A value of the same type that no list has.
fn other(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_i64().unwrap_or_default() + 7919),
        Value::Bool(value) => json!(!value),
        _ => json!("none_of_these"),
    }
}

fn texts(list: &mut List, part: &SchemaObject) {
    if let Some(min) = part.min_length.filter(|min| *min > 0) {
        list.add("minLength", "the shortest", true, text_of(min));
        list.add("minLength", "the shortest, beyond the BMP", true, "🦀".repeat(usize::try_from(min).unwrap_or(1)));
        list.add("minLength", "one too short", false, text_of(min - 1));
    }
    if let Some(max) = part.max_length {
        list.add("maxLength", "the longest", true, text_of(max));
        // More UTF-16 units and more bytes than `max`, but not more code points.
        list.add("maxLength", "the longest, beyond the BMP", true, text_of(max.saturating_sub(2)) + "🦀é");
        list.add("maxLength", "one too long", false, text_of(max + 1));
        list.add("maxLength", "one too long, beyond the BMP", false, text_of(max) + "🦀");
    }
    if let Some(pattern) = &part.pattern {
        for text in matching(pattern) {
            list.add("pattern", "matches", true, text);
        }
        for text in not_matching(pattern) {
            list.add("pattern", "does not match", false, text);
        }
    }
    match part.format.as_deref() {
        Some("uuid") => {
            list.add("format", "in capitals", true, UUID.to_uppercase());
            list.add("format", "without hyphens", false, UUID.replace('-', ""));
            list.add("format", "in braces", false, format!("{{{UUID}}}"));
            list.add("format", "one too short", false, &UUID[1..]);
            list.add("format", "not hexadecimal", false, UUID.replace('e', "g"));
            list.add("format", "empty", false, "");
        }
        Some("date-time") => {
            list.add("format", "with a fraction", true, "2026-02-28T23:59:59.123Z");
            list.add("format", "with an offset", true, "2024-02-29T12:00:00+05:30");
            list.add("format", "without a time", false, "2026-01-01");
            list.add("format", "without a zone", false, "2026-01-01T00:00:00");
            list.add("format", "no such day", false, "2026-02-29T00:00:00Z");
            list.add("format", "no such hour", false, "2026-01-01T24:00:00Z");
            list.add("format", "words", false, "yesterday");
        }
        Some(_) => list.add("format", "words", false, "not of that format at all"),
        None => {}
    }
}

fn numbers(list: &mut List, part: &SchemaObject, offset: impl Fn(&Number, i64) -> Option<Value>) {
    let bounds = [
        ("minimum", &part.minimum, 0, -1),
        ("maximum", &part.maximum, 0, 1),
        ("exclusiveMinimum", &part.exclusive_minimum, 1, 0),
        ("exclusiveMaximum", &part.exclusive_maximum, -1, 0),
    ];
    for (keyword, bound, within, beyond) in bounds {
        let Some(bound) = bound else { continue };
        if let (Some(within), Some(beyond)) = (offset(bound, within), offset(bound, beyond)) {
            list.add(keyword, "at the bound", true, within);
            list.add(keyword, "beyond the bound", false, beyond);
        }
    }
    if let Some(step) = part.multiple_of.as_ref().and_then(Number::as_i64) {
        list.add("multipleOf", "a multiple", true, step * 3);
        list.add("multipleOf", "not a multiple", false, step * 3 + 1);
    }
}

/// Texts that a simple pattern does not match: too short, too long, a character too strange.
fn not_matching(pattern: &str) -> Vec<String> {
    let mut texts = vec![String::new(), "\u{7f}".to_owned()];
    for pieces in unfold(pattern).into_iter().flatten().filter(|pieces| pieces.len() > 1) {
        let (shortest, longest) = (written(&pieces, false, 0), written(&pieces, true, 1));
        let strange = format!("{} ", &shortest);
        let short = shortest.get(..shortest.len().saturating_sub(1)).unwrap_or_default().to_owned();
        texts.extend([short, longest, strange, format!("x{shortest}"), format!("{shortest}é")]);
    }
    texts
}

/// The pieces written out, each class as short or as long as it may be, the long ones by `excess` too long.
fn written(pieces: &[Piece], longest: bool, excess: usize) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(literal) => literal.clone(),
        Piece::Class { ranges, min, max } => {
            let length = if longest { max.unwrap_or(min + 5) + excess } else { *min };
            let characters: Vec<char> =
                ranges.iter().flat_map(|(first, last)| [*first, *last]).map(char::from).collect();
            characters.iter().cycle().take(length).collect()
        }
        Piece::End => String::new(),
    };
    pieces.iter().map(piece).collect()
}
