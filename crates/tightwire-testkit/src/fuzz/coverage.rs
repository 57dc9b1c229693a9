//! What was asked of a server, and what it did: operations, replies and close codes, and which of them were never seen.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use super::driver::Outcome;
use super::protocol::Protocol;
use crate::contract::Direction;

/// What was seen in all plans together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// How many plans there were.
    pub plans: u64,
    /// How many messages clients have sent.
    pub sent: u64,
    /// How many text messages clients have received.
    pub received: u64,
    /// How many connections there were.
    pub connections: u64,
    /// How often each message was sent, valid or broken.
    pub asked: BTreeMap<String, u64>,
    /// How often each message was the answer to which: `{"ping": {"pong": 3}}`. What answers nothing stands under an empty
    /// name.
    pub answers: BTreeMap<String, BTreeMap<String, u64>>,
    /// How often the server has closed with which code.
    pub closes: BTreeMap<u16, u64>,
}

impl Coverage {
    /// Adds what came of a plan.
    pub fn add(&mut self, outcome: &Outcome) {
        self.merge(&outcome.coverage);
    }

    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.plans += other.plans;
        self.sent += other.sent;
        self.received += other.received;
        self.connections += other.connections;
        for (message, count) in &other.asked {
            *self.asked.entry(message.clone()).or_default() += count;
        }
        for (asked, answers) in &other.answers {
            let all = self.answers.entry(asked.clone()).or_default();
            for (answer, count) in answers {
                *all.entry(answer.clone()).or_default() += count;
            }
        }
        for (code, count) in &other.closes {
            *self.closes.entry(*code).or_default() += count;
        }
    }

    /// How often a message was the answer to another.
    #[must_use]
    pub fn answered(&self, asked: &str, answer: &str) -> u64 {
        self.answers.get(asked).and_then(|answers| answers.get(answer)).copied().unwrap_or(0)
    }

    /// What the document promises and nobody has seen: replies of operations, messages that come unasked, and close codes.
    #[must_use]
    pub fn unseen(&self, protocol: &Protocol) -> Vec<String> {
        let mut unseen = Vec::new();
        for operation in protocol.operations() {
            for message in operation.messages.iter().filter(|message| !self.asked.contains_key(*message)) {
                unseen.push(format!("{}: {message} was not sent", operation.id));
            }
            let replies = operation.reply.iter().flat_map(|reply| &reply.messages);
            for reply in replies {
                if operation.messages.iter().all(|message| self.answered(message, reply) == 0) {
                    unseen.push(format!("{}: {reply} did not come", operation.id));
                }
            }
        }
        for message in protocol.messages(Direction::ToClient) {
            let seen = self.answers.values().any(|answers| answers.contains_key(&message.key));
            if !seen && protocol.is_announced(message) {
                unseen.push(format!("{} did not come", message.key));
            }
        }
        let codes = protocol.close_codes().iter().filter(|code| !self.closes.contains_key(code));
        unseen.extend(codes.map(|code| format!("close {code} did not come")));
        unseen
    }
}

/// A table: what was asked, what came, how often.
impl Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plans, sent, received, connections, .. } = self;
        writeln!(f, "{plans} plans, {connections} connections, {sent} messages sent, {received} received")?;
        for (asked, answers) in &self.answers {
            let name = if asked.is_empty() { "(unasked)" } else { asked };
            let count = self.asked.get(asked).map_or(String::new(), |count| format!(" ({count})"));
            let answers: Vec<_> = answers.iter().map(|(answer, count)| format!("{answer} {count}")).collect();
            writeln!(f, "  {name}{count}: {}", answers.join(", "))?;
        }
        let closes: Vec<_> = self.closes.iter().map(|(code, count)| format!("{code} {count}")).collect();
        writeln!(f, "  closes: {}", closes.join(", "))
    }
}
