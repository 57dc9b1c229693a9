//! The WebSocket reader against another implementation, `tokio-websockets`, on random frames, right and wrong; and
//! against itself, however the bytes are cut.

use futures_util::StreamExt;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tightwire_proto::websocket::{Event, Reader, Role, Violation};
use tokio_websockets::proto::ProtocolError;
use tokio_websockets::{Limits, ServerBuilder};

/// The largest message.
const MAX: usize = 2000;

/// What a reader makes of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    events: Vec<Seen>,
    /// The close code of what is wrong, if anything is.
    wrong: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, Vec<u8>),
}

/// Our reader, with the bytes cut into pieces of these lengths, over and over.
fn ours(bytes: &[u8], pieces: &[usize]) -> Result<(Vec<Seen>, Reader), (Vec<Seen>, Violation)> {
    let mut reader = Reader::new(Role::Server, MAX);
    let mut events = Vec::new();
    let (mut rest, mut lengths) = (bytes, pieces.iter().cycle());
    while !rest.is_empty() {
        let length = lengths.next().map_or(rest.len(), |length| (*length).min(rest.len()));
        let (piece, after) = rest.split_at(length);
        let mut piece = piece.to_vec();
        let mut at = 0;
        rest = after;
        loop {
            let step = match reader.read(&mut piece[at..]) {
                Ok(step) => step,
                Err(violation) => return Err((events, violation)),
            };
            at += step.consumed;
            let Some(event) = step.event else { break };
            events.push(match event {
                Event::Text(payload) => Seen::Text(payload.into_owned()),
                Event::Binary(payload) => Seen::Binary(payload.into_owned()),
                Event::Ping(payload) => Seen::Ping(payload.into_owned()),
                Event::Pong(payload) => Seen::Pong(payload.into_owned()),
                Event::Close { code, reason } => {
                    events.push(Seen::Close(code, reason.into_owned()));
                    return Ok((events, reader));
                }
            });
        }
        assert_eq!(at, piece.len(), "all is consumed if there is no event");
    }
    Ok((events, reader))
}

/// The other implementation.
fn theirs(bytes: &[u8]) -> Outcome {
    let stream = tokio::io::join(bytes, tokio::io::sink());
    let limits = Limits::default().max_payload_len(Some(MAX));
    let mut socket = ServerBuilder::new().limits(limits).serve(stream);
    let mut outcome = Outcome { events: Vec::new(), wrong: None };
    let reading = async {
        while let Some(received) = socket.next().await {
            let message = match received {
                Ok(message) => message,
                Err(error) => {
                    outcome.wrong = match error {
                        tokio_websockets::Error::Protocol(ProtocolError::InvalidUtf8) => Some(1007),
                        tokio_websockets::Error::Protocol(_) => Some(1002),
                        tokio_websockets::Error::PayloadTooLong { .. } => Some(1009),
                        // The bytes ended in the middle of a frame.
                        _ => None,
                    };
                    return;
                }
            };
            let payload = message.as_payload().to_vec();
            outcome.events.push(if message.is_text() {
                Seen::Text(payload)
            } else if message.is_binary() {
                Seen::Binary(payload)
            } else if message.is_ping() {
                Seen::Ping(payload)
            } else if message.is_pong() {
                Seen::Pong(payload)
            } else {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                Seen::Close(code, payload.get(2..).unwrap_or_default().to_vec())
            });
            if message.is_close() {
                return;
            }
        }
    };
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(reading);
    // An empty last fragment makes it forget that a character is incomplete.
    let is_wrong = |event: &Seen| matches!(event, Seen::Text(text) if std::str::from_utf8(text).is_err());
    if let Some(first) = outcome.events.iter().position(is_wrong) {
        outcome = Outcome { events: outcome.events[..first].to_vec(), wrong: Some(1007) };
    }
    outcome
}

/// Both on the same bytes, ours cut in that way and in one piece.
fn check(bytes: &[u8], pieces: &[usize]) -> Result<(), TestCaseError> {
    let found = ours(bytes, pieces).map(|(events, reader)| (events, reader.is_between_messages()));
    let whole = ours(bytes, &[]).map(|(events, reader)| (events, reader.is_between_messages()));
    prop_assert_eq!(&found, &whole, "the cuts make a difference");
    let expected = theirs(bytes);
    match whole {
        Ok((events, _)) => prop_assert_eq!(Outcome { events, wrong: None }, expected),
        // We refuse fragments by the length in the header; they read the whole fragment first.
        Err((events, Violation::TooLarge(_))) => {
            prop_assert_eq!(events, expected.events);
            prop_assert!(matches!(expected.wrong, Some(1009 | 1007) | None), "{:?}", expected.wrong);
        }
        Err((events, violation)) => prop_assert_eq!(Outcome { events, wrong: Some(violation.code()) }, expected),
    }
    Ok(())
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let close = |code: u16, reason: &[u8]| [&code.to_be_bytes(), reason].concat();
    prop_oneof![
        4 => "\\PC{0,40}".prop_map(String::into_bytes),
        2 => vec(any::<u8>(), 0..8),
        1 => (select(vec![0, 125, 126, 127, 500, 1999, 2000, 2001]), select(vec!["x", "é", "\u{1f600}"]))
            .prop_map(|(length, pattern)| pattern.bytes().cycle().take(length).collect()),
        2 => (prop_oneof![990_u16..1020, 2995_u16..3005, 4990_u16..5005], "[a-zé]{0,10}")
            .prop_map(move |(code, reason)| close(code, reason.as_bytes())),
    ]
}

