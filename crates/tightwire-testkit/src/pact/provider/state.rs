//! What has happened in a test so far: its interactions, the connections of its client, what went by. Knows no time and sends
//! nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::sync::mpsc;

use super::envelope;
use super::scenario::Scenario;
use crate::frame::summary;
use crate::pact::matching::{self, Keys};

/// What has happened in a test so far.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) parts: Vec<Part>,
    pub(super) lines: BTreeMap<u64, Line>,
    pub(super) connections: u64,
    /// Where each topic's log is.
    pub(super) positions: BTreeMap<String, u64>,
    /// What happened that no interaction expects.
    pub(super) problems: Vec<String>,
    /// What went by, oldest first.
    pub(super) transcript: Vec<String>,
}

/// An interaction, and how often it was exercised.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) scenario: Scenario,
    pub(super) played: u64,
    /// Frames of the right type that were not what it expects.
    pub(super) nearly: Vec<String>,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) topics: BTreeSet<String>,
    pub(super) out: mpsc::UnboundedSender<Out>,
}

/// What a connection's task is to do.
#[derive(Debug)]
pub(super) enum Out {
    /// Send a frame.
    Frame(Value),
    /// Close with this code.
    Close(u16),
}

impl State {
    /// The interaction that expects this frame: one that was not exercised yet, or else one that was.
    pub(super) fn find(&mut self, frame: &Value) -> Option<usize> {
        let mut again = None;
        for number in 0..self.parts.len() {
            let part = &mut self.parts[number];
            let Some((request, _)) = part.scenario.exchange() else { continue };
            if text(&envelope::example(request), "type") != text(frame, "type") {
                continue;
            }
            let mismatches = matching::match_contents(request, frame, Keys::Closed);
            if !mismatches.is_empty() {
                let mismatches: Vec<String> = mismatches.iter().map(|found| format!("\n  {found}")).collect();
                let description = part.scenario.description();
                let nearly = format!(
                    "a frame of its type came, but is not what `{description}` expects:{}",
                    mismatches.concat()
                );
                part.nearly.push(nearly);
            } else if part.played == 0 {
                return Some(number);
            } else {
                again = again.or(Some(number));
            }
        }
        again
    }

    pub(super) fn unexpected(&self, frame: &Value) -> String {
        let mut problem =
            format!("no interaction expects this frame: {}", summary(frame).unwrap_or_else(|| frame.to_string()));
        let expected: Vec<&str> = self
            .parts
            .iter()
            .filter(|part| part.scenario.exchange().is_some())
            .map(|part| part.scenario.description())
            .collect();
        match expected.as_slice() {
            [] => problem += "; the test has not said what it sends",
            some => problem += &format!("; what is expected is: {}", some.join(", ")),
        }
        problem
    }

    pub(super) fn send(&mut self, connection: u64, frame: Value) {
        self.transcript.push(format!("← {}", summary(&frame).unwrap_or_else(|| frame.to_string())));
        if let Some(line) = self.lines.get(&connection) {
            // A client that has gone needs nothing more.
            let _ = line.out.send(Out::Frame(frame));
        }
    }

    pub(super) fn close(&mut self, connection: u64, code: u16) {
        self.transcript.push(format!("← closed with {code}"));
        // What is sent to it from now on would never arrive.
        if let Some(line) = self.lines.remove(&connection) {
            let _ = line.out.send(Out::Close(code));
        }
    }
}

/// A member of a frame that is text.
pub(super) fn text<'a>(frame: &'a Value, member: &str) -> &'a str {
    frame.get(member).and_then(Value::as_str).unwrap_or_default()
}
