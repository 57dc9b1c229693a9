//! A finding in forms that show it again: its steps as JSON lines, a Rust test that fails for as long as the server does
//! that, and what should have come as an interaction of a pact.

mod pact;
mod rust;

use serde_json::{Value, json};
use tightwire_codegen::cases::Examples;
use tightwire_testkit::fuzz::{Payload, Sent, Step};

use super::contract::Contract;
use super::found::Found;

/// What a reproduction has to know beside the finding.
pub(super) struct Source<'s, 'ir> {
    pub(super) contract: &'s Contract<'ir>,
    pub(super) examples: &'s Examples<'ir>,
    /// The document, as it was named.
    pub(super) spec: &'s str,
    /// Path and query of the WebSocket.
    pub(super) path: &'s str,
    pub(super) seed: u64,
    pub(super) deadline_ms: u64,
    pub(super) is_strict: bool,
}

/// The files for a finding: what their names end with, and what is in them.
pub(super) fn files(found: &Found, source: &Source<'_, '_>) -> Vec<(&'static str, String)> {
    let mut files = vec![("jsonl", lines(found, source.seed))];
    files.extend(rust::test(found, source).map(|text| ("rs", text)));
    files.extend(pact::file(found, source).map(|text| ("pact.json", text)));
    files
}

/// What was found in the first line, then a step in each.
fn lines(found: &Found, seed: u64) -> String {
    let finding = &found.finding;
    let head = json!({
        "class": finding.class,
        "message": finding.message,
        "expected": finding.expected,
        "actual": finding.actual,
        "step": finding.step,
        "phase": found.phase.name(),
        "confirmed": found.is_confirmed,
        "seed": seed,
    });
    let mut text = format!("{head}\n");
    for line in found.lines() {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// What is sent at the step that the finding is about.
fn sent(found: &Found) -> Option<&Sent> {
    match found.plan.steps.get(found.finding.step?)? {
        Step::Send { sent, .. } => Some(sent),
        _ => None,
    }
}

/// The value of what is sent, if it has one.
fn value(sent: &Sent) -> Option<Value> {
    match &sent.payload {
        Payload::Json(value) | Payload::Fragments { json: value, .. } => Some(value.clone()),
        Payload::Text(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}
