//! A frame of the server, encoded once: WebSocket header and JSON in one allocation that every receiver shares.
//!
//! Made by [`crate::envelope`]; queued by [`crate::outbound`]; kept by [`crate::log`]. Nothing here knows JSON.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use crate::contract::Delivery;
use crate::inbound::StreamPosition;

/// The longest header of an unmasked frame: two bytes and a 64-bit length (RFC 6455, section 5.2).
pub(crate) const MAX_HEADER: usize = 10;

/// The header of a frame of 126 bytes to 64 KiB.
const USUAL_HEADER: usize = 4;

/// The largest payload of a control frame.
pub(crate) const MAX_CONTROL: usize = 125;

/// The longest reason that a close frame can carry: the code takes two bytes.
const MAX_CLOSE_REASON: usize = MAX_CONTROL - 2;

/// A frame of the server, ready to be written to any number of sockets. Cloning it copies a pointer.
#[derive(Clone, Debug)]
pub struct OutboundFrame(Arc<Encoded>);

#[derive(Debug)]
struct Encoded {
    /// Room for the longest header, then the payload.
    buffer: Vec<u8>,
    /// Where in that room the frame begins.
    start: u8,
    tag: Tag,
    position: Option<Position>,
}

/// What a frame takes beside its bytes: what is known of it, the counters of the allocation that is shared, and what an
/// allocator adds to each of two.
const BESIDE_BYTES: usize = size_of::<Encoded>() + 16 + 2 * 16;

/// What a frame is, beside its bytes: what queues, logs and metrics need to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The frame's own `id`.
    pub id: Uuid,
    /// The value of `type`.
    pub wire_type: Cow<'static, str>,
    /// The topic.
    pub topic: Arc<str>,
    /// `correlation_id`.
    pub correlation_id: Uuid,
    /// What may be done with it for a slow client.
    pub delivery: Delivery,
    /// Whether it belongs to the heartbeat, and so says nothing about the connection being in use.
    pub heartbeat: bool,
}

/// A position in a topic's log, cheap to clone. [`StreamPosition`] is its form on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Changes when the log was lost or rebuilt.
    pub epoch: Arc<str>,
    /// Dense: rises by 1; 0 for "before the first frame".
    pub seq: u64,
}

impl From<&Position> for StreamPosition {
    fn from(position: &Position) -> Self {
        Self { epoch: position.epoch.to_string(), seq: position.seq }
    }
}

impl OutboundFrame {
    /// Puts the header in front of the payload that `buffer` holds after [`MAX_HEADER`] bytes of room.
    pub(crate) fn seal(mut buffer: Vec<u8>, tag: Tag, position: Option<Position>) -> Self {
        let (header, header_len) = header(Opcode::Text.first(), buffer.len() - MAX_HEADER);
        let start = MAX_HEADER - header_len;
        buffer[start..MAX_HEADER].copy_from_slice(&header[..header_len]);
        Self(Arc::new(Encoded { buffer, start: start as u8, tag, position }))
    }

    /// The whole frame as it goes to a WebSocket, header included.
    #[must_use]
    pub fn wire(&self) -> &[u8] {
        &self.0.buffer[usize::from(self.0.start)..]
    }

    /// The JSON alone, for transports other than WebSocket.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.0.buffer[MAX_HEADER..]
    }

    /// How much memory the frame takes, without its topic, which it may share with others.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.0.buffer.capacity() + BESIDE_BYTES
    }

    /// What the frame is.
    #[must_use]
    pub fn tag(&self) -> &Tag {
        &self.0.tag
    }

    /// Its position in the topic's log, if it is replayable; of a frame that tells of a gap, the one after which frames
    /// follow again.
    #[must_use]
    pub fn position(&self) -> Option<&Position> {
        self.0.position.as_ref()
    }

    /// The frame's own `id`.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.0.tag.id
    }

    /// What may be done with it for a slow client.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.0.tag.delivery
    }
}

/// What a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// UTF-8.
    Text,
    /// Bytes.
    Binary,
}

impl Opcode {
    /// The first byte of a final frame.
    fn first(self) -> u8 {
        match self {
            Self::Text => 0x81,
            Self::Binary => 0x82,
        }
    }
}

