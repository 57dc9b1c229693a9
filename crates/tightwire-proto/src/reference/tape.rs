//! A frame as the reference path looks at it: a list of tokens that borrow from the text. Making a `Value` of a frame costs
//! several times as much, and of one that is refused nobody wants it.

use std::borrow::Cow;

use jsonschema::json::{Array, Json, Node, NodeIdentity, Object, cmp, unique};
use jsonschema::types::JsonType;
use serde_json::{Map, Number, Value};

/// A JSON text without repeated keys, in the order in which it is written.
#[derive(Debug)]
pub(super) struct Tape<'t> {
    pub(super) tokens: Vec<Token<'t>>,
}

/// A value; a container is followed by what it contains, an object by its keys and values in turn.
#[derive(Debug)]
pub(super) enum Token<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    Array { len: usize, end: usize },
    Object { len: usize, end: usize },
}

impl Tape<'_> {
    /// The whole.
    pub(super) fn root(&self) -> Place<'_> {
        Place { tokens: &self.tokens, at: 0 }
    }
}

/// A value on a tape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
}

impl<'a> Place<'a> {
    fn token(self) -> &'a Token<'a> {
        &self.tokens[self.at]
    }

    /// Where the value after this one is.
    fn end(self) -> usize {
        match *self.token() {
            Token::Array { end, .. } | Token::Object { end, .. } => end,
            _ => self.at + 1,
        }
    }

    /// The text, if it is one.
    pub(super) fn text(self) -> Option<&'a str> {
        match self.token() {
            Token::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is an object.
    pub(super) fn is_object(self) -> bool {
        matches!(self.token(), Token::Object { .. })
    }

    /// Whether it is neither an object nor an array.
    pub(super) fn is_scalar(self) -> bool {
        !matches!(self.token(), Token::Object { .. } | Token::Array { .. })
    }

    /// The member of an object.
    pub(super) fn get(self, name: &str) -> Option<Self> {
        self.as_object()?.find_map(|(key, value)| (key == name).then_some(value))
    }

    /// As a value.
    pub(super) fn value(self) -> Value {
        match self.token() {
            Token::Null => Value::Null,
            Token::Bool(value) => Value::Bool(*value),
            Token::Number(number) => Value::Number(number.clone()),
            Token::Text(text) => Value::String(text.clone().into_owned()),
            Token::Array { len, .. } => {
                let mut items = Vec::with_capacity(*len);
                items.extend(self.as_array().into_iter().flatten().map(Self::value));
                Value::Array(items)
            }
            Token::Object { len, .. } => {
                let mut members = Map::with_capacity(*len);
                members
                    .extend(self.as_object().into_iter().flatten().map(|(key, value)| (key.to_owned(), value.value())));
                Value::Object(members)
            }
        }
    }
}

/// What validators know the tape by.
#[derive(Debug)]
pub(crate) struct OnTape;

impl Json for OnTape {
    type Node<'a> = Place<'a>;
    type PreparedKey = String;
    type StringBuffer = ();

    // A lookup passes over the members before it, so one pass over all of them is nearly always as cheap.
    const KEYS_PER_LOOKUP: usize = 8;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Place<'_>) -> T) -> T {
        f(Place { tokens: &[Token::Text(Cow::Borrowed(string))], at: 0 })
    }
}

impl<'a> Node<'a, OnTape> for Place<'a> {
    type Object = Members<'a>;
    type Array = Items<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<Members<'a>> {
        match *self.token() {
            Token::Object { len, .. } => Some(Members { next: Self { at: self.at + 1, ..*self }, left: len }),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<Items<'a>> {
        match *self.token() {
            Token::Array { len, .. } => Some(Items { next: Self { at: self.at + 1, ..*self }, left: len }),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        self.text().map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<&'a Number> {
        match self.token() {
            Token::Number(number) => Some(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.token() {
            Token::Bool(value) => Some(*value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self.token(), Token::Null)
    }

    fn json_type(&self) -> JsonType {
        match self.token() {
            Token::Null => JsonType::Null,
            Token::Bool(_) => JsonType::Boolean,
            Token::Number(_) => JsonType::Number,
            Token::Text(_) => JsonType::String,
            Token::Array { .. } => JsonType::Array,
            Token::Object { .. } => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (self.token(), expected) {
            (Token::Text(text), Value::String(expected)) => text == expected,
            (Token::Text(_), _) | (_, Value::String(_)) => false,
            _ => cmp::equal(&self.value(), expected),
        }
    }

    /// What an error says of the value that it is about. Nobody looks at that, because a peer's values are not repeated.
    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref(self.token()) as usize))
    }
}

/// The members of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'a> {
    /// The next key.
    next: Place<'a>,
    left: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Place<'a>);

    fn next(&mut self) -> Option<(&'a str, Place<'a>)> {
        self.left = self.left.checked_sub(1)?;
        let key = self.next.text().unwrap_or_default();
        let value = Place { at: self.next.at + 1, ..self.next };
        self.next.at = value.end();
        Some((key, value))
    }
}

