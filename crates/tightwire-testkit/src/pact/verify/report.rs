//! What verification has found: data. [`Display`](std::fmt::Display) gives it as text for people; see also
//! [`Report::to_json`] and [`Report::to_junit`].

use std::time::Duration;

use serde_json::{Value, json};

use super::finding::Finding;

/// What verification has found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// For each pact, in the order in which they were given.
    pub pacts: Vec<PactReport>,
}

/// What was found of one pact.
#[derive(Clone, Debug, PartialEq)]
pub struct PactReport {
    /// The name of the file.
    pub file: String,
    /// Who relies on the provider.
    pub consumer: String,
    /// Whom they rely on.
    pub provider: String,
    /// For each interaction that was asked for, in the order of the file.
    pub outcomes: Vec<Outcome>,
}

/// What was found of one interaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What the interaction is about.
    pub description: String,
    /// Its key; `None` for one of a type that is not verified.
    pub key: Option<String>,
    /// Its `type`.
    pub kind: String,
    /// The names of its provider states.
    pub states: Vec<String>,
    /// The operation of the AsyncAPI document.
    pub operation: Option<String>,
    /// Whether the server did what the consumer relies on.
    pub verdict: Verdict,
    /// How long it took, provider states included.
    pub took: Duration,
    /// What is not as the interaction says; empty where it is verified.
    pub findings: Vec<Finding>,
    /// What went over the connection; empty where there was none.
    pub transcript: String,
}

/// Whether a server did what the consumer relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It did.
    Verified,
    /// It did not.
    Failed,
    /// It did not, and the consumer does not rely on it yet.
    Pending,
    /// The interaction is of a type that is not verified.
    Skipped,
}

impl Verdict {
    /// As reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::Pending => "pending",
            Self::Skipped => "skipped",
        }
    }
}

impl Report {
    /// Whether no interaction failed. One that is pending does not fail.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.count(Verdict::Failed) == 0
    }

    /// How many interactions ended so.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes().filter(|outcome| outcome.verdict == verdict).count()
    }

    /// All outcomes.
    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.pacts.iter().flat_map(|pact| &pact.outcomes)
    }

    /// The report for programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut summary = serde_json::Map::new();
        for verdict in [Verdict::Verified, Verdict::Failed, Verdict::Pending, Verdict::Skipped] {
            summary.insert(verdict.as_str().to_owned(), self.count(verdict).into());
        }
        json!({"summary": summary, "pacts": self.pacts.iter().map(pact).collect::<Vec<_>>()})
    }
}

fn pact(pact: &PactReport) -> Value {
    json!({
        "file": pact.file,
        "consumer": pact.consumer,
        "provider": pact.provider,
        "interactions": pact.outcomes.iter().map(outcome).collect::<Vec<_>>(),
    })
}

fn outcome(outcome: &Outcome) -> Value {
    json!({
        "description": outcome.description,
        "key": outcome.key,
        "type": outcome.kind,
        "states": outcome.states,
        "operation": outcome.operation,
        "verdict": outcome.verdict.as_str(),
        "took_ms": u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
        "findings": outcome.findings.iter().map(finding).collect::<Vec<_>>(),
        "transcript": outcome.transcript.lines().collect::<Vec<_>>(),
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "frame": finding.frame,
        "pointer": finding.pointer,
        "rule": finding.rule,
        "expected": finding.expected,
        "actual": finding.actual,
        "message": finding.message,
    })
}