/// The header of an unmasked frame that begins with this byte, and its length.
pub(crate) fn header(first: u8, payload: usize) -> ([u8; MAX_HEADER], usize) {
    let mut header = [0; MAX_HEADER];
    header[0] = first;
    if let Ok(short) = u8::try_from(payload)
        && short < 126
    {
        header[1] = short;
        (header, 2)
    } else if let Ok(medium) = u16::try_from(payload) {
        header[1] = 126;
        header[2..4].copy_from_slice(&medium.to_be_bytes());
        (header, 4)
    } else {
        header[1] = 127;
        header[2..].copy_from_slice(&(payload as u64).to_be_bytes());
        (header, MAX_HEADER)
    }
}

/// Writes a text message in one unmasked frame behind what `buffer` holds. Nothing, if `payload` fails.
pub(crate) fn write_text<E>(
    buffer: &mut Vec<u8>,
    payload: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; USUAL_HEADER]);
    let written = payload(buffer);
    if written.is_err() {
        buffer.truncate(start);
        return written;
    }
    let room = start..start + USUAL_HEADER;
    let (header, header_len) = header(Opcode::Text.first(), buffer.len() - room.end);
    if header_len == USUAL_HEADER {
        buffer[room].copy_from_slice(&header[..header_len]);
    } else {
        buffer.splice(room, header[..header_len].iter().copied());
    }
    Ok(())
}

/// A message in one unmasked frame, as a server sends it.
#[must_use]
pub fn message_frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let (header, header_len) = header(opcode.first(), payload.len());
    [&header[..header_len], payload].concat().into()
}

/// A ping of WebSocket itself, from the server.
#[must_use]
pub fn ping_frame() -> Bytes {
    Bytes::from_static(&[0x89, 0])
}

/// The pong that answers a ping, from the server. A ping has at most 125 bytes; more would be cut.
#[must_use]
pub fn pong_frame(payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(MAX_CONTROL)];
    [&[0x8a, payload.len() as u8], payload].concat().into()
}

/// A close frame of the server without a code.
#[must_use]
pub fn empty_close_frame() -> Bytes {
    Bytes::from_static(&[0x88, 0])
}

/// A close frame of the server. A reason that is too long is cut at a character.
#[must_use]
pub fn close_frame(code: u16, reason: &str) -> Bytes {
    let reason = &reason[..reason.floor_char_boundary(MAX_CLOSE_REASON)];
    let mut frame = Vec::with_capacity(4 + reason.len());
    frame.extend_from_slice(&[0x88, (2 + reason.len()) as u8]);
    frame.extend_from_slice(&code.to_be_bytes());
    frame.extend_from_slice(reason.as_bytes());
    Bytes::from(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(payload: usize, expected: &[u8]) {
        let tag = Tag {
            id: Uuid::nil(),
            wire_type: "t".into(),
            topic: "system".into(),
            correlation_id: Uuid::nil(),
            delivery: Delivery::Control,
            heartbeat: false,
        };
        let mut buffer = vec![0; MAX_HEADER];
        buffer.resize(MAX_HEADER + payload, b'x');
        let frame = OutboundFrame::seal(buffer, tag, None);
        assert_eq!(&frame.wire()[..expected.len()], expected);
        assert_eq!(frame.wire().len(), expected.len() + payload);
        assert!(frame.payload().iter().all(|&byte| byte == b'x') && frame.payload().len() == payload);
    }

    #[test]
    fn the_header_grows_with_the_payload() {
        check(0, &[0x81, 0]);
        check(125, &[0x81, 125]);
        check(126, &[0x81, 126, 0, 126]);
        check(65_535, &[0x81, 126, 0xff, 0xff]);
        check(65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_frame_is_written_behind_others() {
        let mut buffer = b"before".to_vec();
        for payload in [0, 125, 126, 65_535, 65_536] {
            let start = buffer.len();
            let text = vec![b'x'; payload];
            let works = |buffer: &mut Vec<u8>| {
                buffer.extend_from_slice(&text);
                Ok::<_, ()>(())
            };
            assert_eq!(write_text(&mut buffer, works), Ok(()));
            assert_eq!(buffer[start..], *message_frame(Opcode::Text, &text));
        }
        let before = buffer.clone();
        let fails = |buffer: &mut Vec<u8>| {
            buffer.extend_from_slice(b"half");
            Err("no")
        };
        assert_eq!(write_text(&mut buffer, fails), Err("no"));
        assert_eq!(buffer, before);
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let frame = close_frame(4408, &"ż".repeat(100));
        assert_eq!(&frame[..4], &[0x88, 124, 0x11, 0x38]);
        assert_eq!(std::str::from_utf8(&frame[4..]), Ok("ż".repeat(61).as_str()));
    }
}
