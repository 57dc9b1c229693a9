//! The reader: header, payload, message, and what is kept in between.
//!
//! ```text
//! header ──► payload of a data frame ──► message complete? ──► event
//!    ▲                │ no                                        │
//!    ├────────────────┘                                           │
//!    ├──► payload of a control frame, also between two fragments ─┤
//!    └────────────────────────────────────────────────────────────┘
//! ```

use std::borrow::Cow;

use super::header::{Code, Expected, Header, MAX_HEADER};
use super::mask;
use super::utf8::Utf8;
use super::violation::Violation;

/// Which side reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A server: what comes must be masked.
    Server,
    /// A client: what comes must not be masked.
    Client,
}

/// What the peer sent. Borrowed where it lies in the caller's buffer as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message. It is UTF-8.
    Text(Cow<'a, [u8]>),
    /// A binary message.
    Binary(Cow<'a, [u8]>),
    /// A ping, to be answered with its payload.
    Ping(Cow<'a, [u8]>),
    /// A pong.
    Pong(Cow<'a, [u8]>),
    /// The peer closes. Nothing that follows means anything.
    Close {
        /// Why, if it says so.
        code: Option<u16>,
        /// The same in words, UTF-8.
        reason: Cow<'a, [u8]>,
    },
}

/// What a call of [`Reader::read`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// How much of the input is done with: all of it if there is no event.
    pub consumed: usize,
    /// The first message or control frame that the input completes.
    pub event: Option<Event<'a>>,
}

/// Reads what one peer sends.
#[derive(Debug)]
pub struct Reader {
    role: Role,
    /// The largest message, all its fragments together.
    max_message: usize,
    /// The beginning of a header whose end did not come yet.
    head: [u8; MAX_HEADER],
    head_length: u8,
    /// The frame whose payload comes now.
    frame: Option<Frame>,
    /// The message that fragments belong to, once the first has begun.
    message: Option<Message>,
    /// What came of a message that is not complete, unmasked.
    partial: Vec<u8>,
    /// What came of a control frame that is not complete, unmasked.
    control: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    header: Header,
    /// How much of its payload came already.
    read: u64,
}

#[derive(Clone, Copy, Debug)]
struct Message {
    is_text: bool,
    utf8: Utf8,
}

impl Reader {
    /// A reader of messages of up to `max_message` bytes.
    #[must_use]
    pub fn new(role: Role, max_message: usize) -> Self {
        Self {
            role,
            max_message,
            head: [0; MAX_HEADER],
            head_length: 0,
            frame: None,
            message: None,
            partial: Vec::new(),
            control: Vec::new(),
        }
    }

    /// Reads up to the end of the next message or control frame, unmasking `input` in place. To be called again with
    /// what was not consumed, until there is no event.
    ///
    /// # Errors
    /// What the peer did wrong. It must not be listened to any longer.
    pub fn read<'a>(&mut self, input: &'a mut [u8]) -> Result<Step<'a>, Violation> {
        let mut at = 0;
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.header(input, &mut at)? {
                    Some(header) => self.begin(header),
                    None => return Ok(Step { consumed: at, event: None }),
                },
            };
            let start = at;
            let left = frame.header.length - frame.read;
            at += usize::try_from(left).map_or(input.len() - at, |left| left.min(input.len() - at));
            let chunk = &mut input[start..at];
            if frame.header.mask != [0; 4] {
                mask::apply(frame.header.mask, frame.read as usize, chunk);
            }
            frame.read += chunk.len() as u64;
            let is_complete = frame.read == frame.header.length;
            if !is_complete {
                self.frame = Some(frame);
            }
            if frame.header.code.is_control() {
                if !is_complete {
                    self.control.extend_from_slice(chunk);
                    return Ok(Step { consumed: at, event: None });
                }
                let payload = gathered(&mut self.control, &input[start..at]);
                return Ok(Step { consumed: at, event: Some(control(frame.header.code, payload)?) });
            }
            let Some(message) = &mut self.message else { return Err(Violation::NothingToContinue) };
            let is_end = is_complete && frame.header.is_final;
            let is_text = message.is_text;
            if is_text {
                message.utf8.feed(chunk, is_end).map_err(|_| Violation::Utf8)?;
            }
            if is_end {
                self.message = None;
                let payload = gathered(&mut self.partial, &input[start..at]);
                let event = if is_text { Event::Text(payload) } else { Event::Binary(payload) };
                return Ok(Step { consumed: at, event: Some(event) });
            }
            self.partial.extend_from_slice(chunk);
            if !is_complete {
                return Ok(Step { consumed: at, event: None });
            }
        }
    }

    /// Whether nothing is kept: what came so far is complete.
    #[must_use]
    pub fn is_between_messages(&self) -> bool {
        self.head_length == 0 && self.frame.is_none() && self.message.is_none()
    }

    /// How much memory is held for what is not complete.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        self.partial.capacity() + self.control.capacity()
    }

    /// The next header, once all of it is there.
    fn header(&mut self, input: &[u8], at: &mut usize) -> Result<Option<Header>, Violation> {
        let expected = Expected {
            role: self.role,
            in_message: self.message.is_some(),
            room: self.max_message.saturating_sub(self.partial.len()),
            max_message: self.max_message,
        };
        if self.head_length == 0
            && let Some((header, length)) = expected.parse(&input[*at..])?
        {
            *at += length;
            return Ok(Some(header));
        }
        while let Some(&byte) = input.get(*at) {
            *at += 1;
            // A header is complete before its room is full.
            let slot = self.head.get_mut(usize::from(self.head_length)).ok_or(Violation::Length)?;
            *slot = byte;
            self.head_length += 1;
            if let Some((header, _)) = expected.parse(&self.head[..usize::from(self.head_length)])? {
                self.head_length = 0;
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    /// A frame begins, and with it, perhaps, a message.
    fn begin(&mut self, header: Header) -> Frame {
        if let Code::Text | Code::Binary = header.code {
            self.message = Some(Message { is_text: header.code == Code::Text, utf8: Utf8::default() });
        }
        Frame { header, read: 0 }
    }
}

/// All of a payload: where nothing is kept of it the last chunk itself. What was kept is given away with its memory.
fn gathered<'a>(kept: &mut Vec<u8>, last: &'a [u8]) -> Cow<'a, [u8]> {
    if kept.is_empty() {
        return Cow::Borrowed(last);
    }
    let mut all = std::mem::take(kept);
    all.extend_from_slice(last);
    Cow::Owned(all)
}

fn control(code: Code, payload: Cow<'_, [u8]>) -> Result<Event<'_>, Violation> {
    match code {
        Code::Ping => return Ok(Event::Ping(payload)),
        Code::Pong => return Ok(Event::Pong(payload)),
        Code::Close | Code::Continuation | Code::Text | Code::Binary => {}
    }
    let code = match *payload {
        [] => return Ok(Event::Close { code: None, reason: payload }),
        [high, low, ..] => u16::from_be_bytes([high, low]),
        [_] => return Err(Violation::Close),
    };
    if !may_be_sent(code) {
        return Err(Violation::Close);
    }
    let reason = match payload {
        Cow::Borrowed(payload) => Cow::Borrowed(&payload[2..]),
        Cow::Owned(mut payload) => Cow::Owned(payload.split_off(2)),
    };
    if simdutf8::basic::from_utf8(&reason).is_err() {
        return Err(Violation::Utf8);
    }
    Ok(Event::Close { code: Some(code), reason })
}

/// Whether a close frame may say this (RFC 6455, section 7.4, and the registry that it begins): what the protocol has
/// a meaning for, what libraries have registered (3000 to 3999) and what applications agree on (4000 to 4999).
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