/// A frame, nine times in ten one that may be sent at that place of a message.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![
        // Final, fragments, control frames, and anything.
        8 => select(vec![0x81_u8, 0x82, 0x01, 0x02, 0x00, 0x00, 0x80, 0x80]),
        4 => select(vec![0x89_u8, 0x8a, 0x8a, 0x89]),
        1 => Just(0x88_u8),
        1 => any::<u8>(),
    ];
    let length_form = prop_oneof![20 => Just(0_u8), 1 => Just(2_u8), 1 => Just(8_u8)];
    let mask = prop_oneof![20 => any::<[u8; 4]>().prop_map(Some), 1 => Just(None)];
    (head, payload(), length_form, mask).prop_map(|(head, payload, form, mask)| {
        let bit = if mask.is_some() { 0x80 } else { 0 };
        let mut frame = vec![head];
        match (form, payload.len()) {
            (0, length @ 0..126) => frame.push(bit | length as u8),
            (0 | 2, length) => {
                frame.push(bit | 126);
                frame.extend_from_slice(&(length as u16).to_be_bytes());
            }
            (_, length) => {
                frame.push(bit | 127);
                frame.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        let key = mask.unwrap_or_default();
        frame.extend_from_slice(mask.as_ref().map_or(&[], <[u8; 4]>::as_slice));
        frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        frame
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames_mean_what_they_mean_elsewhere_however_they_are_cut(
        frames in vec(frame(), 0..8),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
        pieces in vec(1_usize..40, 1..4),
    ) {
        let mut bytes = frames.concat();
        if is_cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        check(&bytes, &pieces)?;
        check(&bytes, &[1])?;
    }

    /// No frames at all: whatever comes, the reader says something and does not panic.
    #[test]
    fn noise_is_survived(bytes in vec(any::<u8>(), 0..64), pieces in vec(1_usize..8, 1..3)) {
        let found = ours(&bytes, &pieces).map(|(events, _)| events);
        prop_assert_eq!(found, ours(&bytes, &[]).map(|(events, _)| events));
    }
}

/// Frames of a server with so little in them that a mask would be longer: nothing more is waited for.
#[test]
fn a_client_waits_for_no_mask() {
    for payload in [&b""[..], b"a", b"abc", b"abcd"] {
        let mut bytes = vec![0x81, payload.len() as u8];
        bytes.extend(payload);
        let mut reader = Reader::new(Role::Client, MAX);
        let step = reader.read(&mut bytes).expect("proper");
        assert_eq!(step.event, Some(Event::Text(payload.into())), "{payload:?}");
    }
}

/// A client reads what servers send: without masks, and nothing else.
#[test]
fn a_client_takes_no_masks() {
    let mut reader = Reader::new(Role::Client, MAX);
    let mut bytes = [0x81, 2, b'h', b'i', 0x81, 0x80, 0, 0, 0, 0];
    let step = reader.read(&mut bytes).expect("a message");
    assert_eq!(step.event, Some(Event::Text(b"hi".as_slice().into())));
    let consumed = step.consumed;
    assert_eq!(reader.read(&mut bytes[consumed..]), Err(Violation::Masked));
}

/// The length in the header is not believed: memory is taken for what came, and given back with the message.
#[test]
fn only_what_came_is_kept() {
    let mut reader = Reader::new(Role::Server, usize::MAX);
    let mut head = [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    assert_eq!(reader.read(&mut head).expect("a header").event, None);
    assert_eq!(reader.read(&mut [0; 100]).expect("a piece").event, None);
    assert!(!reader.is_between_messages());
    assert!(reader.kept_bytes() >= 100 && reader.kept_bytes() < 1000, "{}", reader.kept_bytes());

    let mut reader = Reader::new(Role::Server, MAX);
    let mut fragments = [0x02, 0x82, 0, 0, 0, 0, 1, 2, 0x80, 0x81, 0, 0, 0, 0, 3];
    let step = reader.read(&mut fragments).expect("two fragments");
    assert_eq!(step.event, Some(Event::Binary(vec![1, 2, 3].into())));
    assert!(reader.is_between_messages());
    assert_eq!(reader.kept_bytes(), 0);
}
