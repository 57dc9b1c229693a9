//! What was tried of a contract, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};
use tightwire_testkit::fuzz::Intent;

use super::contract::Contract;
use super::conversation::{Answer, Asked};

/// Counts of everything.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// Frames of each message that followed the contract.
    valid: BTreeMap<String, u64>,
    /// What came in answer to each message, by the message that came.
    answers: BTreeMap<String, BTreeMap<String, u64>>,
    /// Messages that came, whatever for.
    received: BTreeMap<String, u64>,
    /// Violations by keyword.
    violations: BTreeMap<String, Violations>,
    /// Keywords at whose edge valid frames were.
    edges: BTreeMap<String, u64>,
    /// Frames that break the rules of WebSocket.
    breaches: Violations,
    /// How the server closed, by code; 1006 is a connection that ended without one.
    closes: BTreeMap<u16, u64>,
}

/// What came of violations.
#[derive(Clone, Copy, Debug, Default)]
struct Violations {
    tried: u64,
    /// Answered with an error, or a close.
    refused: u64,
    /// Answered as if there were none.
    taken: u64,
}

impl Coverage {
    /// Something was sent, and this came of it. `is_over`: the connection ended.
    pub(super) fn asked(&mut self, asked: &Asked<'_>, is_over: bool) {
        let name = asked.message.map_or_else(String::new, |message| message.id.clone());
        let violations = match &asked.intent {
            Intent::Valid => {
                self.valid(&name);
                if let Some(Answer::Reply(answer) | Answer::Error(answer)) = &asked.answer {
                    self.answered(&name, answer, 1);
                }
                return;
            }
            Intent::Invalid { keyword, .. } => self.violations.entry(keyword.clone()).or_default(),
            Intent::Breach { .. } => &mut self.breaches,
        };
        violations.tried += 1;
        match &asked.answer {
            Some(Answer::Error(_)) => violations.refused += 1,
            Some(Answer::Reply(_)) => violations.taken += 1,
            Some(Answer::Wrong | Answer::Pong) => {}
            None => violations.refused += u64::from(is_over),
        }
    }

    /// A valid frame of a message was sent; the name of none is empty.
    pub(super) fn valid(&mut self, message: &str) {
        if !message.is_empty() {
            *self.valid.entry(message.to_owned()).or_default() += 1;
        }
    }

    /// A message was answered with another.
    pub(super) fn answered(&mut self, message: &str, answer: &str, times: u64) {
        *self.answers.entry(message.to_owned()).or_default().entry(answer.to_owned()).or_default() += times;
    }

    /// A violation of that keyword, or of the rules of WebSocket.
    pub(super) fn violation(&mut self, keyword: Option<&String>, is_refused: bool) {
        let violations = match keyword {
            Some(keyword) => self.violations.entry(keyword.clone()).or_default(),
            None => &mut self.breaches,
        };
        violations.tried += 1;
        violations.refused += u64::from(is_refused);
    }

    /// A valid frame was at the edge of that.
    pub(super) fn edge(&mut self, keyword: &str) {
        *self.edges.entry(keyword.to_owned()).or_default() += 1;
    }

    /// A message came.
    pub(super) fn received(&mut self, message: &str, times: u64) {
        *self.received.entry(message.to_owned()).or_default() += times;
    }

    /// The server closed.
    pub(super) fn closed(&mut self, code: u16, times: u64) {
        *self.closes.entry(code).or_default() += times;
    }

    /// Which replies of the contract never came, as `operation → message`.
    pub(super) fn missing(&self, contract: &Contract<'_>) -> Vec<String> {
        let mut missing = Vec::new();
        for message in contract.sendable() {
            for reply in contract.replies(&message.id) {
                if !self.received.contains_key(reply) {
                    missing.push(format!("{} → {reply}", message.id));
                }
            }
        }
        missing
    }

