//! What the document of the chat says in prose, and what its model of a session cannot know: that an answer's pieces are
//! numbered and counted, that a thread's history is what was seen live, that what was asked for is what is told.
//!
//! A plan is judged at its end, when everything has come that was owed: until then others may have seen what this client
//! has not.

mod history;
mod streams;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use tightwire_testkit::fuzz::{Check, Class, Flaw, Observed};

use self::history::History;

/// What was seen in the threads of a plan.
#[derive(Debug, Default)]
pub(crate) struct ChatCheck {
    threads: BTreeMap<String, Thread>,
    /// The questions to the dashboard, the histories that were asked for, and the pings, by id.
    asked: HashMap<String, Value>,
    histories: Vec<History>,
}

/// The frames of a thread's topic, by epoch and position, whoever has got them.
type Thread = BTreeMap<(String, u64), Value>;

impl Check for ChatCheck {
    fn sent(&mut self, frame: &Observed<'_>) {
        if let "request_data" | "subscribe_thread" | "ping" = frame.message
            && let Some(id) = frame.frame["id"].as_str()
        {
            self.asked.insert(id.to_ascii_lowercase(), frame.frame["data"].clone());
        }
    }

    fn received(&mut self, received: &Observed<'_>) -> Result<(), Flaw> {
        let frame = received.frame;
        let topic = frame["topic"].as_str().unwrap_or_default();
        if let (Some(epoch), Some(seq)) = (frame["epoch"].as_str(), frame["seq"].as_u64()) {
            if received.is_new && topic.starts_with("thread:") {
                self.threads.entry(topic.to_owned()).or_default().insert((epoch.to_owned(), seq), frame.clone());
            }
            return Ok(());
        }
        let asked = frame["correlation_id"].as_str().map(str::to_ascii_lowercase);
        let asked = asked.and_then(|id| self.asked.get(&id));
        match (received.message, asked) {
            ("data_response" | "data_error", Some(asked)) => {
                same("another data set was asked for", &asked["data_type"], &frame["data"]["data_type"])
            }
            ("pong", Some(asked)) if asked.get("timestamp").is_some() => {
                same("a pong has another time than its ping", &asked["timestamp"], &frame["data"]["timestamp"])
            }
            ("thread_history", asked) => {
                let limit = asked.and_then(|asked| asked["limit"].as_u64());
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

fn same(what: &str, expected: &Value, actual: &Value) -> Result<(), Flaw> {
    if expected == actual {
        return Ok(());
    }
    Err(flaw(Class::Application, what, expected.to_string(), actual.to_string()))
}

fn flaw(class: Class, message: impl Into<String>, expected: impl Into<String>, actual: impl Into<String>) -> Flaw {
    Flaw { class, message: message.into(), expected: expected.into(), actual: actual.into() }
}
