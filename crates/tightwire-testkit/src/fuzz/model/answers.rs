//! Answers: whose they are, of which type, how often and in which order.

use std::time::Duration;

use serde_json::Value;
use tightwire_spec::ir::SessionRole;

use super::client::{Debt, Owed};
use super::{Class, Client, Message, Model, Verdict};
use crate::fuzz::protocol::Operation;
use crate::json;

/// What an answer refers to.
enum Asked {
    /// A frame that this client is owed an answer for.
    Debt(usize),
    /// A frame of this client that was answered.
    Answered(usize),
    /// A frame of another connection.
    Another,
    /// Nothing that anybody has sent.
    Nobody,
}

impl<'p> Model<'p> {
    /// A frame that may be an answer.
    pub(super) fn answered(&mut self, client: usize, message: &'p Message, value: &Value, now: Duration) -> Verdict {
        let key = self.protocol.correlation(message, value);
        if message.role == Some(SessionRole::Error) {
            return self.error(client, key.as_deref(), value, now);
        }
        match self.asked(client, message, key.as_deref()) {
            Asked::Debt(index) => self.pay(client, index, message, value, now),
            Asked::Answered(step) if message.is_direct && !self.protocol.is_announced(message) => {
                let what = format!("`{}` answers a frame that was answered before", message.key);
                self.fault(Class::DuplicateReply, client, Some(step), what, "one answer", json::one_line(value))
            }
            Asked::Answered(step) if self.ends_again(client, message, key.as_deref()) => {
                let what = format!("`{}` came after the end of its sequence", message.key);
                self.fault(Class::Order, client, Some(step), what, "nothing more", json::one_line(value))
            }
            Asked::Another if message.is_direct => {
                let what = format!("`{}` answers a frame of another client", message.key);
                self.fault(Class::WrongCorrelation, client, None, what, "no such frame", json::one_line(value))
            }
            Asked::Nobody if message.is_direct && !self.protocol.is_announced(message) => {
                let what = format!("`{}` does not answer any frame that was sent", message.key);
                self.fault(Class::WrongCorrelation, client, None, what, "the id of a frame", json::one_line(value))
            }
            _ => self.announced(client, message, value),
        }
    }

    /// What an answer refers to. Where answers do not say it, the first frame that may have it.
    fn asked(&self, client: usize, message: &Message, key: Option<&str>) -> Asked {
        let Some(reader) = self.client(client) else { return Asked::Nobody };
        let Some(key) = key else {
            let waits = |debt: &Debt<'_>| !debt.is_replied && debt.operation().is_some_and(|it| takes(it, message));
            return reader.debts.iter().position(waits).map_or(Asked::Nobody, Asked::Debt);
        };
        if let Some(index) = reader.debts.iter().position(|debt| debt.key.as_deref() == Some(key)) {
            return Asked::Debt(index);
        }
        match (reader.answered.get(key), self.askers.get(key)) {
            (Some((step, _)), _) => Asked::Answered(*step),
            (None, Some((asker, _))) if *asker != reader.connection => Asked::Another,
            _ => Asked::Nobody,
        }
    }

    /// Whether a message belongs to a sequence that was complete.
    fn ends_again(&self, client: usize, message: &Message, key: Option<&str>) -> bool {
        let answered = self.client(client).zip(key).and_then(|(reader, key)| reader.answered.get(key));
        let operation = answered.and_then(|(_, operation)| *operation);
        let sequence = operation.and_then(|operation| operation.reply.as_ref()?.sequence.as_ref());
        sequence.is_some_and(|sequence| sequence.messages().any(|step| step == message.key))
    }

    /// What comes without having been asked for.
    fn announced(&mut self, client: usize, message: &'p Message, value: &Value) -> Verdict {
        if message.role == Some(SessionRole::ReplayGap) {
            return self.gap(client, value);
        }
        if !self.protocol.has_envelope() {
            return Ok(());
        }
        let topic = value["topic"].as_str().unwrap_or_default();
        if !self.protocol.may_come_on(message, topic) {
            let what = format!("`{}` came on a topic of another channel", message.key);
            return self.fault(Class::WrongType, client, None, what, "its own channel", json::one_line(value));
        }
        Ok(())
    }