    /// For programs.
    pub(super) fn json(&self, contract: &Contract<'_>) -> Value {
        let operations: serde_json::Map<String, Value> = contract
            .sendable()
            .map(|message| {
                let sent = self.valid.get(&message.id).copied().unwrap_or_default();
                let count = |reply: &String| {
                    self.answers.get(&message.id).and_then(|answers| answers.get(reply)).copied().unwrap_or_default()
                };
                let replies =
                    contract.replies(&message.id).into_iter().map(|reply| (reply.clone(), json!(count(reply))));
                let replies: serde_json::Map<_, _> = replies.collect();
                (message.id.clone(), json!({ "sent": sent, "replies": replies }))
            })
            .collect();
        let violations: serde_json::Map<String, Value> = self
            .violations
            .iter()
            .map(|(keyword, it)| {
                (keyword.clone(), json!({ "tried": it.tried, "refused": it.refused, "taken": it.taken }))
            })
            .collect();
        let closes: serde_json::Map<_, _> =
            self.closes.iter().map(|(code, it)| (code.to_string(), json!(it))).collect();
        json!({
            "messages": operations,
            "received": self.received,
            "edges": self.edges,
            "violations": violations,
            "breaches": { "tried": self.breaches.tried, "refused": self.breaches.refused, "taken": self.breaches.taken },
            "closes": closes,
            "replies_not_seen": self.missing(contract),
        })
    }

    /// For people.
    pub(super) fn text(&self, contract: &Contract<'_>) -> String {
        let mut text = String::new();
        let width = contract.sendable().map(|message| message.id.len()).max().unwrap_or_default().clamp(7, 30);
        let _ = writeln!(text, "coverage       {:width$}  {:>7}  replies", "message", "sent");
        for message in contract.sendable() {
            let sent = self.valid.get(&message.id).copied().unwrap_or_default();
            let replies: Vec<_> = contract
                .replies(&message.id)
                .into_iter()
                .map(|reply| {
                    let answers = self.answers.get(&message.id);
                    let count = answers.and_then(|answers| answers.get(reply)).copied().unwrap_or_default();
                    format!("{reply} {count}")
                })
                .collect();
            let replies = if replies.is_empty() { "(none promised)".to_owned() } else { replies.join(", ") };
            let _ = writeln!(text, "               {:width$}  {sent:>7}  {replies}", message.id);
        }
        let keywords: BTreeSet<&String> = self.violations.keys().chain(self.edges.keys()).collect();
        if !keywords.is_empty() {
            let _ = writeln!(
                text,
                "constraints    {:20}  {:>7}  {:>8}  {:>7}  {:>5}",
                "keyword", "at edge", "violated", "refused", "taken"
            );
        }
        for keyword in keywords {
            let edges = self.edges.get(keyword).copied().unwrap_or_default();
            let it = self.violations.get(keyword).copied().unwrap_or_default();
            let (tried, refused, taken) = (it.tried, it.refused, it.taken);
            let _ = writeln!(text, "               {keyword:20}  {edges:>7}  {tried:>8}  {refused:>7}  {taken:>5}");
        }
        if self.breaches.tried > 0 {
            let Violations { tried, refused, .. } = self.breaches;
            let _ = writeln!(text, "websocket      {tried} frames against RFC 6455, {refused} of them refused");
        }
        let received: Vec<_> = self.received.iter().map(|(message, count)| format!("{message} {count}")).collect();
        let _ = writeln!(
            text,
            "received       {}",
            if received.is_empty() { "nothing".to_owned() } else { received.join(", ") }
        );
        let codes = |code: &u16| if *code == 1006 { "none".to_owned() } else { code.to_string() };
        let closes: Vec<_> = self.closes.iter().map(|(code, count)| format!("{} ×{count}", codes(code))).collect();
        if !closes.is_empty() {
            let _ = writeln!(text, "close codes    {}", closes.join(", "));
        }
        let missing = self.missing(contract);
        if !missing.is_empty() {
            let _ = writeln!(text, "never seen     {}", missing.join(", "));
        }
        text
    }
}
