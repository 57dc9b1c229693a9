//! The header of a frame (RFC 6455, section 5.2): two bytes, a longer length, a mask.

use super::reader::Role;
use super::violation::Violation;

/// The longest header: two bytes, a 64-bit length, a mask.
pub(super) const MAX_HEADER: usize = 14;

/// The largest payload of a control frame.
const MAX_CONTROL: u64 = 125;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Code {
    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) is_final: bool,
    pub(super) code: Code,
    /// Zero where there is none: it changes nothing then.
    pub(super) mask: [u8; 4],
    pub(super) length: u64,
}

/// What may come, after all that came before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    pub(super) role: Role,
    /// Whether a message was begun and is not complete.
    pub(super) in_message: bool,
    /// How much more of the message, or of a new one, is taken.
    pub(super) room: usize,
    /// The largest message, for whoever sends a larger one.
    pub(super) max_message: usize,
}

impl Expected {
    /// Reads the header at the beginning of `bytes`, and how many bytes it takes; `None` if there is more to come. What
    /// is wrong is known as soon as the bytes that show it are there, and is the same however the header was cut.
    pub(super) fn parse(&self, bytes: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let is_final = first & 0x80 != 0;
        if first & 0x70 != 0 {
            return Err(Violation::ReservedBit);
        }
        let code = self.code(first & 0x0f, is_final)?;
        let is_masked = second & 0x80 != 0;
        match self.role {
            Role::Server if !is_masked => return Err(Violation::Unmasked),
            Role::Client if is_masked => return Err(Violation::Masked),
            Role::Server | Role::Client => {}
        }
        let short = u64::from(second & 0x7f);
        if code.is_control() && short > MAX_CONTROL {
            return Err(Violation::LongControl);
        }
        if code == Code::Close && short == 1 {
            return Err(Violation::Close);
        }
        let (length, least, rest) = match short {
            126 => {
                let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
                (u64::from(u16::from_be_bytes(*length)), 126, rest)
            }
            127 => {
                let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
                (u64::from_be_bytes(*length), 1 << 16, rest)
            }
            short => (short, 0, rest),
        };
        if length < least || length > i64::MAX as u64 {
            return Err(Violation::Length);
        }
        if !code.is_control() && length > self.room as u64 {
            return Err(Violation::TooLarge(self.max_message));
        }
        let (mask, rest) = match rest.split_first_chunk() {
            Some((mask, rest)) if is_masked => (*mask, rest),
            None if is_masked => return Ok(None),
            _ => ([0; 4], rest),
        };
        Ok(Some((Header { is_final, code, mask, length }, bytes.len() - rest.len())))
    }

    fn code(&self, opcode: u8, is_final: bool) -> Result<Code, Violation> {
        let code = match opcode {
            0 if !self.in_message => return Err(Violation::NothingToContinue),
            0 => return Ok(Code::Continuation),
            1 | 2 if self.in_message => return Err(Violation::Unfinished),
            1 => return Ok(Code::Text),
            2 => return Ok(Code::Binary),
            8 => Code::Close,
            9 => Code::Ping,
            10 => Code::Pong,
            _ => return Err(Violation::ReservedOpcode),
        };
        if is_final { Ok(code) } else { Err(Violation::FragmentedControl) }
    }
}
