//! How the session speaks: the frames that it sends by itself, in the words of the protocol.
//!
//! The protocol's document says which of its messages plays which part (`x-session`). What it has no message for is not
//! sent. Every error frame is made by [`Voice::error`].

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use crate::contract::{Contract, Delivery, Framing, MessageInfo, SessionRole};
use crate::envelope::{Head, Names, Stamp, write_frame};
use crate::frame::{OutboundFrame, Position};
use crate::inbound::Violation;
use crate::log::Gap;
use crate::session::messages::{self, ReplayGap};

/// The topic of frames about the connection itself.
pub const SYSTEM_TOPIC: &str = "system";

/// Makes the session's own frames.
#[derive(Clone, Debug)]
pub struct Voice {
    /// By role. Empty in a flat protocol: whatever its messages are called, they have no envelope.
    messages: Vec<Option<Known>>,
    system: Arc<str>,
}

/// What an error frame says. Never put values in it that the client sent, except topics that were found well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorReport {
    /// From the protocol's closed set, see [`super::code`].
    pub code: &'static str,
    /// The same in words.
    pub message: Cow<'static, str>,
    /// The topic concerned; `None` for the connection itself.
    pub topic: Option<Arc<str>>,
    /// The frame that is answered, where its id could be read.
    pub answers: Option<Uuid>,
    /// Each place where the frame departs from the contract.
    pub violations: Vec<Violation>,
    /// The topics concerned, as far as their names are well-formed.
    pub topics: Vec<String>,
}

impl ErrorReport {
    /// An error about the connection itself.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self { code, message, topic: None, answers: None, violations: Vec::new(), topics: Vec::new() }
    }

    /// Says which frame the error answers.
    #[must_use]
    pub fn answering(mut self, frame: impl Into<Option<Uuid>>) -> Self {
        self.answers = frame.into();
        self
    }

    /// Says which topic the error is about.
    #[must_use]
    pub fn about(mut self, topic: impl Into<Arc<str>>) -> Self {
        self.topic = Some(topic.into());
        self
    }
}

impl Voice {
    /// The voice of a protocol.
    #[must_use]
    pub fn new(contract: &'static Contract) -> Self {
        let mut messages = Vec::new();
        if contract.framing == Framing::Enveloped {
            for (role, message) in contract.to_client.iter().filter_map(|message| Some((message.session?, message))) {
                let place = role as usize;
                messages.resize(messages.len().max(place + 1), None);
                messages[place].get_or_insert_with(|| Known::new(message));
            }
        }
        Self { messages, system: SYSTEM_TOPIC.into() }
    }

    /// A frame about the connection itself. `None` if the protocol has no message for it.
    #[must_use]
    pub fn say(&self, role: SessionRole, stamp: Stamp, data: &impl Serialize) -> Option<OutboundFrame> {
        let known = self.known(role)?;
        self.head(&self.system, role, known, stamp).encode_named(&known.to_system, data).ok()
    }

    /// Writes a frame about the connection itself, as it goes over the wire, behind what `buffer` holds. False if the
    /// protocol has no message for it.
    #[must_use]
    pub fn write(&self, buffer: &mut Vec<u8>, role: SessionRole, stamp: Stamp, data: &impl Serialize) -> bool {
        self.known(role).is_some_and(|known| write_frame(buffer, stamp, &known.to_system, data).is_ok())
    }

    /// A frame that tells of a gap in a topic, at the position from which frames follow again. `None` if the protocol has no
    /// message for it.
    #[must_use]
    pub fn say_gap(&self, topic: &Arc<str>, stamp: Stamp, gap: &Gap) -> Option<OutboundFrame> {
        let position = Position { epoch: Arc::clone(&gap.epoch), seq: gap.latest };
        let role = SessionRole::ReplayGap;
        self.head(topic, role, self.known(role)?, stamp).encode_at(position, &ReplayGap::from(gap)).ok()
    }

    fn head(&self, topic: &Arc<str>, role: SessionRole, known: &Known, stamp: Stamp) -> Head {
        Head {
            stamp,
            wire_type: Cow::Borrowed(known.message.wire_type),
            topic: Arc::clone(topic),
            delivery: Delivery::Control,
            heartbeat: matches!(role, SessionRole::Ping | SessionRole::Pong),
        }
    }

    /// The one function that makes error frames. The stamp's correlation is the caller's care: `report.answers`.
    #[must_use]
    pub fn error(&self, stamp: Stamp, report: &ErrorReport) -> Option<OutboundFrame> {
        let data = messages::Error {
            code: report.code,
            message: &report.message,
            timestamp: messages::rfc3339(stamp.unix_ms),
            violations: &report.violations,
            topics: &report.topics,
        };
        let topic = report.topic.as_ref().unwrap_or(&self.system);
        let role = SessionRole::Error;
        self.head(topic, role, self.known(role)?, stamp).encode(&data).ok()
    }

    fn known(&self, role: SessionRole) -> Option<&Known> {
        self.messages.get(role as usize)?.as_ref()
    }
}

/// A message that the session can say.
#[derive(Clone, Debug)]
struct Known {
    message: &'static MessageInfo,
    /// Its name and that of the topic, for what is about the connection itself.
    to_system: Names,
}

impl Known {
    fn new(message: &'static MessageInfo) -> Self {
        Self { message, to_system: Names::new(message.wire_type, SYSTEM_TOPIC) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_stands_where_frames_follow_again_and_is_no_frame_of_the_log() {
        static CONTRACT: Contract = Contract {
            to_client: &[MessageInfo {
                wire_type: "replay_gap",
                id: "replay_gap",
                delivery: Delivery::Control,
                session: Some(SessionRole::ReplayGap),
            }],
            ..Contract::EMPTY
        };
        let stamp = Stamp { id: Uuid::nil(), unix_ms: 0, correlation_id: Uuid::nil() };
        let gap = Gap { epoch: "e".into(), oldest: 3, latest: 7 };
        let frame = Voice::new(&CONTRACT).say_gap(&"room:1".into(), stamp, &gap).expect("there is a message for it");
        assert_eq!(frame.position(), Some(&Position { epoch: "e".into(), seq: 7 }));
        let wire: serde_json::Value = serde_json::from_slice(frame.payload()).expect("JSON");
        assert_eq!((wire.get("seq"), wire.get("epoch")), (None, None));
        assert_eq!(wire["data"], serde_json::json!({"epoch": "e", "oldest_seq": 3, "latest_seq": 7}));
    }
}
