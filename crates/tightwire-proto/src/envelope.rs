//! The envelope around everything the server sends: `{"v":1,"id":…,"type":…,"topic":…,"ts":…,"correlation_id":…,
//! ["seq":…,"epoch":…,]"data":{…}}`.
//!
//! A frame for one client is encoded at once ([`Head::encode`]). A frame for a topic gets its position from the broker,
//! so that it is encoded in two steps: the payload by the publisher ([`Publication::new`]), the envelope by the broker
//! ([`Publication::finish`]).

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use crate::contract::Delivery;
use crate::frame::{self, MAX_HEADER, OutboundFrame, Position, Tag};

/// Room for an envelope without its payload and with names of usual length.
const ENVELOPE_BYTES: usize = 320;

/// Room for names of usual length.
const NAMES_BYTES: usize = 120;

/// The moment and identity of a frame. The caller makes it: this crate reads no clock and draws no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The frame's `id`, a UUIDv7.
    pub id: Uuid,
    /// The frame's `ts`, in milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// The frame's `correlation_id`: the `id` of the frame that it answers, or a fresh UUIDv4.
    pub correlation_id: Uuid,
}

/// Everything of an envelope but payload and position.
#[derive(Clone, Debug)]
pub struct Head {
    /// `id`, `ts` and `correlation_id`.
    pub stamp: Stamp,
    /// `type`.
    pub wire_type: Cow<'static, str>,
    /// `topic`.
    pub topic: Arc<str>,
    /// What may be done with the frame for a slow client.
    pub delivery: Delivery,
    /// Whether the frame belongs to the heartbeat.
    pub heartbeat: bool,
}

/// The payload cannot be written as JSON, for instance because a map has keys that are not strings.
#[derive(Debug, thiserror::Error)]
#[error("the payload of a `{wire_type}` cannot be written as JSON: {cause}")]
pub struct EncodeError {
    /// The message's `type`.
    pub wire_type: Cow<'static, str>,
    /// What the serializer says.
    #[source]
    pub cause: serde_json::Error,
}

impl Head {
    /// Encodes a frame without a position.
    ///
    /// # Errors
    /// If `data` cannot be written as JSON.
    pub fn encode(self, data: &impl Serialize) -> Result<OutboundFrame, EncodeError> {
        let names = Names::new(&self.wire_type, &self.topic);
        self.encode_named(&names, data)
    }

    /// The same, with its names as they were written before.
    pub(crate) fn encode_named(self, names: &Names, data: &impl Serialize) -> Result<OutboundFrame, EncodeError> {
        self.encode_with(names, None, data)
    }

    /// The same, of a frame that stands at a position without being one of the log: the position is not in its envelope.
    pub(crate) fn encode_at(self, position: Position, data: &impl Serialize) -> Result<OutboundFrame, EncodeError> {
        let names = Names::new(&self.wire_type, &self.topic);
        self.encode_with(&names, Some(position), data)
    }

    fn encode_with(
        self,
        names: &Names,
        position: Option<Position>,
        data: &impl Serialize,
    ) -> Result<OutboundFrame, EncodeError> {
        let mut buffer = self.open(names, None, ENVELOPE_BYTES);
        match serde_json::to_writer(&mut buffer, data) {
            Ok(()) => Ok(self.close(buffer, position)),
            Err(cause) => Err(EncodeError { wire_type: self.wire_type, cause }),
        }
    }

    /// The envelope up to the payload.
    fn open(&self, names: &Names, position: Option<&Position>, room: usize) -> Vec<u8> {
        let mut buffer = Vec::with_capacity(MAX_HEADER + room);
        buffer.resize(MAX_HEADER, 0);
        write_open(&mut buffer, self.stamp, names, position);
        buffer
    }

    /// The end of the envelope, and the frame around it.
    fn close(self, mut buffer: Vec<u8>, position: Option<Position>) -> OutboundFrame {
        buffer.push(b'}');
        let tag = Tag {
            id: self.stamp.id,
            wire_type: self.wire_type,
            topic: self.topic,
            correlation_id: self.stamp.correlation_id,
            delivery: self.delivery,
            heartbeat: self.heartbeat,
        };
        OutboundFrame::seal(buffer, tag, position)
    }
}

/// Writes a whole frame for one client, header included, behind what `buffer` holds. Nothing, if `data` cannot be written
/// as JSON.
pub(crate) fn write_frame(
    buffer: &mut Vec<u8>,
    stamp: Stamp,
    names: &Names,
    data: &impl Serialize,
) -> Result<(), serde_json::Error> {
    frame::write_text(buffer, |buffer| {
        write_open(buffer, stamp, names, None);
        serde_json::to_writer(&mut *buffer, data)?;
        buffer.push(b'}');
        Ok(())
    })
}

