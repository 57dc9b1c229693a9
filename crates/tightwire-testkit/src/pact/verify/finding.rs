//! What is not as the pact says.

use std::fmt::{self, Display};

use serde_json::Value;

use crate::contract::Violation;
use crate::json;
use crate::pact::Mismatch;

/// Something that is not as the interaction says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The frame that it is about, for instance "`stream_chunk`, frame 3 of the answer"; empty where it is about none.
    pub frame: String,
    /// Where in the frame, as a JSON Pointer; empty for all of it.
    pub pointer: String,
    /// What is broken: a matching rule by its name in the Pact specification (`regex`), what `x-ws` says (`sequence`,
    /// `deadline`, `bind`, `count`, `close`), what every exchange keeps to (`correlation`, `topic`, `position`, `session`),
    /// the contract (`contract/` and the keyword), or that there was no exchange (`state`, `connection`, `pact`).
    pub rule: String,
    /// What the consumer relies on.
    pub expected: String,
    /// What there was.
    pub actual: String,
    /// More than the other two say; may be empty.
    pub message: String,
}

impl Finding {
    /// A finding that is about no frame, or about all of it.
    pub(super) fn new(rule: &str, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self {
            frame: String::new(),
            pointer: String::new(),
            rule: rule.to_owned(),
            expected: expected.into(),
            actual: actual.into(),
            message: String::new(),
        }
    }

    /// The same about a frame.
    pub(super) fn of(mut self, frame: &str) -> Self {
        frame.clone_into(&mut self.frame);
        self
    }

    /// The same about a place in a frame.
    pub(super) fn at(mut self, frame: &str, pointer: &str) -> Self {
        pointer.clone_into(&mut self.pointer);
        self.of(frame)
    }

    pub(super) fn mismatch(frame: &str, mismatch: &Mismatch) -> Self {
        let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), json::one_line);
        let finding = Self::new(&mismatch.rule, shown(&mismatch.expected), shown(&mismatch.actual));
        // That a value is not the example's shows without words.
        let message = if mismatch.rule == "equality" { String::new() } else { mismatch.message.clone() };
        Self { message, ..finding.at(frame, &mismatch.pointer) }
    }

    pub(super) fn violation(frame: &str, violation: &Violation) -> Self {
        let rule = format!("contract/{}", violation.keyword);
        Self::new(&rule, "a frame that follows the contract", violation.message.clone()).at(frame, &violation.pointer)
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.frame.is_empty() { "the exchange" } else { &self.frame };
        write!(f, "{about}")?;
        if !self.pointer.is_empty() {
            write!(f, " at {}", self.pointer)?;
        }
        write!(f, " ({})", self.rule)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        write!(f, "\n  expected: {}\n    actual: {}", self.expected, self.actual)
    }
}