impl<'a> Object<'a, OnTape> for Members<'a> {
    type Node = Place<'a>;
    type MemberName = &'a str;
    type MembersIter = Self;

    fn len(&self) -> usize {
        self.left
    }

    fn get(&self, key: &String) -> Option<Place<'a>> {
        self.members().find_map(|(name, value)| (name == key).then_some(value))
    }

    fn members(&self) -> Self {
        *self
    }
}

/// The items of an array.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'a> {
    next: Place<'a>,
    left: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Place<'a>;

    fn next(&mut self) -> Option<Place<'a>> {
        self.left = self.left.checked_sub(1)?;
        let item = self.next;
        self.next.at = item.end();
        Some(item)
    }
}

impl<'a> Array<'a, OnTape> for Items<'a> {
    type Node = Place<'a>;
    type ElementsIter = Self;

    fn len(&self) -> usize {
        self.left
    }

    fn elements(&self) -> Self {
        *self
    }

    fn is_unique(&self) -> bool {
        unique::is_unique(&self.map(Place::value).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reference::{build, unique};

    #[track_caller]
    fn check(text: &str) {
        let tape = unique::parse(text.as_bytes()).expect("JSON without repeated keys");
        assert_eq!(tape.root().value(), serde_json::from_str::<Value>(text).expect("JSON"));
        assert_eq!(tape.root().end(), tape.tokens.len());
    }

    #[test]
    fn a_tape_holds_the_value() {
        for scalar in ["null", "true", "0", "-0", "1.5e3", "18446744073709551615", "1e-400", r#""""#, r#""\u00e9\n""#] {
            check(scalar);
            check(&format!(r#"{{"a":[{scalar},{{}},[]],"\u0062":{scalar},"c":{{"d":[[{scalar}]]}},"e":1}}"#));
        }
        let many: Vec<String> = (0..40).map(|number| format!(r#""{number}":[{number}]"#)).collect();
        check(&format!("{{{}}}", many.join(",")));
    }

    #[test]
    fn a_key_is_repeated_however_many_there_are() {
        for (members, repeated) in [(2, 0), (17, 0), (17, 15), (17, 16), (40, 3), (40, 39)] {
            let text: String = (0..members).map(|number| format!(r#""{number}":0,"#)).collect();
            let violation = unique::parse(format!(r#"{{{text}"{repeated}":0}}"#).as_bytes()).expect_err("repeated");
            assert_eq!((violation.pointer, &*violation.keyword), (format!("/{repeated}"), "duplicate-key"));
        }
    }

    /// Whether a validator judges the value alike on the tape and as a `Value`.
    #[track_caller]
    fn judge(schema: &Value, text: &str, expected: bool) {
        let on_tape = build::<OnTape>(schema, &json!({ "definitions": {} })).expect("a schema");
        let tape = unique::parse(text.as_bytes()).expect("JSON");
        assert_eq!(on_tape.is_valid(tape.root()), expected, "{schema} {text}");
        assert_eq!(on_tape.iter_errors(tape.root()).next().is_none(), expected, "{schema} {text}");
        assert_eq!(jsonschema::draft7::is_valid(schema, &serde_json::from_str(text).expect("JSON")), expected);
    }

    #[test]
    fn equality_looks_into_containers() {
        let schema = json!({ "enum": ["a", 1, null, [1, "b"], { "c": { "d": 2 } }] });
        for text in [r#""a""#, "1", "1.0", "null", r#"[1,"b"]"#, r#"[1.0,"b"]"#, r#"{"c":{"d":2}}"#] {
            judge(&schema, text, true);
        }
        for text in [r#""b""#, "true", "[]", r#"["b",1]"#, r#"{"c":{"d":3}}"#, r#"{"c":{}}"#, "{}"] {
            judge(&schema, text, false);
        }
        judge(&json!({ "uniqueItems": true }), r#"[1,"1",[1],{"a":1},{"a":2},null]"#, true);
        judge(&json!({ "uniqueItems": true }), r#"[{"a":1},{"a":1.0}]"#, false);
        judge(&json!({ "propertyNames": { "maxLength": 1 } }), r#"{"a":1,"é":2}"#, true);
        judge(&json!({ "propertyNames": { "maxLength": 1 } }), r#"{"a":1,"bb":2}"#, false);
    }
}
