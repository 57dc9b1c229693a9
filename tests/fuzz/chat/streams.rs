//! Answers in pieces: numbered from 0, counted, each of a stream that has begun and not ended.

use std::collections::HashMap;

use serde_json::Value;
use tightwire_testkit::fuzz::{Class, Flaw};

use super::{Thread, flaw};

/// Looks at all that was seen of a thread's topic. Where frames were seen by nobody, it begins anew behind them.
pub(super) fn check(thread: &Thread) -> Result<(), Flaw> {
    let mut seen = Seen::default();
    let mut last = None;
    for ((epoch, seq), frame) in thread {
        if last != Some((epoch, seq - 1)) {
            seen = Seen { is_whole: *seq == 1, ..Seen::default() };
        }
        seen.take(frame)?;
        last = Some((epoch, *seq));
    }
    Ok(())
}

#[derive(Default)]
struct Seen {
    /// Whether every frame of the topic was seen from the first one on.
    is_whole: bool,
    /// The index of the next piece of each stream, and none where it has ended.
    streams: HashMap<String, Option<u64>>,
    /// The messages that were posted, by the frame that did it.
    posted: HashMap<String, String>,
}

impl Seen {
    fn take(&mut self, frame: &Value) -> Result<(), Flaw> {
        let data = &frame["data"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let asked = text(&frame["correlation_id"]);
        if frame["type"] == "thread_message_created" {
            self.posted.insert(asked, text(&data["message"]["message_id"]));
            return Ok(());
        }
        let stream = text(&data["stream_id"]);
        let known = self.streams.get(&stream).copied();
        let wrong = |what: &str, expected: String, actual: &Value| {
            Err(flaw(Class::Application, format!("{what} (stream {stream})"), expected, actual.to_string()))
        };
        match frame["type"].as_str() {
            Some("stream_start") => {
                if known.is_some() {
                    return wrong("a stream began twice", "another stream_id".to_owned(), data);
                }
                if let Some(posted) = self.posted.get(&asked)
                    && data["in_reply_to"] != posted.as_str()
                {
                    return wrong("an answer is to another message", posted.clone(), &data["in_reply_to"]);
                }
                self.streams.insert(stream, Some(0));
            }
            Some("stream_chunk") => match known {
                Some(None) => return wrong("a piece came after the end of its stream", "nothing".to_owned(), data),
                Some(Some(next)) if data["index"] != next => {
                    return wrong("a piece has another index", next.to_string(), &data["index"]);
                }
                None if self.is_whole => {
                    return wrong("a piece is of no stream that began", "its own".to_owned(), data);
                }
                _ => {
                    let index = data["index"].as_u64().unwrap_or_default();
                    self.streams.insert(stream, Some(index + 1));
                }
            },
            Some("stream_end") => match known {
                Some(None) => return wrong("a stream ended twice", "one end".to_owned(), data),
                Some(Some(count)) if data["chunks"] != count => {
                    return wrong("the end counts other pieces than came", count.to_string(), &data["chunks"]);
                }
                None if self.is_whole => return wrong("an end is of no stream that began", "its own".to_owned(), data),
                _ => {
                    self.streams.insert(stream, None);
                }
            },
            _ => {}
        }
        Ok(())
    }
}
