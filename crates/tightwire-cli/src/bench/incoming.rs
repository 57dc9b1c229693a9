//! What a frame of the server is.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tightwire_spec::ir::{Direction, Ir, MessageId, SessionRole};

/// Reads the frames of a server.
#[derive(Debug)]
pub(super) struct Incoming {
    ir: Ir,
    error: String,
    ping: String,
    established: String,
}

/// What a frame is to the load generator.
#[derive(Debug, PartialEq)]
pub(super) enum Frame<'a> {
    /// It answers one of our frames, or was sent to many because of it.
    Correlated(Cow<'a, str>),
    /// It says that a frame was wrong, perhaps which one.
    Error {
        /// What was wrong.
        code: String,
        /// The frame's identity.
        of: Option<Cow<'a, str>>,
    },
    /// The session asks whether anybody is there.
    Ping,
    /// The session's first frame.
    Established,
    /// A frame to many because of something else, made so long ago by the clocks of both sides.
    Broadcast(Option<Duration>),
    /// In a protocol without an envelope: one of these messages.
    OneOf(Vec<&'a MessageId>),
    /// Nothing that the contract has.
    Unknown,
}

/// The part of an envelope that matters here. The rest is skipped, not read.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    correlation_id: Option<Cow<'a, str>>,
    #[serde(default)]
    ts: Option<u64>,
}

#[derive(Deserialize)]
struct Body {
    data: Value,
}

impl Incoming {
    pub(super) fn of(ir: Ir) -> Self {
        let named = |role| {
            let mut all = ir.messages.values().filter(|it| it.directions.contains(&Direction::ToClient));
            all.find(|message| message.session == Some(role)).and_then(|it| it.wire_type.clone()).unwrap_or_default()
        };
        let (error, ping) = (named(SessionRole::Error), named(SessionRole::Ping));
        Self { error, ping, established: named(SessionRole::ConnectionEstablished), ir }
    }

    /// Whether connections begin with a frame of the session.
    pub(super) fn is_announced(&self) -> bool {
        self.is_enveloped() && !self.established.is_empty()
    }

    /// The title and the version of the contract.
    pub(super) fn contract(&self) -> (&str, &str) {
        (&self.ir.info.title, &self.ir.info.version)
    }

    /// What the frame is, at the time `now` since 1970. `ours` knows the identities of our own frames.
    pub(super) fn read<'a>(&'a self, text: &'a [u8], now: Duration, ours: impl Fn(&str) -> bool) -> Frame<'a> {
        if !self.is_enveloped() {
            return self.read_flat(text);
        }
        let Ok(head) = serde_json::from_slice::<Head<'_>>(text) else { return Frame::Unknown };
        let of = head.correlation_id.filter(|id| ours(id));
        if head.kind == self.error && !self.error.is_empty() {
            let code =
                serde_json::from_slice::<Body>(text).ok().and_then(|body| Some(body.data["code"].as_str()?.to_owned()));
            return Frame::Error { code: code.unwrap_or_else(|| "(none)".to_owned()), of };
        }
        match of {
            Some(id) => Frame::Correlated(id),
            None if head.kind == self.ping && !self.ping.is_empty() => Frame::Ping,
            None if head.kind == self.established && !self.established.is_empty() => Frame::Established,
            None => Frame::Broadcast(head.ts.and_then(|ts| now.checked_sub(Duration::from_millis(ts)))),
        }
    }

    fn read_flat<'a>(&'a self, text: &[u8]) -> Frame<'a> {
        let Ok(frame) = serde_json::from_slice::<Value>(text) else { return Frame::Unknown };
        let dispatch = self.ir.dispatch.of(Direction::ToClient);
        let value = dispatch.by.iter().try_fold(&frame, |value, name| value.get(name));
        let candidates: Vec<_> = dispatch.candidates(value.filter(|_| !dispatch.by.is_empty())).collect();
        if candidates.is_empty() { Frame::Unknown } else { Frame::OneOf(candidates) }
    }

    fn is_enveloped(&self) -> bool {
        self.ir.envelope.is_some()
    }
}