/// The envelope up to the payload.
fn write_open(buffer: &mut Vec<u8>, stamp: Stamp, names: &Names, position: Option<&Position>) {
    buffer.extend_from_slice(br#"{"v":1,"id":""#);
    write_uuid(buffer, stamp.id);
    buffer.extend_from_slice(&names.0);
    write_number(buffer, stamp.unix_ms);
    buffer.extend_from_slice(br#","correlation_id":""#);
    write_uuid(buffer, stamp.correlation_id);
    buffer.push(b'"');
    if let Some(position) = position {
        buffer.extend_from_slice(br#","seq":"#);
        write_number(buffer, position.seq);
        buffer.extend_from_slice(br#","epoch":"#);
        write_string(buffer, &position.epoch);
    }
    buffer.extend_from_slice(br#","data":"#);
}

/// What an envelope has between `id` and `ts`: the names of message and topic, as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Names(Vec<u8>);

impl Names {
    pub(crate) fn new(wire_type: &str, topic: &str) -> Self {
        let mut buffer = Vec::with_capacity(NAMES_BYTES);
        buffer.extend_from_slice(br#"","type":"#);
        write_string(&mut buffer, wire_type);
        buffer.extend_from_slice(br#","topic":"#);
        write_string(&mut buffer, topic);
        buffer.extend_from_slice(br#","ts":"#);
        Self(buffer)
    }
}

/// A frame for a topic, before the broker gave it a position.
#[derive(Clone, Debug)]
pub struct Publication {
    head: Head,
    data: Bytes,
}

impl Publication {
    /// Writes `data` as JSON.
    ///
    /// # Errors
    /// If `data` cannot be written as JSON.
    pub fn new(head: Head, data: &impl Serialize) -> Result<Self, EncodeError> {
        match serde_json::to_vec(data) {
            Ok(json) => Ok(Self { head, data: Bytes::from(json) }),
            Err(cause) => Err(EncodeError { wire_type: head.wire_type, cause }),
        }
    }

    /// Takes what is JSON already.
    #[must_use]
    pub fn of_json(head: Head, data: Bytes) -> Self {
        Self { head, data }
    }

    /// The same publication, with a name of its topic that others have too.
    #[must_use]
    pub(crate) fn sharing(mut self, topic: &Arc<str>) -> Self {
        debug_assert_eq!(self.head.topic, *topic);
        self.head.topic = Arc::clone(topic);
        self
    }

    /// Everything but payload and position.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The payload as JSON.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.data
    }

    /// Whether the frame is to be kept for replay, and so to be given a position.
    #[must_use]
    pub fn is_replayable(&self) -> bool {
        matches!(self.head.delivery, Delivery::Durable | Delivery::Latest)
    }

    /// Encodes the frame, once for all its receivers.
    #[must_use]
    pub fn finish(self, position: Option<Position>) -> OutboundFrame {
        let names = Names::new(&self.head.wire_type, &self.head.topic);
        let mut buffer = self.head.open(&names, position.as_ref(), ENVELOPE_BYTES + self.data.len());
        buffer.extend_from_slice(&self.data);
        self.head.close(buffer, position)
    }
}

fn write_uuid(buffer: &mut Vec<u8>, id: Uuid) {
    let mut text = Uuid::encode_buffer();
    buffer.extend_from_slice(id.hyphenated().encode_lower(&mut text).as_bytes());
}

/// Writing to memory cannot fail, nor can writing a string or a number as JSON.
fn write_string(buffer: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(buffer, text).unwrap_or_default();
}

fn write_number(buffer: &mut Vec<u8>, number: u64) {
    serde_json::to_writer(buffer, &number).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0190b6a2_7c1e_7b6a_9a64_0d5a3c0f7e21);
    const CAUSE: Uuid = Uuid::from_u128(0x7b0f2c8e_3b64_4a52_8a0e_6b1f9f0d2c33);

    fn head(topic: &str) -> Head {
        Head {
            stamp: Stamp { id: ID, unix_ms: 1_767_225_600_000, correlation_id: CAUSE },
            wire_type: "note".into(),
            topic: topic.into(),
            delivery: Delivery::Durable,
            heartbeat: false,
        }
    }

    #[track_caller]
    fn check(frame: &OutboundFrame, expected: &Value) {
        let text = std::str::from_utf8(frame.payload()).expect("UTF-8");
        assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), *expected);
    }

    #[test]
    fn a_frame_without_a_position() {
        let frame = head("thread:a").encode(&json!({"text": "żółw \"1\""})).expect("encodes");
        check(
            &frame,
            &json!({"v": 1, "id": ID, "type": "note", "topic": "thread:a", "ts": 1_767_225_600_000_u64,
                "correlation_id": CAUSE, "data": {"text": "żółw \"1\""}}),
        );
        assert_eq!(frame.id(), ID);
    }

    #[test]
    fn a_published_frame_has_seq_and_epoch() {
        let publication = Publication::new(head("a\"b"), &json!({})).expect("encodes");
        let frame = publication.finish(Some(Position { epoch: "e1".into(), seq: 7 }));
        check(
            &frame,
            &json!({"v": 1, "id": ID, "type": "note", "topic": "a\"b", "ts": 1_767_225_600_000_u64,
                "correlation_id": CAUSE, "seq": 7, "epoch": "e1", "data": {}}),
        );
    }

    #[test]
    fn what_is_not_json_is_an_error() {
        let data = std::collections::HashMap::from([(vec![1], 2)]);
        let error = head("a").encode(&data).expect_err("a key that is not a string");
        assert_eq!(error.wire_type, "note");
    }
}
