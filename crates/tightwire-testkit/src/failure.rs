//! How a failed expectation is told: where in the test, what was expected, what arrived, and the transcript.
//!
//! Async functions cannot be `#[track_caller]`, so the calls of the harness note their caller's place before they wait,
//! and the text of the panic opens with it.

use std::fmt::{self, Display};
use std::panic::Location;

/// A failed expectation.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The line of the test.
    pub(crate) at: &'static Location<'static>,
    /// What the test waited for.
    pub(crate) expected: String,
    /// What happened instead.
    pub(crate) arrived: String,
    /// The rendered transcript.
    pub(crate) transcript: String,
}

impl Failure {
    /// Fails the test.
    #[expect(clippy::panic, reason = "a panic is how a test fails")]
    pub(crate) fn raise(self) -> ! {
        panic!("{self}")
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "at {}", self.at)?;
        writeln!(f, "  expected: {}", self.expected)?;
        writeln!(f, "   arrived: {}", self.arrived.replace('\n', "\n            "))?;
        writeln!(f, "transcript (→ the client sent, ← it received, oldest first):")?;
        f.write_str(&self.transcript)
    }
}
