//! A frame that is sent over and over: its text is made once, what must be fresh is filled in each time.

use serde_json::Value;
use tightwire_proto::websocket;

/// How long a UUID is as text.
const UUID_CHARS: usize = 36;

/// What stands in a template for what is filled in.
const ID: &str = "{tightwire-bench:id}";
const TS: &str = "{tightwire-bench:ts}";
const TOPIC: &str = "{tightwire-bench:topic}";

/// What a frame is made fresh with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fresh<'a> {
    /// The frame's identity, a UUID as text.
    pub(super) id: [u8; UUID_CHARS],
    /// The time, in milliseconds since 1970.
    pub(super) ts: u64,
    /// The topic, as a JSON string.
    pub(super) topic: &'a str,
}

/// The text of a frame, with gaps.
#[derive(Clone, Debug)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(Box<[u8]>),
    Id,
    Ts,
    Topic,
}

impl Template {
    /// A frame that is sent as it is.
    pub(super) fn fixed(frame: &Value) -> Self {
        Self(vec![Piece::Text(frame.to_string().into_bytes().into())])
    }

    /// A frame in the envelope: `id` and `ts` are fresh each time, and the topic too if it `has_topic`s to choose from.
    pub(super) fn enveloped(mut frame: Value, has_topic: bool) -> Self {
        for (name, gap) in [("id", ID), ("ts", TS)] {
            frame[name] = gap.into();
        }
        if has_topic {
            frame["topic"] = TOPIC.into();
        }
        let text = frame.to_string();
        let mut rest = text.as_str();
        let mut pieces = Vec::new();
        // Gaps in quotes: text, gap, text, gap, text.
        while let Some((at, gap, piece)) = [(ID, Piece::Id), (TS, Piece::Ts), (TOPIC, Piece::Topic)]
            .into_iter()
            .filter_map(|(gap, piece)| Some((rest.find(&format!("\"{gap}\""))?, gap, piece)))
            .min_by_key(|(at, ..)| *at)
        {
            pieces.push(Piece::Text(rest.as_bytes()[..at].into()));
            pieces.push(piece);
            rest = &rest[at + gap.len() + 2..];
        }
        pieces.push(Piece::Text(rest.as_bytes().into()));
        Self(pieces)
    }

    /// Appends the frame as a client sends it: WebSocket header, mask, masked text. Returns how many bytes that are.
    pub(super) fn write(&self, fresh: &Fresh<'_>, mask: [u8; 4], out: &mut Vec<u8>) -> usize {
        let ts = fresh.ts.to_string();
        let piece_len = |piece: &Piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Id => UUID_CHARS + 2,
            Piece::Ts => ts.len(),
            Piece::Topic => fresh.topic.len(),
        };
        let before = out.len();
        header(1, self.0.iter().map(piece_len).sum(), mask, out);
        let start = out.len();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Id => {
                    out.push(b'"');
                    out.extend_from_slice(&fresh.id);
                    out.push(b'"');
                }
                Piece::Ts => out.extend_from_slice(ts.as_bytes()),
                Piece::Topic => out.extend_from_slice(fresh.topic.as_bytes()),
            }
        }
        websocket::mask(mask, 0, &mut out[start..]);
        out.len() - before
    }
}

/// Appends a control frame.
pub(super) fn control(opcode: u8, payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    header(opcode, payload.len(), mask, out);
    let start = out.len();
    out.extend_from_slice(payload);
    websocket::mask(mask, 0, &mut out[start..]);
}

/// The header of a final, masked frame (RFC 6455, section 5.2).
fn header(opcode: u8, length: usize, mask: [u8; 4], out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => out.push(0x80 | short),
        (_, Ok(medium)) => {
            out.push(0x80 | 126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tightwire_proto::websocket::{Event, Reader, Role};

    use super::*;

    #[track_caller]
    fn check(template: &Template, topic: &str, expected: &str) {
        let fresh = Fresh { id: *b"0190b6a2-7c1e-4b6a-9a64-0d5a3c0f7e21", ts: 1_767_225_600_000, topic };
        let mut out = Vec::new();
        assert_eq!(template.write(&fresh, [1, 2, 3, 4], &mut out), out.len());
        let mut reader = Reader::new(Role::Server, 1 << 20);
        let step = reader.read(&mut out).expect("a proper frame");
        let Some(Event::Text(text)) = step.event else { panic!("no text: {step:?}") };
        assert_eq!(std::str::from_utf8(&text), Ok(expected));
    }

    #[test]
    fn the_gaps_are_filled() {
        let frame = json!({"v": 1, "id": "old", "topic": "thread:a", "ts": 7, "data": {"id": "stays", "ts": 8}});
        let expected = |topic: &str| {
            format!(
                r#"{{"v":1,"id":"0190b6a2-7c1e-4b6a-9a64-0d5a3c0f7e21","topic":"{topic}","ts":1767225600000,"data":{{"id":"stays","ts":8}}}}"#
            )
        };
        check(&Template::enveloped(frame.clone(), true), r#""thread:\"b\"""#, &expected(r#"thread:\"b\""#));
        check(&Template::enveloped(frame, false), "", &expected("thread:a"));
        check(&Template::fixed(&json!({"event": "ping"})), "", r#"{"event":"ping"}"#);
    }

    #[test]
    fn every_length_has_its_header() {
        for length in [0, 123, 124, 70_000] {
            let text = "x".repeat(length);
            check(&Template::fixed(&json!(text)), "", &format!("\"{text}\""));
        }
    }
}
