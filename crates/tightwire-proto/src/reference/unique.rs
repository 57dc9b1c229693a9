//! JSON without repeated keys: RFC 8259 leaves open which of two members counts, so neither does.

use std::cell::RefCell;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::violations::push_segment;
use crate::inbound::Violation;

/// Parses a frame.
///
/// # Errors
/// What keeps it from being JSON, or the first repeated key.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Violation> {
    let Ok(text) = simdutf8::basic::from_utf8(bytes) else {
        return Err(Violation::new("", "json", "is not UTF-8"));
    };
    let repeated = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Unique { path: &Path::Root, repeated: &repeated }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| match repeated.into_inner() {
        Some(pointer) => Violation::new(&pointer, "duplicate-key", "occurs more than once"),
        None => Violation::new("", "json", explain(&error)),
    })
}

fn explain(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Eof => format!("is not JSON: it ends too soon (line {line}, column {column})"),
        _ if error.to_string().starts_with("recursion limit") => {
            format!("is nested too deeply (line {line}, column {column})")
        }
        _ => format!("is not JSON (line {line}, column {column})"),
    }
}

/// Where in the frame a value stands.
enum Path<'a> {
    Root,
    Key(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl Path<'_> {
    fn render(&self, pointer: &mut String) {
        match self {
            Path::Root => {}
            Path::Key(parent, key) => {
                parent.render(pointer);
                push_segment(pointer, key);
            }
            Path::Index(parent, index) => {
                parent.render(pointer);
                push_segment(pointer, &index.to_string());
            }
        }
    }
}

/// Builds a value; where a key is repeated, stops and leaves its pointer in `repeated`.
struct Unique<'a> {
    path: &'a Path<'a>,
    repeated: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let path = Path::Index(self.path, values.len());
            match items.next_element_seed(Unique { path: &path, repeated: self.repeated })? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let path = Path::Key(self.path, &key);
            if values.contains_key(&key) {
                let mut pointer = String::new();
                path.render(&mut pointer);
                *self.repeated.borrow_mut() = Some(pointer);
                return Err(A::Error::custom("repeated key"));
            }
            let value = members.next_value_seed(Unique { path: &path, repeated: self.repeated })?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}
