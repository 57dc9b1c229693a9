//! JSON with what a value cannot hold: the order of keys, keys that are repeated, and how texts and numbers are written.

use serde_json::Value;

/// A JSON text in pieces.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    /// A scalar as it is written.
    Raw(String),
    /// An array.
    List(Vec<Tree>),
    /// An object; keys as they are written, with their quotes.
    Object(Members),
}

/// The members of an object.
pub(super) type Members = Vec<(String, Tree)>;

impl Tree {
    /// The tree of a value.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Object(members) => Self::Object(
                members.iter().map(|(key, value)| (Value::from(key.as_str()).to_string(), Self::of(value))).collect(),
            ),
            scalar => Self::Raw(scalar.to_string()),
        }
    }

    /// The text, with `space` between any two of its pieces.
    pub(super) fn text(&self, space: &mut dyn FnMut() -> &'static str) -> String {
        let mut text = space().to_owned();
        self.write(&mut text, space);
        text
    }

    fn write(&self, text: &mut String, space: &mut dyn FnMut() -> &'static str) {
        let mut put = |text: &mut String, piece: &str| {
            text.push_str(piece);
            text.push_str(space());
        };
        match self {
            Self::Raw(raw) => put(text, raw),
            Self::List(items) => {
                put(text, "[");
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                        text.push_str(space());
                    }
                    item.write(text, space);
                }
                text.push(']');
                text.push_str(space());
            }
            Self::Object(members) => {
                put(text, "{");
                for (index, (key, value)) in members.iter().enumerate() {
                    let pieces = [",", key, ":"];
                    for piece in &pieces[usize::from(index == 0)..] {
                        text.push_str(piece);
                        text.push_str(space());
                    }
                    value.write(text, space);
                }
                text.push('}');
                text.push_str(space());
            }
        }
    }

    /// All texts as they are written, keys among them.
    pub(super) fn texts(&mut self) -> Vec<&mut String> {
        self.raw(true).into_iter().filter(|raw| raw.starts_with('"')).collect()
    }

    /// All whole numbers as they are written.
    pub(super) fn whole_numbers(&mut self) -> Vec<&mut String> {
        let is_whole =
            |raw: &&mut String| raw.strip_prefix('-').unwrap_or(raw).bytes().all(|byte| byte.is_ascii_digit());
        self.raw(false).into_iter().filter(is_whole).collect()
    }

    /// All scalars as they are written; texts too, and keys if they are wanted.
    pub(super) fn raw(&mut self, keys: bool) -> Vec<&mut String> {
        let mut found = Vec::new();
        self.collect_raw(keys, &mut found);
        found
    }

    fn collect_raw<'t>(&'t mut self, keys: bool, found: &mut Vec<&'t mut String>) {
        match self {
            Self::Raw(raw) => found.push(raw),
            Self::List(items) => items.iter_mut().for_each(|item| item.collect_raw(keys, found)),
            Self::Object(members) => {
                for (key, value) in members {
                    if keys {
                        found.push(key);
                    }
                    value.collect_raw(keys, found);
                }
            }
        }
    }

    /// Does something to every object, the outer ones first.
    pub(super) fn each_object(&mut self, act: &mut dyn FnMut(&mut Members)) {
        match self {
            Self::Raw(_) => {}
            Self::List(items) => items.iter_mut().for_each(|item| item.each_object(act)),
            Self::Object(members) => {
                act(members);
                members.iter_mut().for_each(|(_, value)| value.each_object(act));
            }
        }
    }
}
