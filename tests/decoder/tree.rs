//! JSON with everything that a `Value` cannot hold: repeated keys, numbers as written, escapes, white space.

use serde_json::Value;

/// A JSON text in pieces.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    /// A scalar as it is written.
    Raw(String),
    /// An array.
    List(Vec<Tree>),
    /// An object; keys as they are written, with their quotes.
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// The tree of a value.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Object(members) => Self::Object(
                members.iter().map(|(key, value)| (Value::from(key.as_str()).to_string(), Self::of(value))).collect(),
            ),
            scalar => Self::Raw(scalar.to_string()),
        }
    }

    /// The text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Raw(raw) => text.push_str(raw),
            Self::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    item.write(text);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    text.push_str(key);
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
        }
    }

    /// How many values there are, itself included.
    pub(crate) fn size(&self) -> usize {
        1 + match self {
            Self::Raw(_) => 0,
            Self::List(items) => items.iter().map(Self::size).sum(),
            Self::Object(members) => members.iter().map(|(_, value)| value.size()).sum(),
        }
    }

    /// The value at a position, counted from the outside in.
    pub(crate) fn at(&mut self, position: usize) -> &mut Self {
        if position == 0 {
            return self;
        }
        let mut left = position - 1;
        let children: Vec<&mut Self> = match self {
            Self::Raw(_) => Vec::new(),
            Self::List(items) => items.iter_mut().collect(),
            Self::Object(members) => members.iter_mut().map(|(_, value)| value).collect(),
        };
        for child in children {
            let size = child.size();
            if left < size {
                return child.at(left);
            }
            left -= size;
        }
        unreachable!("the position is less than the size")
    }
}
