//! Frames that are looked for among others: what comes unasked, and the answers of protocols whose messages nobody can tell
//! apart. Knows no socket and no clock.

use std::time::Duration;

use serde_json::Value;

use super::exchange::rounded;
use super::expectation::Expectation;
use super::finding::Finding;
use crate::pact::matching::{Keys, match_contents};

/// A search, as far as it has come.
#[derive(Debug)]
pub(super) struct Search<'a> {
    expectation: &'a Expectation<'a>,
    /// How many have been found.
    found: usize,
    /// Of the frames that are not the next one, the one that comes nearest to it: what is wrong with it.
    nearest: Option<Vec<Finding>>,
    frames: usize,
    findings: Vec<Finding>,
}

impl<'a> Search<'a> {
    pub(super) fn new(expectation: &'a Expectation<'a>) -> Self {
        Self { expectation, found: 0, nearest: None, frames: 0, findings: Vec::new() }
    }

    /// Looks at a frame that may be the next one.
    pub(super) fn take(&mut self, frame: &Value, after: Duration) {
        self.frames += 1;
        let Some((name, contents)) = self.expectation.responses.get(self.found) else { return };
        let about = format!("`{name}`, frame {} of those that may be it", self.frames);
        let mismatches = match_contents(contents, frame, Keys::Open);
        if mismatches.is_empty() {
            self.found += 1;
            self.nearest = None;
            self.time(&about, after);
        } else if self.nearest.as_ref().is_none_or(|nearest| mismatches.len() < nearest.len()) {
            self.nearest = Some(mismatches.iter().map(|mismatch| Finding::mismatch(&about, mismatch)).collect());
        }
    }

    /// Whether all has come that has to.
    pub(super) fn is_complete(&self) -> bool {
        self.found == self.expectation.responses.len()
    }

    /// What was found. Where frames are missing, `instead` says what there was.
    pub(super) fn finish(mut self, instead: &str) -> Vec<Finding> {
        if let Some((name, _)) = self.expectation.responses.get(self.found) {
            let expected = format!("`{name}` within {:?}", self.expectation.deadline);
            match self.nearest {
                Some(nearest) => self.findings.extend(nearest),
                None => self.findings.push(Finding::new("sequence", expected, instead).of(&format!("`{name}`"))),
            }
        }
        self.findings
    }

    fn time(&mut self, about: &str, after: Duration) {
        let limit = match self.expectation.first {
            Some(first) if self.found == 1 => first.min(self.expectation.deadline),
            _ => self.expectation.deadline,
        };
        if after > limit {
            let (expected, actual) = (format!("within {limit:?}"), format!("after {:?}", rounded(after)));
            self.findings.push(Finding::new("deadline", expected, actual).of(about));
        }
    }
}
