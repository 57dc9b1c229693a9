//! Answers that come in pieces: which piece, of which stream, in which order, how many.

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{alter, wire_type};
use crate::common::tamper::{Line, Message, Mutant};

/// The first piece of an answer comes twice.
pub(super) struct DuplicateChunk;

impl Mutant for DuplicateChunk {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if chunk(&message) == Some(0) {
            line.tell_client(client, message.clone());
        }
        line.tell_client(client, message);
    }
}

/// The second piece of an answer has the text of the first, and a position, an id and an index of its own.
#[derive(Default)]
pub(super) struct RepeatedChunk {
    first: HashMap<usize, Value>,
}

impl Mutant for RepeatedChunk {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let frame = message.json().unwrap_or_default();
        let altered = match chunk(&message) {
            Some(0) => {
                self.first.insert(client, frame["data"]["delta"].clone());
                None
            }
            Some(1) => self
                .first
                .get(&client)
                .and_then(|first| alter(&message, "stream_chunk", |frame| frame["data"]["delta"].clone_from(first))),
            _ => None,
        };
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// The indexes of an answer's pieces go from 0 to 2.
pub(super) struct IndexGap;

impl Mutant for IndexGap {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "stream_chunk", |frame| {
            if let Some(index @ 1..) = frame["data"]["index"].as_u64() {
                frame["data"]["index"] = json!(index + 1);
            }
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// The second piece of an answer says that it belongs to another.
pub(super) struct MixedStreams;

impl Mutant for MixedStreams {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "stream_chunk", |frame| {
            if frame["data"]["index"] == 1 {
                frame["data"]["stream_id"] = json!(Uuid::from_u128(7));
            }
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// The end says one piece more than came.
pub(super) struct WrongCount;

impl Mutant for WrongCount {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "stream_end", |frame| {
            frame["data"]["chunks"] = json!(frame["data"]["chunks"].as_u64().unwrap_or_default() + 1);
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// The end comes before the last piece, and has its position.
#[derive(Default)]
pub(super) struct EndTooSoon {
    /// Each client's newest piece, which is held back.
    held: HashMap<usize, Value>,
}

impl Mutant for EndTooSoon {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let Some(mut frame) = message.json() else { return line.tell_client(client, message) };
        let held = self.held.remove(&client);
        match (wire_type(&frame), held) {
            ("stream_end", Some(mut chunk)) if chunk["topic"] == frame["topic"] => {
                let (earlier, later) = (chunk["seq"].take(), frame["seq"].take());
                (frame["seq"], chunk["seq"]) = (earlier, later);
                line.tell_client(client, Message::frame(&frame));
                line.tell_client(client, Message::frame(&chunk));
            }
            (wire_type, held) => {
                if let Some(held) = held {
                    line.tell_client(client, Message::frame(&held));
                }
                if wire_type == "stream_chunk" {
                    self.held.insert(client, frame);
                } else {
                    line.tell_client(client, message);
                }
            }
        }
    }
}

/// What should be the end of an answer is one more piece.
pub(super) struct NoEnd;

impl Mutant for NoEnd {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "stream_end", |frame| {
            frame["type"] = json!("stream_chunk");
            let (stream, index) = (frame["data"]["stream_id"].clone(), frame["data"]["chunks"].clone());
            frame["data"] = json!({"stream_id": stream, "index": index, "delta": "and so on"});
        });
        line.tell_client(client, altered.unwrap_or(message));
    }
}

/// The second piece of an answer is lost, and its position with it.
pub(super) struct PositionGap;

impl Mutant for PositionGap {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if chunk(&message) != Some(1) {
            line.tell_client(client, message);
        }
    }
}

/// The index of a piece of an answer.
fn chunk(message: &Message) -> Option<u64> {
    message.json().filter(|frame| wire_type(frame) == "stream_chunk")?["data"]["index"].as_u64()
}
