//! A thread's history against what was seen of the thread live.

use std::collections::HashMap;

use serde_json::{Value, json};
use tightwire_testkit::fuzz::{Class, Flaw};

use super::{Thread, flaw};

/// How many messages a history has where nobody says how many it may have.
const LIMIT: u64 = 50;

/// A history that a client was sent.
#[derive(Debug)]
pub(super) struct History {
    pub(super) topic: String,
    data: Value,
    limit: u64,
}

/// A message that was seen live.
struct Live {
    /// The position of the frame with which it was complete.
    seq: u64,
    message: Value,
}

impl History {
    pub(super) fn new(frame: &Value, limit: Option<u64>) -> Self {
        let topic = frame["topic"].as_str().unwrap_or_default().to_owned();
        Self { topic, data: frame["data"].clone(), limit: limit.unwrap_or(LIMIT) }
    }

    /// Whether it has what was published before it, as it was published, and not more than was asked for.
    ///
    /// A message is kept before it is published: a history may have what comes live after it, too.
    pub(super) fn check(&self, thread: Option<&Thread>) -> Result<(), Flaw> {
        let messages = self.data["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let wrong = |what: &str, expected: String, actual: String| {
            Err(flaw(Class::HistoryDiffers, format!("the history of {}: {what}", self.topic), expected, actual))
        };
        if messages.len() as u64 > self.limit {
            return wrong("more messages than were asked for", self.limit.to_string(), messages.len().to_string());
        }
        let mut by_id = HashMap::new();
        for message in messages {
            let id = message["message_id"].as_str().unwrap_or_default();
            if by_id.insert(id, message).is_some() {
                return wrong("a message is there twice", "each message once".to_owned(), message.to_string());
            }
        }
        let (epoch, seq) =
            (self.data["epoch"].as_str().unwrap_or_default(), self.data["seq"].as_u64().unwrap_or_default());
        for (id, Live { seq: published, message }) in thread.map(|thread| live(thread, epoch)).unwrap_or_default() {
            match by_id.get(id) {
                Some(kept) => {
                    let about = |all: &Value| -> Value {
                        ["author", "content", "metadata", "thread_id"].map(|name| all[name].clone()).to_vec().into()
                    };
                    if about(kept) != about(&message) {
                        let what = "a message is not as it was live";
                        return wrong(what, message.to_string(), kept.to_string());
                    }
                }
                None if published <= seq && (messages.len() as u64) < self.limit => {
                    return wrong("a message is missing", message.to_string(), self.data["messages"].to_string());
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// The messages that were seen from their first frame to their last, by id.
fn live<'t>(thread: &'t Thread, epoch: &str) -> HashMap<&'t str, Live> {
    let mut live = HashMap::new();
    /// An answer in the making: its agent, its text, and where its newest frame is.
    struct Answer<'t> {
        agent: &'t Value,
        text: String,
    }
    let mut answers = HashMap::<&str, Answer<'t>>::new();
    let mut last = None;
    for ((_, seq), frame) in thread.iter().filter(|((of, _), _)| of == epoch) {
        if last.is_some_and(|last| last + 1 != *seq) {
            // Pieces are missing that nobody has seen.
            answers.clear();
        }
        last = Some(*seq);
        let data = &frame["data"];
        let stream = data["stream_id"].as_str().unwrap_or_default();
        match frame["type"].as_str() {
            Some("thread_message_created") => {
                let message = data["message"].clone();
                live.insert(data["message"]["message_id"].as_str().unwrap_or_default(), Live { seq: *seq, message });
            }
            Some("stream_start") => {
                answers.insert(stream, Answer { agent: &data["agent_id"], text: String::new() });
            }
            Some("stream_chunk") => {
                if let Some(answer) = answers.get_mut(stream) {
                    answer.text.push_str(data["delta"].as_str().unwrap_or_default());
                }
            }
            Some("stream_end") => {
                if let Some(Answer { agent, text }) = answers.remove(stream) {
                    let thread_id = frame["topic"].as_str().and_then(|topic| topic.strip_prefix("thread:"));
                    let message = json!({"author": {"kind": "agent", "id": agent}, "content": text,
                        "thread_id": thread_id});
                    live.insert(data["message_id"].as_str().unwrap_or_default(), Live { seq: *seq, message });
                }
            }
            _ => {}
        }
    }
    live
}
