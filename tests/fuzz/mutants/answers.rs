//! Answers that are not what they should be: to whom, how often, of which type, when, and what they say.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{alter, id, is, reply, wire_type};
use crate::common::tamper::{Content, Line, Message, Mutant};

/// `data_response` answers a frame that nobody has sent.
pub(super) struct LostCorrelation;

impl Mutant for LostCorrelation {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "data_response", |frame| frame["correlation_id"] = json!(Uuid::new_v4()));
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// The list of subscriptions answers the newest frame of another client, where there is one.
#[derive(Default)]
pub(super) struct CorrelationOfAnother {
    newest: Vec<(usize, Value)>,
}

impl Mutant for CorrelationOfAnother {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if let Some(frame) = message.json() {
            self.newest.push((client, frame["id"].clone()));
        }
        line.tell_server(client, message);
    }

    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let other = self.newest.iter().rev().find(|(asker, id)| *asker != client && !id.is_null());
        let altered = other.and_then(|(_, id)| {
            alter(&message, "subscription_updated", |frame| frame["correlation_id"].clone_from(id))
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// Each `data_response` goes to every client that is there.
#[derive(Default)]
pub(super) struct AnswerToEveryone {
    clients: HashSet<usize>,
}

impl Mutant for AnswerToEveryone {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        self.clients.insert(client);
        if is(&message, "data_response") {
            for other in self.clients.iter().filter(|other| **other != client) {
                line.tell_client(*other, message.clone());
            }
        }
        line.tell_client(client, message);
    }
}

/// `data_response` comes twice, the second time as a frame of its own.
pub(super) struct ReplyTwice;

impl Mutant for ReplyTwice {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let again = alter(&message, "data_response", |frame| frame["id"] = json!(Uuid::now_v7()));
        line.tell_client(client, message);
        if let Some(again) = again {
            line.tell_client(client, again);
        }
    }
}

/// The list of subscriptions comes twice, the very same frame.
pub(super) struct FrameTwice;

impl Mutant for FrameTwice {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if is(&message, "subscription_updated") {
            line.tell_client(client, message.clone());
        }
        line.tell_client(client, message);
    }
}

/// `request_data` is answered with a `pong`, where it asks for the metrics of some window.
#[derive(Default)]
pub(super) struct WrongReplyType {
    asked: HashSet<String>,
}

impl Mutant for WrongReplyType {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if let Some(frame) = message.json()
            && frame["data"]["params"]["window_s"].is_number()
            && let Some(id) = id(&frame, "id")
        {
            self.asked.insert(id);
        }
        line.tell_server(client, message);
    }

    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let frame = message.json().unwrap_or_default();
        let is_asked = id(&frame, "correlation_id").is_some_and(|id| self.asked.contains(&id));
        if is_asked && wire_type(&frame) == "data_response" {
            let pong = reply(&frame, "pong", "system", json!({"timestamp": "2026-01-01T00:00:00Z"}));
            return line.tell_client(client, Message::frame(&pong));
        }
        line.tell_client(client, message);
    }
}

/// `data_response` takes 150 ms.
pub(super) struct LateReply;

impl Mutant for LateReply {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if is(&message, "data_response") {
            return line.tell_client_after(Duration::from_millis(150), client, message);
        }
        line.tell_client(client, message);
    }
}

/// The error that says why a connection is closed does not come.
pub(super) struct SwallowedError;

impl Mutant for SwallowedError {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if !says(&message, "contract_violation") {
            line.tell_client(client, message);
        }
    }
}

/// A subscription to a topic that does not exist is answered as if it had not been asked for.
pub(super) struct SwallowedRefusal;

impl Mutant for SwallowedRefusal {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if !says(&message, "invalid_topic") {
            line.tell_client(client, message);
        }
    }
}

/// An error names a place where nothing is wrong.
pub(super) struct WrongPlace;

impl Mutant for WrongPlace {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "error", |frame| {
            let violations = frame.pointer_mut("/data/violations").and_then(Value::as_array_mut);
            for violation in violations.into_iter().flatten() {
                violation["pointer"] = json!("/elsewhere");
            }
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// The health of the system is none of those that the contract knows.
pub(super) struct InvalidFrame;

impl Mutant for InvalidFrame {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "data_response", |frame| {
            if let Some(health) = frame.pointer_mut("/data/data/overall_status") {
                *health = json!("fine");
            }
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// A client that has asked for a topic that does not exist is told nothing more.
#[derive(Default)]
pub(super) struct Wedged {
    clients: HashSet<usize>,
}

impl Mutant for Wedged {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let was_wedged = self.clients.contains(&client);
        if says(&message, "invalid_topic") {
            self.clients.insert(client);
        }
        if !was_wedged || matches!(message.content(), Content::Close(..)) {
            line.tell_client(client, message);
        }
    }
}

/// A data set is sent under the name of another.
pub(super) struct WrongDataSet;

impl Mutant for WrongDataSet {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "request_data", |frame| {
            if frame["data"]["data_type"] == "coordination_metrics" {
                frame["data"]["data_type"] = json!("system_health");
            }
        });
        line.tell_server(client, altered.unwrap_or(message));
    }
}

/// Whether the message is an error with that code.
fn says(message: &Message, code: &str) -> bool {
    is(message, "error") && message.json().is_some_and(|frame| frame["data"]["code"] == code)
}
