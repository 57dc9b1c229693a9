//! A frame of RFC 6455, right or wrong.

use std::fmt::{self, Display};

/// The mask of every frame, unless the test takes it away. Fixed, so that a failure can be repeated.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The longest text that is shown whole.
const SHOWN_BYTES: usize = 60;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A frame of RFC 6455, right or wrong. What the constructors make is what a client may send; the other methods break it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// Whether it is the last of its message.
    pub fin: bool,
    /// The three reserved bits: `0b100` is the one that compression would set.
    pub reserved: u8,
    /// What kind of frame it is, four bits.
    pub opcode: u8,
    /// What the payload is masked with; clients must, servers must not.
    pub mask: Option<[u8; 4]>,
    /// The payload, before masking.
    pub payload: Vec<u8>,
}

impl RawFrame {
    /// A frame of that kind, complete and masked.
    #[must_use]
    pub fn new(opcode: u8, payload: impl AsRef<[u8]>) -> Self {
        Self { fin: true, reserved: 0, opcode, mask: Some(MASK), payload: payload.as_ref().to_vec() }
    }

    /// A text frame. The bytes need not be text.
    #[must_use]
    pub fn text(payload: impl AsRef<[u8]>) -> Self {
        Self::new(TEXT, payload)
    }

    /// A binary frame.
    #[must_use]
    pub fn binary(payload: impl AsRef<[u8]>) -> Self {
        Self::new(BINARY, payload)
    }

    /// A frame that goes on with the message before.
    #[must_use]
    pub fn continuation(payload: impl AsRef<[u8]>) -> Self {
        Self::new(CONTINUATION, payload)
    }

    /// A ping.
    #[must_use]
    pub fn ping(payload: impl AsRef<[u8]>) -> Self {
        Self::new(PING, payload)
    }

    /// A pong.
    #[must_use]
    pub fn pong(payload: impl AsRef<[u8]>) -> Self {
        Self::new(PONG, payload)
    }

    /// A close frame with a code, which may be one that must not be sent.
    #[must_use]
    pub fn close(code: u16, reason: impl AsRef<[u8]>) -> Self {
        Self::new(CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
    }

    /// A close frame with that payload, which may be too short for a code.
    #[must_use]
    pub fn close_with(payload: impl AsRef<[u8]>) -> Self {
        Self::new(CLOSE, payload)
    }

    /// The same frame, with more of its message to come.
    #[must_use]
    pub fn unfinished(mut self) -> Self {
        self.fin = false;
        self
    }

    /// The same frame with reserved bits.
    #[must_use]
    pub fn reserved(mut self, bits: u8) -> Self {
        self.reserved = bits;
        self
    }

    /// The same frame without a mask.
    #[must_use]
    pub fn unmasked(mut self) -> Self {
        self.mask = None;
        self
    }

    /// The frame as it goes over the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.header(self.payload.len() as u64);
        match self.mask {
            Some(mask) => bytes.extend(self.payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask)),
            None => bytes.extend_from_slice(&self.payload),
        }
        bytes
    }

    /// The frame's header alone, with a length of the test's choice: what follows need not be as long.
    #[must_use]
    pub fn header(&self, length: u64) -> Vec<u8> {
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![u8::from(self.fin) << 7 | (self.reserved & 7) << 4 | (self.opcode & 15)];
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ 0..126), _) => bytes.push(masked | short),
            (_, Ok(medium)) => {
                bytes.push(masked | 126);
                bytes.extend_from_slice(&medium.to_be_bytes());
            }
            _ => {
                bytes.push(masked | 127);
                bytes.extend_from_slice(&length.to_be_bytes());
            }
        }
        bytes.extend(self.mask.into_iter().flatten());
        bytes
    }

    /// The code of a close frame, if this is one and has one.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        match (self.opcode, self.payload.first_chunk::<2>()) {
            (CLOSE, Some(code)) => Some(u16::from_be_bytes(*code)),
            _ => None,
        }
    }

    /// The payload of a text frame, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if self.opcode == TEXT { std::str::from_utf8(&self.payload).ok() } else { None }
    }

    /// How many bytes of header follow the first two.
    pub(super) fn extra_header(header: &[u8]) -> usize {
        let length = match header[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        length + if header[1] & 0x80 == 0 { 0 } else { 4 }
    }

    /// The frame without its payload, and the payload's length.
    pub(super) fn from_header(header: &[u8], rest: &[u8]) -> (Self, usize) {
        let (length, mask) = rest.split_at(if header[1] & 0x80 == 0 { rest.len() } else { rest.len() - 4 });
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        let length = if length.is_empty() { u64::from(header[1] & 0x7f) } else { number(length) };
        let frame = Self {
            fin: header[0] & 0x80 != 0,
            reserved: header[0] >> 4 & 7,
            opcode: header[0] & 15,
            mask: mask.first_chunk().copied(),
            payload: Vec::new(),
        };
        (frame, usize::try_from(length).unwrap_or(usize::MAX))
    }
}

