//! Why a handler could not do what a client asked.

use std::borrow::Cow;

/// A failure with two texts: one for the client, one for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<C> {
    /// The error code that the client sees.
    pub code: C,
    /// The text that the client sees. Never put values in it that the client sent.
    pub message: Cow<'static, str>,
    /// The text that only the log sees.
    pub internal: Option<String>,
}

impl<C> Failure<C> {
    /// A failure that says `message` to the client.
    pub fn new(code: C, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), internal: None }
    }

    /// Adds what only the log should see.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.internal = Some(cause.to_string());
        self
    }
}