    /// An answer to a frame that waits for one, or something that was caused by it.
    fn pay(&mut self, client: usize, index: usize, message: &'p Message, value: &Value, now: Duration) -> Verdict {
        let Some(Some(reader)) = self.clients.get_mut(client) else { return Ok(()) };
        let debt = &mut reader.debts[index];
        let (step, sent_at) = (debt.step, debt.sent_at);
        let operation = match &debt.owed {
            Owed::Reply(operation) => *operation,
            Owed::Nothing => return self.announced(client, message, value),
            Owed::TooLarge | Owed::Violation { .. } if !message.is_direct => return Ok(()),
            Owed::TooLarge | Owed::Violation { .. } => {
                let what = format!("a frame that violates the contract was answered with `{}`", message.key);
                let expected = debt.expected();
                return self.fault(Class::AcceptedInvalid, client, Some(step), what, expected, json::one_line(value));
            }
        };
        if !takes(operation, message) {
            if message.is_direct && !self.protocol.is_announced(message) {
                let what = format!("`{}` is no answer to `{}`", message.key, debt.message);
                let expected = debt.expected();
                return self.fault(Class::WrongType, client, Some(step), what, expected, json::one_line(value));
            }
            return self.announced(client, message, value);
        }
        let same_channel = operation.reply.as_ref().is_some_and(|reply| reply.channel == operation.channel);
        let topic = value.get("topic").and_then(Value::as_str);
        if self.protocol.has_envelope() && same_channel && topic != debt.topic.as_deref() {
            let what = format!("the answer to `{}` came on another topic", debt.message);
            let expected = debt.topic.clone().unwrap_or_default();
            return self.fault(Class::WrongTopic, client, Some(step), what, expected, json::one_line(value));
        }
        let is_first = !debt.is_replied;
        let mut is_done = true;
        if let Some(progress) = &mut debt.progress {
            if !progress.take(&message.key) {
                let expected = progress.expected().join(" or ");
                let what = format!("`{}` came out of its sequence", message.key);
                return self.fault(Class::Order, client, Some(step), what, expected, json::one_line(value));
            }
            is_done = progress.must_end();
        } else if !is_first {
            let what = format!("`{}` was answered twice", debt.message);
            return self.fault(Class::DuplicateReply, client, Some(step), what, "one answer", json::one_line(value));
        }
        (debt.is_replied, debt.last_at) = (true, now);
        let mut left = Vec::new();
        if is_first {
            reader.rate.taken += 1;
            left = self.subscribed_by(client, index, message, value)?;
        }
        self.keeps_rate(client, step, now)?;
        if is_done {
            self.settle(client, index);
        }
        if let Some(Some(reader)) = self.clients.get_mut(client) {
            reader.forgive(&left, index);
        }
        if is_first { self.in_time(client, step, sent_at, now, &format!("`{}`", message.key)) } else { Ok(()) }
    }

    /// What a first reply does to the subscriptions. The topics that are left.
    fn subscribed_by(&mut self, client: usize, index: usize, message: &Message, value: &Value) -> Verdict<Vec<String>> {
        if message.role == Some(SessionRole::SubscriptionUpdated) {
            return self.subscriptions(client, index, value);
        }
        if let Some(Some(reader)) = self.clients.get_mut(client) {
            let debt = &reader.debts[index];
            if let Some(topic) = debt.topic.clone().filter(|_| debt.operation().is_some_and(|it| it.subscribes)) {
                reader.left.remove(&topic);
                reader.subscriptions.insert(topic);
            }
        }
        Ok(Vec::new())
    }

    /// A frame is answered; who asks again for the answer is told that it was.
    pub(super) fn settle(&mut self, client: usize, index: usize) {
        let Some(Some(reader)) = self.clients.get_mut(client) else { return };
        let debt = reader.debts.remove(index);
        let operation = debt.operation();
        if let Some(key) = debt.key {
            reader.answered.insert(key, (debt.step, operation));
        }
    }

    /// That not more frames were taken than the rate allows.
    pub(super) fn keeps_rate(&mut self, client: usize, step: usize, now: Duration) -> Verdict {
        let Some(reader) = self.client(client) else { return Ok(()) };
        let (taken, most) = (reader.rate.taken, reader.most_taken(now));
        if taken as f64 <= most {
            return Ok(());
        }
        let (expected, actual) = (format!("at most {most:.0} frames until now"), format!("{taken} frames"));
        self.fault(Class::RateNotKept, client, Some(step), "more frames were taken than allowed", expected, actual)
    }
}

impl Debt<'_> {
    /// What is owed, in words.
    pub(super) fn expected(&self) -> String {
        match &self.owed {
            Owed::Reply(operation) => {
                operation.reply.as_ref().map_or(String::new(), |reply| reply.messages.join(" or "))
            }
            Owed::TooLarge => "an error that says that it is too large".to_owned(),
            Owed::Violation { keyword, pointer } => format!("an error that names {keyword} at {pointer:?}"),
            Owed::Nothing => "nothing".to_owned(),
        }
    }
}

impl Client<'_> {
    /// The client no longer waits for what would come on topics that it has left.
    pub(super) fn forgive(&mut self, topics: &[String], before: usize) {
        let mut kept = Vec::with_capacity(self.debts.len());
        for (index, debt) in self.debts.drain(..).enumerate() {
            let subscribes = debt.operation().is_some_and(|operation| operation.subscribes);
            if index < before && subscribes && debt.topic.as_ref().is_some_and(|topic| topics.contains(topic)) {
                // Where the topic is subscribed to again, the rest may come after all.
                if let Some(key) = debt.key {
                    self.answered.insert(key, (debt.step, None));
                }
            } else {
                kept.push(debt);
            }
        }
        self.debts = kept;
    }
}

/// Whether the message may be the reply of the operation.
fn takes(operation: &Operation, message: &Message) -> bool {
    operation.reply.as_ref().is_some_and(|reply| {
        reply.messages.contains(&message.key)
            || reply.sequence.as_ref().is_some_and(|sequence| sequence.messages().any(|step| step == message.key))
    })
}
