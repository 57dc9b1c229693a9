//! JSON text as the harness reads and prints it: duplicate keys refused, long values shortened.
//!
//! Used by the contract check and by the transcript. Not a general JSON library: everything else is serde_json's.

use std::fmt::{self, Write};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::contract::Violation;

/// How many characters of a string are printed.
const STRING_CHARS: usize = 96;
/// How many items of an array, and entries of an object, are printed.
const ITEMS: usize = 12;

/// Parses a frame. serde_json silently keeps the last of several equal keys, so that a frame could carry two truths.
pub(crate) fn parse(text: &str) -> Result<Value, Violation> {
    let mut duplicate = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Strict { pointer: String::new(), duplicate: &mut duplicate };
    let parsed = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    match (parsed, duplicate) {
        (Err(error), _) => Err(violation(String::new(), "json", format!("not JSON: {error}"))),
        (Ok(_), Some(pointer)) => Err(violation(pointer, "duplicate-key", "the key occurs twice".to_owned())),
        (Ok(value), None) => Ok(value),
    }
}

/// The value on one line, with spaces after `:` and `,`; long strings, arrays and objects shortened.
pub(crate) fn one_line(value: &Value) -> String {
    let mut line = String::new();
    write_value(&mut line, value);
    line
}

/// The first `limit` characters, and how many follow.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} more)", &text[..end], text[end..].chars().count()),
    }
}

fn violation(pointer: String, keyword: &str, message: String) -> Violation {
    Violation { pointer, keyword: keyword.to_owned(), message }
}

fn write_value(line: &mut String, value: &Value) {
    match value {
        Value::String(text) => line.push_str(&Value::String(shorten(text, STRING_CHARS)).to_string()),
        Value::Array(items) => write_items(line, '[', ']', items, write_value),
        Value::Object(entries) => write_items(line, '{', '}', entries, |line, (key, value)| {
            let _ = write!(line, "{}: ", Value::from(key.as_str()));
            write_value(line, value);
        }),
        scalar => {
            let _ = write!(line, "{scalar}");
        }
    }
}

fn write_items<I: IntoIterator>(
    line: &mut String,
    open: char,
    close: char,
    items: I,
    write_item: impl Fn(&mut String, I::Item),
) where
    I::IntoIter: ExactSizeIterator,
{
    let items = items.into_iter();
    let left_out = items.len().saturating_sub(ITEMS);
    line.push(open);
    for (index, item) in items.take(ITEMS).enumerate() {
        if index > 0 {
            line.push_str(", ");
        }
        write_item(line, item);
    }
    if left_out > 0 {
        let _ = write!(line, ", … ({left_out} more)");
    }
    line.push(close);
}

/// Builds a [`Value`] and notes the pointer of the first key that occurs twice in its object.
struct Strict<'a> {
    pointer: String,
    duplicate: &'a mut Option<String>,
}

impl Strict<'_> {
    fn child(&mut self, segment: &str) -> Strict<'_> {
        let pointer = format!("{}/{}", self.pointer, segment.replace('~', "~0").replace('/', "~1"));
        Strict { pointer, duplicate: self.duplicate }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.child(&array.len().to_string()))? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let child = self.child(&key);
            if object.contains_key(&key) {
                child.duplicate.get_or_insert_with(|| child.pointer.clone());
            }
            let value = entries.next_value_seed(child)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected` is the compact text of the parsed value, or `pointer keyword` of the violation.
    #[track_caller]
    fn check_parse(text: &str, expected: &str) {
        let got = match parse(text) {
            Ok(value) => value.to_string(),
            Err(violation) => format!("{} {}", violation.pointer, violation.keyword),
        };
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn parses_what_serde_json_parses() {
        check_parse(
            r#"{"a": [1, -2, 0.5, "x", true, null, {}], "b": {"a": 1}}"#,
            r#"{"a":[1,-2,0.5,"x",true,null,{}],"b":{"a":1}}"#,
        );
        check_parse("12", "12");
    }

    #[test]
    fn refuses_what_is_not_one_json_value() {
        check_parse("", " json");
        check_parse("{", " json");
        check_parse("{} {}", " json");
    }

    #[test]
    fn refuses_a_key_that_occurs_twice_and_says_where() {
        check_parse(r#"{"a": 1, "a": 1}"#, "/a duplicate-key");
        check_parse(r#"{"x": [{}, {"b/c": 1, "b\u002fc": 2}]}"#, "/x/1/b~1c duplicate-key");
        check_parse(r#"{"x": {"y": 1}, "y": 1}"#, r#"{"x":{"y":1},"y":1}"#);
    }

    #[track_caller]
    fn check_line(value: Value, expected: &str) {
        assert_eq!(one_line(&value), expected);
    }

    #[test]
    fn prints_on_one_line() {
        check_line(serde_json::json!({"a": [1, "x\ny"], "b": {}}), r#"{"a": [1, "x\ny"], "b": {}}"#);
    }

    #[test]
    fn shortens_long_values() {
        let long = "ü".repeat(STRING_CHARS);
        check_line(format!("{long}ab").into(), &format!("\"{long}… (2 more)\""));
        check_line(long.as_str().into(), &format!("\"{long}\""));
        check_line((0..15).collect::<Vec<_>>().into(), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (3 more)]");
    }
}
