//! The WebSocket reader and the session behind it, as a server has them: however the bytes of a client are cut, they mean
//! the same, nothing panics, and what is kept is bounded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tightwire::proto::contract::{Framing, Heartbeat, Limits};
use tightwire::proto::inbound::Arrival;
use tightwire::proto::session::{ContractPolicy, Due, Policy, Received, Session, Subscriptions};
use tightwire::proto::websocket::{Event, Reader, Role, Violation};
use tightwire_chat::chat::ClientFrame;

/// The first bytes say how the rest is cut, how fast it comes, and what the session goes by.
pub const HEADER: usize = 5;

/// The largest message.
const MAX_MESSAGE: usize = 4_096;
/// What the reader may keep besides a message that is not complete: a control frame's payload, and what memory is handed
/// out in.
const KEPT: usize = 2 * MAX_MESSAGE + 256;
/// So many topics a connection may have.
const MAX_TOPICS: usize = 8;
/// Longer streams take longer and show no more.
const LONGEST: usize = 128 * 1024;

/// What the reader made of the bytes.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, Vec<u8>),
    Wrong(Violation),
}

/// The bytes are [`HEADER`] bytes and what a client sends.
pub fn run(data: &[u8]) {
    if data.len() > LONGEST {
        return;
    }
    let Some((header, wire)) = data.split_first_chunk::<HEADER>() else { return };
    let [first, second, pace, policy, _] = *header;
    let seen = read(wire, &[usize::from(first) + 1, usize::from(second) * 16 + 1]);
    assert_eq!(read(wire, &[wire.len().max(1)]), seen, "read otherwise where it comes at once");
    serve(&seen, pace, policy);
}

/// What arrives in pieces of these lengths, over and over, until the client closes or does something wrong.
fn read(wire: &[u8], lengths: &[usize]) -> Vec<Seen> {
    let mut reader = Reader::new(Role::Server, MAX_MESSAGE);
    let mut seen = Vec::new();
    let (mut rest, mut lengths) = (wire, lengths.iter().cycle());
    while !rest.is_empty() {
        let length = lengths.next().map_or(rest.len(), |length| (*length).min(rest.len()));
        let (piece, after) = rest.split_at(length);
        let mut piece = piece.to_vec();
        let mut at = 0;
        rest = after;
        loop {
            let step = match reader.read(&mut piece[at..]) {
                Ok(step) => step,
                Err(violation) => {
                    assert!(violation.code() >= 1000);
                    seen.push(Seen::Wrong(violation));
                    return seen;
                }
            };
            assert!(step.consumed > 0 || step.event.is_none(), "an event of nothing");
            at += step.consumed;
            let Some(event) = step.event else { break };
            let payload = |payload: std::borrow::Cow<'_, [u8]>, largest: usize| {
                assert!(payload.len() <= largest, "{} bytes", payload.len());
                payload.into_owned()
            };
            seen.push(match event {
                Event::Text(text) => {
                    assert!(std::str::from_utf8(&text).is_ok(), "a text that is not UTF-8");
                    Seen::Text(payload(text, MAX_MESSAGE))
                }
                Event::Binary(binary) => Seen::Binary(payload(binary, MAX_MESSAGE)),
                Event::Ping(ping) => Seen::Ping(payload(ping, 125)),
                Event::Pong(pong) => Seen::Pong(payload(pong, 125)),
                Event::Close { code, reason } => {
                    assert!(std::str::from_utf8(&reason).is_ok(), "a reason that is not UTF-8");
                    seen.push(Seen::Close(code, payload(reason, 123)));
                    return seen;
                }
            });
        }
        assert_eq!(at, piece.len(), "not all was read");
        assert!(reader.kept_bytes() <= KEPT, "{} bytes are kept", reader.kept_bytes());
    }
    seen
}

/// What a server does with it, one event after the other.
fn serve(seen: &[Seen], pace: u8, policy: u8) {
    let limits = Limits {
        max_message_bytes: MAX_MESSAGE as u64 / 2,
        messages_per_second: 1 + u64::from(policy >> 4),
        message_burst: 1 + u64::from(policy >> 2 & 3),
        ..Limits::DEFAULT
    };
    let policy = Policy {
        framing: if policy & 1 == 0 { Framing::Enveloped } else { Framing::Flat },
        limits,
        heartbeat: Heartbeat::DEFAULT,
        contract: if policy & 2 == 0 { ContractPolicy::Strict } else { ContractPolicy::Tolerant },
        rate_limit_cooldown: Duration::from_millis(100),
    };
    let mut now = Instant::now();
    let mut session = Session::new(&policy, now);
    let mut subscriptions = Subscriptions::new(MAX_TOPICS as u64);
    for event in seen {
        now += Duration::from_millis(u64::from(pace) * 50);
        assert!(session.deadline() >= now || session.poll(now).is_some(), "nothing is due at the deadline");
        while let Some(due) = session.poll(now) {
            if matches!(due, Due::Close(_)) {
                return;
            }
        }
        match event {
            Seen::Text(text) => match session.receive(text, now, ClientFrame::receive) {
                Received::Frame(arrival) => {
                    session.heartbeat().application_frame(now);
                    if let Arrival::Frame(frame) = arrival {
                        subscribe(&mut subscriptions, &frame.frame);
                    }
                }
                Received::Refused(refusal) => {
                    if refusal.close.is_some() {
                        return;
                    }
                }
            },
            Seen::Pong(_) => session.heartbeat().pong(),
            Seen::Binary(_) | Seen::Ping(_) => {}
            Seen::Close(..) | Seen::Wrong(_) => return,
        }
        assert!(subscriptions.len() <= MAX_TOPICS, "{} topics", subscriptions.len());
    }
}

fn subscribe(subscriptions: &mut Subscriptions, frame: &ClientFrame) {
    match frame {
        ClientFrame::Subscribe { data, .. } => {
            let topics: Vec<String> = data.topics.iter().map(|topic| topic.to_string()).collect();
            let (topics, refused) = Subscriptions::normalise(&topics, |topic| topic.len() % 2 == 0);
            assert!(refused.is_empty() || !refused.message().is_empty());
            for topic in topics {
                let known = subscriptions.contains(&topic);
                let added = subscriptions.add(&topic);
                assert!(!known || added.is_ok_and(|added| !added), "a topic that is there is added");
            }
        }
        ClientFrame::Unsubscribe { data, .. } => {
            for topic in &data.topics {
                let topic: Arc<str> = topic.to_string().into();
                assert_eq!(subscriptions.contains(&topic), subscriptions.remove(&topic));
            }
        }
        _ => {}
    }
}
