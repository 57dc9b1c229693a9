//! A test in Rust: what it expects, and how it ends.

use std::sync::Arc;

use super::draft::Draft;
use super::session::Session;
use super::shared::Shared;

/// A test's part of a [`Provider`].
#[derive(Debug)]
pub struct Consumer {
    shared: Arc<Shared>,
    session: Arc<Session>,
    number: u64,
}

/// What came of a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// What was not exercised, and what nobody expected; empty for nothing.
    pub problems: Vec<String>,
    /// What went by, oldest first: `→` to the provider, `←` to the client.
    pub transcript: Vec<String>,
}

impl Consumer {
    pub(super) fn begin(shared: &Arc<Shared>) -> Self {
        let (number, session) = shared.begin();
        Self { shared: Arc::clone(shared), session, number }
    }

    /// Where the client under test connects.
    #[must_use]
    pub fn url(&self) -> String {
        self.shared.url(self.number)
    }

    /// Adds an interaction; the answer is its number.
    ///
    /// # Panics
    /// Where the document forbids it; the panic says all that is wrong.
    #[track_caller]
    pub fn expect(&self, draft: &Draft) -> usize {
        match self.session.expect(draft) {
            Ok(number) => number,
            Err(problems) => panic!("`{}` cannot be expected:\n  {}", draft.description, problems.join("\n  ")),
        }
    }

    /// Sends the frame of an interaction to those who have subscribed to its topic, as soon as there is somebody.
    ///
    /// # Panics
    /// Where nobody subscribes to it.
    pub async fn push(&self, number: usize) {
        if let Err(problem) = self.session.push(number).await {
            panic!("{problem}");
        }
    }

    /// The test has passed: what it relies on is in the pact from now on.
    ///
    /// # Panics
    /// Where an interaction was not exercised, or something came that nobody expected.
    #[track_caller]
    pub fn passed(self) {
        let Ended { problems, transcript } = self.shared.end(self.number, true);
        assert!(
            problems.is_empty(),
            "the provider was not talked to as the test says:\n{}\ntranscript (→ to the provider, ← to the client):\n  {}",
            problems.join("\n"),
            transcript.join("\n  ")
        );
    }
}
