//! What went over one connection, both ways, for the message of a failed test.
//!
//! Entries are kept as they were and only rendered when a test fails. The number kept is bounded, so that a test of many
//! thousand exchanges does not pay for a text that nobody reads.

use std::collections::VecDeque;
use std::fmt::{self, Display};
use std::time::Duration;

use tokio::time::Instant;

use crate::{frame, json};

/// How many of the newest entries are kept.
const KEPT: usize = 100;
/// How many characters of a text that is not JSON, or of a whole line, are printed.
const LINE_CHARS: usize = 600;

/// The newest entries of a connection's history.
#[derive(Debug)]
pub(crate) struct Transcript {
    began: Instant,
    entries: VecDeque<(Duration, Option<usize>, Entry)>,
    left_out: usize,
}

/// Something that happened on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The client sent it.
    Sent(Content),
    /// The server sent it.
    Received(Content),
    /// The harness did or noticed something.
    Note(String),
}

/// What went over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A text frame.
    Text(String),
    /// A binary frame of that many bytes.
    Binary(usize),
    /// A close frame.
    Close(Option<u16>, String),
    /// A ping of the WebSocket protocol itself.
    Ping,
    /// A pong of the WebSocket protocol itself.
    Pong,
}

impl Transcript {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), entries: VecDeque::new(), left_out: 0 }
    }

    pub(crate) fn record(&mut self, entry: Entry) {
        self.record_at(self.began.elapsed(), None, entry);
    }

    /// The same for one of several connections.
    pub(crate) fn record_for(&mut self, client: usize, entry: Entry) {
        self.record_at(self.began.elapsed(), Some(client), entry);
    }

    fn record_at(&mut self, offset: Duration, client: Option<usize>, entry: Entry) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
            self.left_out += 1;
        }
        self.entries.push_back((offset, client, entry));
    }
}

impl Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.left_out > 0 {
            writeln!(f, "              … {} earlier", self.left_out)?;
        }
        for (offset, client, entry) in &self.entries {
            write!(f, "{:>10.3} s  ", offset.as_secs_f64())?;
            if let Some(client) = client {
                write!(f, "client {client} ")?;
            }
            writeln!(f, "{entry}")?;
        }
        Ok(())
    }
}

impl Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(content) => write!(f, "→ {content}"),
            Self::Received(content) => write!(f, "← {content}"),
            Self::Note(note) => write!(f, "· {note}"),
        }
    }
}

impl Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => match json::parse(text) {
                Ok(value) => {
                    let line = frame::summary(&value).unwrap_or_else(|| json::one_line(&value));
                    f.write_str(&json::shorten(&line, LINE_CHARS))
                }
                Err(_) => write!(f, "text {:?}", json::shorten(text, LINE_CHARS)),
            },
            Self::Binary(length) => write!(f, "binary, {length} bytes"),
            Self::Close(None, _) => f.write_str("close without a code"),
            Self::Close(Some(code), reason) if reason.is_empty() => write!(f, "close {code}"),
            Self::Close(Some(code), reason) => write!(f, "close {code} {reason:?}"),
            Self::Ping => f.write_str("WebSocket ping"),
            Self::Pong => f.write_str("WebSocket pong"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entries: &[(u64, Entry)], expected: &str) {
        let mut transcript = Transcript::new();
        for (ms, entry) in entries {
            transcript.record_at(Duration::from_millis(*ms), None, entry.clone());
        }
        assert_eq!(transcript.to_string(), expected);
    }

    #[test]
    fn shows_both_directions_with_offsets() {
        check(
            &[
                (0, Entry::Note("connected".to_owned())),
                (12, Entry::Sent(Content::Text(r#"{"type":"ping","data":{}}"#.to_owned()))),
                (1250, Entry::Received(Content::Text("nonsense".to_owned()))),
                (61_000, Entry::Received(Content::Close(Some(4408), "no pong".to_owned()))),
                (61_000, Entry::Sent(Content::Binary(3))),
            ],
            "     0.000 s  · connected\n     \
             0.012 s  → {\"type\": \"ping\", \"data\": {}}\n     \
             1.250 s  ← text \"nonsense\"\n    \
             61.000 s  ← close 4408 \"no pong\"\n    \
             61.000 s  → binary, 3 bytes\n",
        );
    }

    #[test]
    fn keeps_the_newest() {
        let mut transcript = Transcript::new();
        for number in 0..KEPT + 2 {
            transcript.record(Entry::Note(format!("note {number}.")));
        }
        let text = transcript.to_string();
        assert!(text.contains("… 2 earlier") && !text.contains("note 1.") && text.contains("note 2."), "{text}");
        assert!(text.trim_end().ends_with("note 101."), "{text}");
    }
}
