//! What comes from one side of a connection, in pieces that a mutant can do something with.

use tightwire::proto::websocket::{Event, Reader, Role};

use super::Content;

/// The largest message for a server: what is larger is its business, and passes as bytes.
const MOST_TO_SERVER: usize = 1 << 20;
/// The largest for a client: a history of two hundred long messages has some megabytes.
const MOST_TO_CLIENT: usize = 64 << 20;
/// The longest head of a handshake.
const HEAD_BYTES: usize = 64 * 1024;

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Nothing that mutants are asked about.
    Bytes(Vec<u8>),
    /// A message, and how it was written.
    Message(Content, Vec<u8>),
}

/// Reads one direction of one connection: the head of the handshake, then frames.
#[derive(Debug)]
pub(super) struct Inlet {
    role: Role,
    state: State,
}

#[derive(Debug)]
enum State {
    /// So much of the handshake's head has come.
    Head(Vec<u8>),
    Frames {
        reader: Reader,
        /// What came since the last event.
        raw: Vec<u8>,
        /// Whether a part of the message that comes has passed already.
        has_passed: bool,
    },
    /// Not WebSocket, or not any longer.
    Opaque,
}

impl Inlet {
    /// Of what is read by that side.
    pub(super) fn new(role: Role) -> Self {
        Self { role, state: State::Head(Vec::new()) }
    }

    /// Takes what came, which is changed.
    pub(super) fn take(&mut self, bytes: &mut [u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let begun = match &mut self.state {
            State::Head(head) => match rest_of_head(head, bytes) {
                Some(length) => length,
                None => {
                    if head.len() > HEAD_BYTES {
                        self.state = State::Opaque;
                    }
                    return vec![Piece::Bytes(bytes.to_vec())];
                }
            },
            State::Frames { .. } => 0,
            State::Opaque => return vec![Piece::Bytes(bytes.to_vec())],
        };
        let (head, rest) = bytes.split_at_mut(begun);
        if !head.is_empty() {
            pieces.push(Piece::Bytes(head.to_vec()));
        }
        if let State::Head(head) = &self.state {
            self.state = if self.opens_websocket(head) { self.frames() } else { State::Opaque };
        }
        self.frames_of(rest, &mut pieces);
        pieces
    }

    /// Whether frames follow that head.
    fn opens_websocket(&self, head: &[u8]) -> bool {
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        match self.role {
            Role::Server => head.contains("upgrade: websocket"),
            Role::Client => head.starts_with("http/1.1 101 "),
        }
    }

    fn frames(&self) -> State {
        let most = match self.role {
            Role::Server => MOST_TO_SERVER,
            Role::Client => MOST_TO_CLIENT,
        };
        State::Frames { reader: Reader::new(self.role, most), raw: Vec::new(), has_passed: false }
    }

    fn frames_of(&mut self, mut bytes: &mut [u8], pieces: &mut Vec<Piece>) {
        while !bytes.is_empty() {
            let State::Frames { reader, raw, has_passed } = &mut self.state else {
                return pieces.push(Piece::Bytes(bytes.to_vec()));
            };
            // Reading takes the mask away.
            let came = bytes.to_vec();
            let (consumed, content) = match reader.read(bytes) {
                Ok(step) => (step.consumed, step.event.map(content)),
                Err(_) => {
                    raw.extend(came);
                    pieces.push(Piece::Bytes(std::mem::take(raw)));
                    self.state = State::Opaque;
                    return;
                }
            };
            raw.extend_from_slice(&came[..consumed]);
            if let Some(content) = content {
                let raw = std::mem::take(raw);
                pieces.push(match content {
                    Some(content) if !*has_passed => Piece::Message(content, raw),
                    _ => Piece::Bytes(raw),
                });
                *has_passed = !reader.is_between_messages();
            }
            bytes = &mut bytes[consumed..];
        }
    }
}

/// Adds to the head; how many of the bytes belong to it, if that is the end of it.
fn rest_of_head(head: &mut Vec<u8>, bytes: &[u8]) -> Option<usize> {
    for (at, byte) in bytes.iter().enumerate() {
        head.push(*byte);
        if head.ends_with(b"\r\n\r\n") {
            return Some(at + 1);
        }
    }
    None
}

/// What mutants are asked about.
fn content(event: Event<'_>) -> Option<Content> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match event {
        Event::Text(payload) => Some(Content::Text(text(&payload))),
        Event::Close { code, reason } => Some(Content::Close(code, text(&reason))),
        Event::Binary(_) | Event::Ping(_) | Event::Pong(_) => None,
    }
}
