//! Topics: who is subscribed to which, who is sent what of them, and what is replayed.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{alter, id, is, position, reply, topics, wire_type};
use crate::common::tamper::{Line, Message, Mutant};

/// What is published in a thread goes to every client that is there.
#[derive(Default)]
pub(super) struct LeakToEveryone {
    clients: HashSet<usize>,
}

impl Mutant for LeakToEveryone {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        self.clients.insert(client);
        if is(&message, "thread_message_created") {
            for other in self.clients.iter().filter(|other| **other != client) {
                line.tell_client(*other, message.clone());
            }
        }
        line.tell_client(client, message);
    }
}

/// The beginning of an answer comes on another thread's topic.
pub(super) struct OnAnotherTopic;

impl Mutant for OnAnotherTopic {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "stream_start", |frame| frame["topic"] = json!("thread:another"));
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// `unsubscribe` is confirmed and not done.
#[derive(Default)]
pub(super) struct AfterUnsubscribe {
    /// What each client is subscribed to, as it believes, and what it has left.
    clients: HashMap<usize, (HashSet<String>, HashSet<String>)>,
}

impl Mutant for AfterUnsubscribe {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let frame = message.json().unwrap_or_default();
        let (subscribed, left) = self.clients.entry(client).or_default();
        match wire_type(&frame) {
            "unsubscribe" => {
                let left_now: Vec<_> = topics(&frame).filter(|topic| subscribed.contains(*topic)).collect();
                if !left_now.is_empty() {
                    left.extend(left_now.iter().map(|topic| (*topic).to_owned()));
                    // Whoever subscribes to what it is subscribed to is told what it is subscribed to.
                    let mut subscribe = frame.clone();
                    subscribe["type"] = json!("subscribe");
                    subscribe["data"]["topics"] = json!(left_now);
                    return line.tell_server(client, Message::frame(&subscribe));
                }
            }
            "subscribe" => left.retain(|topic| topics(&frame).all(|asked| asked != topic)),
            _ => {
                if let Some(topic) = frame["topic"].as_str() {
                    left.remove(topic);
                }
            }
        }
        line.tell_server(client, message);
    }

    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let (subscribed, left) = self.clients.entry(client).or_default();
        if let Some(frame) = message.json().filter(|frame| position(frame).is_some()) {
            subscribed.extend(frame["topic"].as_str().map(str::to_owned));
        }
        let altered = alter(&message, "subscription_updated", |frame| {
            if let Some(topics) = frame.pointer_mut("/data/topics").and_then(Value::as_array_mut) {
                topics.retain(|topic| topic.as_str().is_none_or(|topic| !left.contains(topic)));
                *subscribed = topics.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            }
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// The list of subscriptions begins with the last topic.
pub(super) struct Unsorted;

impl Mutant for Unsorted {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "subscription_updated", |frame| {
            if let Some(topics) = frame.pointer_mut("/data/topics").and_then(Value::as_array_mut) {
                topics.reverse();
            }
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// Only the first of the topics that a client asks for is subscribed to.
pub(super) struct FirstTopicOnly;

impl Mutant for FirstTopicOnly {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "subscribe", |frame| {
            if let Some(topics) = frame.pointer_mut("/data/topics").and_then(Value::as_array_mut) {
                topics.truncate(1);
            }
        });
        line.tell_server(client, altered.unwrap_or(message));
    }
}

/// A topic that was refused is in the list of subscriptions nevertheless.
#[derive(Default)]
pub(super) struct RefusedAndKept {
    refused: HashMap<usize, Vec<String>>,
}

impl Mutant for RefusedAndKept {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let frame = message.json().unwrap_or_default();
        let refused = self.refused.entry(client).or_default();
        if wire_type(&frame) == "error" && frame["data"]["code"] == "invalid_topic" {
            refused.extend(topics(&frame).filter(|topic| topic.starts_with("agent:")).map(str::to_owned));
        }
        let altered = alter(&message, "subscription_updated", |frame| {
            let mut all: Vec<_> = topics(frame).map(str::to_owned).chain(refused.drain(..)).collect();
            all.sort();
            all.dedup();
            frame["data"]["topics"] = json!(all);
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// The newest message is missing from a thread's history.
pub(super) struct StaleHistory;

impl Mutant for StaleHistory {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "thread_history", |frame| {
            if let Some(messages) = frame.pointer_mut("/data/messages").and_then(Value::as_array_mut) {
                messages.pop();
            }
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// What a person has written is in the history without its metadata.
pub(super) struct ForgottenMetadata;

impl Mutant for ForgottenMetadata {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "thread_history", |frame| {
            let messages = frame.pointer_mut("/data/messages").and_then(Value::as_array_mut);
            for message in messages.into_iter().flatten() {
                message.as_object_mut().map(|message| message.shift_remove("metadata"));
            }
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// Only one of those who are subscribed is sent a text; all others are sent another.
#[derive(Default)]
pub(super) struct TextsOfTheirOwn {
    seen: HashSet<String>,
}

impl Mutant for TextsOfTheirOwn {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "stream_chunk", |frame| {
            if !self.seen.insert(id(frame, "id").unwrap_or_default()) {
                frame["data"]["delta"] = json!("something else");
            }
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// The end of an answer comes only to whoever has asked.
#[derive(Default)]
pub(super) struct LostForOthers {
    askers: HashMap<String, usize>,
}

impl Mutant for LostForOthers {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if let Some(id) = message.json().and_then(|frame| id(&frame, "id")) {
            self.askers.insert(id, client);
        }
        line.tell_server(client, message);
    }

    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let asked = message.json().and_then(|frame| id(&frame, "correlation_id"));
        let asker = asked.and_then(|id| self.askers.get(&id));
        if !is(&message, "stream_end") || asker == Some(&client) {
            line.tell_client(client, message);
        }
    }
}

/// What clients have asked to be replayed. What is done to the first frame of each such replay is the mutant's.
#[derive(Default)]
struct Replays {
    /// The id of the frame that asked, by client and topic, until the replay begins.
    coming: HashMap<(usize, String), Value>,
}

impl Replays {
    fn asked(&mut self, client: usize, message: &Message) {
        let Some(frame) = message.json().filter(|frame| wire_type(frame) == "subscribe") else { return };
        for topic in frame["data"]["after"].as_object().into_iter().flat_map(|after| after.keys()) {
            self.coming.insert((client, topic.clone()), frame["id"].clone());
        }
    }

    /// Who has asked for the replay whose first frame this is.
    fn begin(&mut self, client: usize, frame: &Value) -> Option<Value> {
        position(frame)?;
        self.coming.remove(&(client, frame["topic"].as_str()?.to_owned()))
    }
}

/// The first frame of a replay comes twice.
#[derive(Default)]
pub(super) struct ReplayedTwice(Replays);

impl Mutant for ReplayedTwice {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        self.0.asked(client, &message);
        line.tell_server(client, message);
    }

    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if message.json().is_some_and(|frame| self.0.begin(client, &frame).is_some()) {
            line.tell_client(client, message.clone());
        }
        line.tell_client(client, message);
    }
}

/// The first frame of a replay is a new one: it has another id than it had live.
#[derive(Default)]
pub(super) struct ReplayedAnew(Replays);

impl Mutant for ReplayedAnew {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        self.0.asked(client, &message);
        line.tell_server(client, message);
    }

    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        match message.json() {
            Some(mut frame) if self.0.begin(client, &frame).is_some() => {
                frame["id"] = json!(Uuid::now_v7());
                line.tell_client(client, Message::frame(&frame));
            }
            _ => line.tell_client(client, message),
        }
    }
}

/// The first frame of a replay is said to be lost, though it is still kept.
#[derive(Default)]
pub(super) struct GapForNothing(Replays);

impl Mutant for GapForNothing {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        self.0.asked(client, &message);
        line.tell_server(client, message);
    }

    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if let Some(frame) = message.json()
            && let Some(asked) = self.0.begin(client, &frame)
            && let Some((epoch, seq)) = position(&frame)
        {
            let data = json!({"epoch": epoch, "oldest_seq": seq + 1, "latest_seq": seq});
            let mut gap = reply(&frame, "replay_gap", frame["topic"].as_str().unwrap_or_default(), data);
            gap["correlation_id"] = asked;
            return line.tell_client(client, Message::frame(&gap));
        }
        line.tell_client(client, message);
    }
}
