//! JSON without repeated keys: RFC 8259 leaves open which of two members counts, so neither does.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::error::Category;

use super::depth::{self, Depth};
use super::tape::{Tape, Token};
use super::violations::push_segment;
use crate::inbound::Violation;

/// Of an object with more members than this, the keys are hashed.
const FEW_MEMBERS: usize = 16;

/// Parses a frame.
///
/// # Errors
/// What keeps it from being JSON, or the first repeated key.
pub(super) fn parse(bytes: &[u8]) -> Result<Tape<'_>, Violation> {
    let Ok(text) = simdutf8::basic::from_utf8(bytes) else {
        return Err(Violation::new("", "json", "is not UTF-8"));
    };
    refuse_deep(text)?;
    let (repeated, tokens) = (RefCell::new(None), RefCell::new(Vec::with_capacity(32)));
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Unique { path: &Path::Root, tokens: &tokens, repeated: &repeated }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match read {
        Ok(()) => Ok(Tape { tokens: tokens.into_inner() }),
        Err(error) => Err(match repeated.into_inner() {
            Some(pointer) => Violation::new(pointer, "duplicate-key", "occurs more than once"),
            None => Violation::new("", "json", explain(&error)),
        }),
    }
}

/// Refuses what is nested too deeply, and of what is nested deeply most that is not JSON: a parser that does not recurse
/// says so without making an error for each level.
fn refuse_deep(text: &str) -> Result<(), Violation> {
    match depth::of(text) {
        Depth::TooDeep(at) => {
            let (line, column) = depth::line_and_column(text, at);
            Err(Violation::new("", "json", format!("is nested too deeply (line {line}, column {column})")))
        }
        Depth::Many => match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Ok(()),
            Err(error) => Err(Violation::new("", "json", explain(&error))),
        },
        Depth::Few => Ok(()),
    }
}

fn explain(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Eof => format!("is not JSON: it ends too soon (line {line}, column {column})"),
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

/// Appends a value to the tape; where a key is repeated, stops and leaves its pointer in `repeated`.
#[derive(Clone, Copy)]
struct Unique<'a, 'de> {
    path: &'a Path<'a>,
    tokens: &'a RefCell<Vec<Token<'de>>>,
    repeated: &'a RefCell<Option<String>>,
}

impl<'de> Unique<'_, 'de> {
    /// Appends a token; where it is.
    fn push(&self, token: Token<'de>) -> usize {
        let mut tokens = self.tokens.borrow_mut();
        tokens.push(token);
        tokens.len() - 1
    }

    fn is_key(&self, at: usize, key: &str) -> bool {
        matches!(&self.tokens.borrow()[at], Token::Text(text) if text == key)
    }
}

impl<'de> DeserializeSeed<'de> for Unique<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.push(Token::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(Token::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.push(Token::Number(value.into()));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.push(Token::Number(value.into()));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        // JSON has no other numbers than finite ones.
        self.push(Number::from_f64(value).map_or(Token::Null, Token::Number));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<(), E> {
        self.push(Token::Text(Cow::Borrowed(value)));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.push(Token::Text(Cow::Owned(value.to_owned())));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let start = self.push(Token::Null);
        let mut len = 0;
        while items.next_element_seed(Unique { path: &Path::Index(self.path, len), ..self })?.is_some() {
            len += 1;
        }
        let mut tokens = self.tokens.borrow_mut();
        let end = tokens.len();
        tokens[start] = Token::Array { len, end };
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let start = self.push(Token::Null);
        // Where the keys are on the tape; and all of them, where they are many.
        let (mut places, mut many) = ([0; FEW_MEMBERS], HashSet::new());
        let mut len = 0;
        while let Some(key) = members.next_key_seed(Key)? {
            let is_repeated = if len < FEW_MEMBERS {
                places[..len].iter().any(|at| self.is_key(*at, &key))
            } else {
                if many.is_empty() {
                    let tokens = self.tokens.borrow();
                    many.extend(places.iter().filter_map(|at| match &tokens[*at] {
                        Token::Text(text) => Some(text.clone()),
                        _ => None,
                    }));
                }
                !many.insert(key.clone())
            };
            let path = Path::Key(self.path, &key);
            if is_repeated {
                let mut pointer = String::new();
                path.render(&mut pointer);
                *self.repeated.borrow_mut() = Some(pointer);
                return Err(A::Error::custom("repeated key"));
            }
            let at = self.push(Token::Text(key.clone()));
            if let Some(place) = places.get_mut(len) {
                *place = at;
            }
            members.next_value_seed(Unique { path: &path, ..self })?;
            len += 1;
        }
        let mut tokens = self.tokens.borrow_mut();
        let end = tokens.len();
        tokens[start] = Token::Object { len, end };
        Ok(())
    }
}

/// A key, borrowed where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
