//! What the document of the chat says in prose, and what its model of a session cannot know: that an answer's pieces are
//! numbered and counted, that a thread's history is what was seen live, that what was asked for is what is told.
//!
//! A plan is judged at its end, when everything has come that was owed: until then others may have seen what this client
//! has not.

mod history;
mod streams;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, FixedOffset};
use serde_json::Value;
use tightwire_testkit::fuzz::{Check, Class, Flaw, Observed};

use self::history::History;

/// What was seen in the threads of a plan.
#[derive(Debug, Default)]
pub(crate) struct ChatCheck {
    threads: BTreeMap<String, Thread>,
    /// The questions to the dashboard, the histories that were asked for, messages and pings: by id, the connection and what
    /// it said.
    asked: HashMap<String, (usize, Value)>,
    /// Who the client of a connection is.
    names: HashMap<usize, Value>,
    histories: Vec<History>,
}

/// The frames of a thread's topic, by epoch and position, whoever has got them.
type Thread = BTreeMap<(String, u64), Value>;

impl Check for ChatCheck {
    fn sent(&mut self, frame: &Observed<'_>) {
        if let "request_data" | "subscribe_thread" | "send_message" | "ping" = frame.message
            && let Some(id) = frame.frame["id"].as_str()
        {
            let asked = (frame.connection, frame.frame["data"].clone());
            self.asked.insert(id.to_ascii_lowercase(), asked);
        }
    }

    fn received(&mut self, received: &Observed<'_>) -> Result<(), Flaw> {
        let frame = received.frame;
        let topic = frame["topic"].as_str().unwrap_or_default();
        if let (Some(epoch), Some(seq)) = (frame["epoch"].as_str(), frame["seq"].as_u64()) {
            if received.is_new && topic.starts_with("thread:") {
                self.threads.entry(topic.to_owned()).or_default().insert((epoch.to_owned(), seq), frame.clone());
            }
            if received.is_new && received.message == "thread_message_created" {
                return self.created(frame);
            }
            return Ok(());
        }
        let asked = self.asked_by(frame).map(|(_, data)| data);
        match (received.message, asked) {
            ("data_response" | "data_error", Some(asked)) => {
                same("another data set was asked for", &asked["data_type"], &frame["data"]["data_type"])
            }
            ("pong", Some(asked)) if asked.get("timestamp").is_some() => {
                let (asked, told) = (&asked["timestamp"], &frame["data"]["timestamp"]);
                // The same time may be written in another way.
                if time(asked) == time(told) {
                    Ok(())
                } else {
                    same("a pong has another time than its ping", asked, told)
                }
            }
            ("connection_established", _) => {
                self.names.insert(received.connection, frame["data"]["connection_id"].clone());
                Ok(())
            }
            ("thread_history", asked) => {
                let limit = asked.and_then(|asked| asked["limit"].as_f64()).map(|limit| limit as u64);
                self.histories.push(History::new(frame, limit));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn finish(&mut self) -> Result<(), Flaw> {
        self.threads.values().try_for_each(streams::check)?;
        self.histories.iter().try_for_each(|history| history.check(self.threads.get(&history.topic)))
    }
}

impl ChatCheck {
    /// What a frame answers: the connection that has sent it, and what it said.
    fn asked_by(&self, frame: &Value) -> Option<&(usize, Value)> {
        self.asked.get(&frame["correlation_id"].as_str()?.to_ascii_lowercase())
    }

    /// A message is what its author has sent.
    fn created(&self, frame: &Value) -> Result<(), Flaw> {
        let Some((connection, sent)) = self.asked_by(frame) else { return Ok(()) };
        let message = &frame["data"]["message"];
        for part in ["content", "metadata"] {
            same("a message is not what was sent", &sent[part], &message[part])?;
        }
        same(
            "a message has another author",
            self.names.get(connection).unwrap_or(&Value::Null),
            &message["author"]["id"],
        )
    }
}

fn time(value: &Value) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok()
}

fn same(what: &str, expected: &Value, actual: &Value) -> Result<(), Flaw> {
    if expected == actual {
        return Ok(());
    }
    Err(flaw(Class::Application, what, expected.to_string(), actual.to_string()))
}

fn flaw(class: Class, message: impl Into<String>, expected: impl Into<String>, actual: impl Into<String>) -> Flaw {
    Flaw { class, message: message.into(), expected: expected.into(), actual: actual.into() }
}
