//! `pattern`: simple ones are matched piece by piece, the others by a regular expression.

use std::sync::OnceLock;

use regex::Regex;

/// The rest of a text that a generated matcher has still to match. It knows literals and runs of a class of ASCII
/// characters; the generator only uses it where taking as much as possible is never wrong.
#[derive(Clone, Copy, Debug)]
pub struct Matching<'a> {
    rest: &'a [u8],
}

impl<'a> Matching<'a> {
    /// Begins to match `text`.
    #[inline]
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { rest: text.as_bytes() }
    }

    /// Matches `literal`.
    #[inline]
    #[must_use]
    pub fn literal(self, literal: &str) -> Option<Self> {
        self.rest.strip_prefix(literal.as_bytes()).map(|rest| Self { rest })
    }

    /// Matches at least `min` and at most `max` characters of the class.
    #[inline]
    #[must_use]
    pub fn class(self, min: usize, max: usize, class: impl Fn(u8) -> bool) -> Option<Self> {
        let length = self.rest.iter().take(max).take_while(|byte| class(**byte)).count();
        (length >= min).then(|| Self { rest: &self.rest[length..] })
    }

    /// Matches the end of the text.
    #[inline]
    #[must_use]
    pub fn end(self) -> Option<Self> {
        self.rest.is_empty().then_some(self)
    }
}

/// A regular expression, compiled when it is first needed.
#[derive(Debug)]
pub struct Pattern {
    regex: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern in the syntax of the `regex` crate.
    #[must_use]
    pub const fn new(regex: &'static str) -> Self {
        Self { regex, compiled: OnceLock::new() }
    }

    /// Whether the pattern matches somewhere in `text`. Never, if it is not a regular expression.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Regex::new(self.regex).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}
