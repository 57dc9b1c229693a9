//! Values as texts, and what texts stand for.

use serde_json::{Number, Value};

use super::{Kind, Place};

/// What the texts given for one parameter stand for. `None` if there are several, and no list is allowed.
pub(super) fn read(given: &[&str], kinds: &[Kind], place: Place) -> Option<Value> {
    let items = kinds.iter().find_map(|kind| match kind {
        Kind::Array(items) => Some(*items),
        _ => None,
    });
    let others = kinds.iter().any(|kind| !matches!(kind, Kind::Array(_)));
    match (items, given) {
        // Where the one text may be a value of its own, it is.
        (_, [text]) if others => Some(value(text, kinds)),
        (Some(items), texts) => {
            let in_header = place == Place::Header;
            let split = texts.iter().flat_map(|text| text.split(move |c| in_header && c == ','));
            Some(split.map(|text| value(if in_header { text.trim() } else { text }, items)).collect())
        }
        (None, _) => None,
    }
}

/// What one text stands for. Where it can be nothing else it stays a text, and the schema says what it should be.
fn value(text: &str, kinds: &[Kind]) -> Value {
    let read = |kind: Kind| match kind {
        Kind::Boolean => text.parse().ok().map(Value::Bool),
        Kind::Number => serde_json::from_str::<Number>(text).ok().map(Value::Number),
        Kind::Object => serde_json::from_str(text).ok().filter(Value::is_object),
        Kind::Null => matches!(text, "" | "null").then_some(Value::Null),
        Kind::String | Kind::Array(_) => None,
    };
    let ordered = [Kind::Boolean, Kind::Number, Kind::Object].into_iter().filter(|kind| kinds.contains(kind));
    // A text that may be a text is one, even if it is `null`.
    let null = (kinds.contains(&Kind::Null) && !kinds.contains(&Kind::String)).then_some(Kind::Null);
    ordered.chain(null).find_map(read).unwrap_or_else(|| text.into())
}

/// The texts of a value: none for `null`, which stands for what is absent.
pub(super) fn write(value: &Value, place: Place) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().filter(|item| !item.is_null()).map(text).collect();
            match place {
                Place::Query => texts,
                Place::Header | Place::Path if texts.is_empty() => texts,
                Place::Header | Place::Path => vec![texts.join(", ")],
            }
        }
        value => vec![text(value)],
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
