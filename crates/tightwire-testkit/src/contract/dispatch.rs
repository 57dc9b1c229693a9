//! How the messages of a protocol without an envelope are told apart: `x-dispatch` of the schema bundle.

use serde::Deserialize;
use serde_json::Value;
use tightwire_spec::ir;

/// How the messages of one direction are told apart.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Dispatch {
    /// The path of the property that tells messages apart; empty where there is none.
    by: Vec<String>,
    /// The messages for each value of that property, the most specific first.
    values: Vec<Entry>,
    /// The messages for all other frames, the most specific first.
    structural: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    value: Value,
    messages: Vec<String>,
}

impl Dispatch {
    /// As the document says.
    pub(super) fn of(dispatch: &ir::Dispatch) -> Self {
        let entry =
            |(value, messages): (&Value, &Vec<String>)| Entry { value: value.clone(), messages: messages.clone() };
        Self {
            by: dispatch.by.clone(),
            values: dispatch.values.iter().map(entry).collect(),
            structural: dispatch.structural.clone(),
        }
    }

    /// The messages that the frame can be, in the order in which they are tried.
    pub(super) fn candidates<'a>(&'a self, frame: &Value) -> impl Iterator<Item = &'a str> + use<'a> {
        let value = self.by.iter().try_fold(frame, |value, name| value.get(name)).filter(|_| !self.by.is_empty());
        let entry = value.and_then(|value| self.values.iter().find(|entry| is_same(&entry.value, value)));
        let keyed = entry.map_or(&[][..], |entry| &entry.messages);
        keyed.iter().chain(self.structural.iter().filter(move |name| !keyed.contains(name))).map(String::as_str)
    }
}

/// Whether they are equal: `1.0` is the integer 1.
fn is_same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().zip(other.as_f64()).is_some_and(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(frame: Value, expected: &[&str]) {
        let dispatch: Dispatch = serde_json::from_value(json!({
            "by": ["head", "kind"],
            "values": [{"value": "a", "messages": ["a"]}, {"value": 1, "messages": ["one", "any"]}],
            "structural": ["any", "none"],
        }))
        .unwrap();
        assert_eq!(dispatch.candidates(&frame).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn tries_the_messages_of_the_value_first() {
        check(json!({"head": {"kind": "a"}}), &["a", "any", "none"]);
        check(json!({"head": {"kind": 1.0}}), &["one", "any", "none"]);
        check(json!({"head": {"kind": "b"}}), &["any", "none"]);
        check(json!([]), &["any", "none"]);
    }
}
