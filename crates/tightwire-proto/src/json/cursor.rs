//! The cursor: position, white space and the structure of objects and arrays.

use super::Irregular;

/// How deep objects and arrays may nest here: below `serde_json`'s limit of 127, so that what is accepted here is
/// accepted there.
const MAX_DEPTH: u8 = 100;

/// A position in a JSON text that is known to be UTF-8.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) position: usize,
    depth: u8,
}

/// What kind of value comes next, told by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// `-` or a digit
    Number,
    /// `t` or `f`
    Boolean,
    /// `n`
    Null,
}

impl<'a> Cursor<'a> {
    /// Begins to read `bytes`.
    ///
    /// # Errors
    /// [`Irregular`] if they are not UTF-8.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Result<Self, Irregular> {
        let text = simdutf8::basic::from_utf8(bytes).map_err(|_| Irregular)?;
        Ok(Self { text, position: 0, depth: 0 })
    }

    /// Begins to read `text`.
    #[inline]
    #[must_use]
    pub const fn of(text: &'a str) -> Self {
        Self { text, position: 0, depth: 0 }
    }

    /// The kind of the value that comes next. Says nothing about whether it is well-formed.
    ///
    /// # Errors
    /// [`Irregular`] if nothing comes that could begin a value.
    #[inline]
    pub fn peek(&mut self) -> Result<JsonKind, Irregular> {
        self.skip_whitespace();
        match self.current() {
            Some(b'{') => Ok(JsonKind::Object),
            Some(b'[') => Ok(JsonKind::Array),
            Some(b'"') => Ok(JsonKind::String),
            Some(b'-' | b'0'..=b'9') => Ok(JsonKind::Number),
            Some(b't' | b'f') => Ok(JsonKind::Boolean),
            Some(b'n') => Ok(JsonKind::Null),
            _ => Err(Irregular),
        }
    }

    /// Enters an object: its first key, or `None` where it is empty.
    ///
    /// # Errors
    /// [`Irregular`] if no object comes, or its key is written with escapes.
    #[inline]
    pub fn first_key(&mut self) -> Result<Option<&'a str>, Irregular> {
        self.enter(b'{')?;
        if self.take_if(b'}') {
            self.depth -= 1;
            return Ok(None);
        }
        self.key().map(Some)
    }

    /// After a member's value: the next key, or `None` at the object's end.
    ///
    /// # Errors
    /// [`Irregular`] if the object does not go on properly, or the key is written with escapes.
    #[inline]
    pub fn next_key(&mut self) -> Result<Option<&'a str>, Irregular> {
        self.skip_whitespace();
        match self.current() {
            Some(b',') => {
                self.position += 1;
                self.skip_whitespace();
                self.key().map(Some)
            }
            Some(b'}') => {
                self.position += 1;
                self.depth -= 1;
                Ok(None)
            }
            _ => Err(Irregular),
        }
    }

    /// Enters an array: whether there is a first item.
    ///
    /// # Errors
    /// [`Irregular`] if no array comes.
    #[inline]
    pub fn first_item(&mut self) -> Result<bool, Irregular> {
        self.enter(b'[')?;
        if self.take_if(b']') {
            self.depth -= 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// After an item: whether there is another one.
    ///
    /// # Errors
    /// [`Irregular`] if the array does not go on properly.
    #[inline]
    pub fn next_item(&mut self) -> Result<bool, Irregular> {
        self.skip_whitespace();
        match self.current() {
            Some(b',') => {
                self.position += 1;
                Ok(true)
            }
            Some(b']') => {
                self.position += 1;
                self.depth -= 1;
                Ok(false)
            }
            _ => Err(Irregular),
        }
    }

    /// A Boolean.
    ///
    /// # Errors
    /// [`Irregular`] if none comes.
    #[inline]
    pub fn boolean(&mut self) -> Result<bool, Irregular> {
        self.skip_whitespace();
        if self.take_literal("true") {
            Ok(true)
        } else if self.take_literal("false") {
            Ok(false)
        } else {
            Err(Irregular)
        }
    }

    /// `null`.
    ///
    /// # Errors
    /// [`Irregular`] if something else comes.
    #[inline]
    pub fn null(&mut self) -> Result<(), Irregular> {
        self.skip_whitespace();
        super::ensure(self.take_literal("null"))
    }

    /// The end of the text: only white space may be left.
    ///
    /// # Errors
    /// [`Irregular`] if anything else is left.
    #[inline]
    pub fn end(&mut self) -> Result<(), Irregular> {
        self.skip_whitespace();
        super::ensure(self.position == self.text.len())
    }

    /// In an object that begins here: the string under `key`, looked up without moving. For objects that are told
    /// apart by a property.
    ///
    /// # Errors
    /// [`Irregular`] if no object comes, or it has no such member, or that is not a string without escapes.
    #[inline]
    pub fn find_tag(&self, key: &str) -> Result<&'a str, Irregular> {
        let mut ahead = self.clone();
        let mut name = ahead.first_key()?;
        while let Some(found) = name {
            if found == key {
                return ahead.plain_string();
            }
            ahead.skip_value()?;
            name = ahead.next_key()?;
        }
        Err(Irregular)
    }

    #[inline]
    pub(super) fn current(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    #[inline]
    pub(super) fn skip_whitespace(&mut self) {
        // Frames of programs have hardly any white space: the first look nearly always ends it.
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.current() {
            self.position += 1;
        }
    }

    #[inline]
    pub(super) fn take_literal(&mut self, literal: &str) -> bool {
        let matches =
            self.text.as_bytes().get(self.position..).is_some_and(|rest| rest.starts_with(literal.as_bytes()));
        if matches {
            self.position += literal.len();
        }
        matches
    }

    /// `"key":`, with the cursor at the first quote.
    #[inline]
    fn key(&mut self) -> Result<&'a str, Irregular> {
        let key = self.plain_string_here()?;
        if self.current() != Some(b':') {
            self.skip_whitespace();
            if self.current() != Some(b':') {
                return Err(Irregular);
            }
        }
        self.position += 1;
        Ok(key)
    }

    #[inline]
    fn enter(&mut self, open: u8) -> Result<(), Irregular> {
        self.skip_whitespace();
        if self.current() != Some(open) || self.depth == MAX_DEPTH {
            return Err(Irregular);
        }
        self.position += 1;
        self.depth += 1;
        self.skip_whitespace();
        Ok(())
    }

    #[inline]
    fn take_if(&mut self, byte: u8) -> bool {
        let there = self.current() == Some(byte);
        if there {
            self.position += 1;
        }
        there
    }
}