/// The frame in words: `text {"v":1}`, `pong x`, `close 1002`. Long payloads are told by their length; what a server must
/// not send is told too.
impl Display for RawFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mask.is_some() {
            f.write_str("masked ")?;
        }
        if !self.fin {
            f.write_str("unfinished ")?;
        }
        if self.reserved != 0 {
            write!(f, "reserved {:03b} ", self.reserved)?;
        }
        let name = match self.opcode {
            CONTINUATION => "continuation",
            TEXT => "text",
            BINARY => "binary",
            PING => "ping",
            PONG => "pong",
            CLOSE => {
                return match self.close_code() {
                    Some(code) => write!(f, "close {code}"),
                    None => f.write_str("close"),
                };
            }
            other => return write!(f, "opcode {other}"),
        };
        match self.payload.len() {
            length if length > SHOWN_BYTES => write!(f, "{name} of {length} bytes"),
            _ => write!(f, "{name} {}", String::from_utf8_lossy(&self.payload)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(frame: &RawFrame, start: &[u8], shown: &str) {
        let bytes = frame.to_bytes();
        assert!(bytes.starts_with(start), "{bytes:02x?}");
        let extra = RawFrame::extra_header(&bytes);
        let (mut read, length) = RawFrame::from_header(&bytes[..2], &bytes[2..2 + extra]);
        let mask = read.mask.unwrap_or_default();
        let payload = bytes[2 + extra..].iter().zip(mask.iter().cycle());
        read.payload = payload.map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!((&read, length), (frame, frame.payload.len()));
        assert_eq!(frame.clone().unmasked().to_string(), shown);
    }

    #[test]
    fn frames_of_every_length_are_read_as_they_were_written() {
        check(&RawFrame::text("hi"), &[0x81, 0x82], "text hi");
        check(&RawFrame::text("hi").unfinished(), &[0x01, 0x82], "unfinished text hi");
        check(&RawFrame::ping("").unmasked(), &[0x89, 0], "ping ");
        check(&RawFrame::binary([0; 126]), &[0x82, 0xfe, 0, 126], "binary of 126 bytes");
        check(&RawFrame::text([b'x'; 65_536]).unmasked(), &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0], "text of 65536 bytes");
        check(&RawFrame::close(1002, "why"), &[0x88, 0x85], "close 1002");
        check(&RawFrame::close_with([3]), &[0x88, 0x81], "close");
        check(&RawFrame::continuation("x").reserved(0b100), &[0xc0, 0x81], "reserved 100 continuation x");
        check(&RawFrame::new(11, ""), &[0x8b, 0x80], "opcode 11");
    }

    #[test]
    fn a_header_may_lie() {
        assert_eq!(RawFrame::text("").header(1 << 20), [&[0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0][..], &MASK].concat());
    }
}
