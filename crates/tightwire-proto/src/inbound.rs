//! What decoding a client's frame gives: the frame with its envelope, or why it is refused.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A frame that follows the contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbound<F> {
    /// The frame's own `id`.
    pub id: Uuid,
    /// `ts`: when the sender made it, in milliseconds since the Unix epoch.
    pub ts: u64,
    /// `correlation_id`.
    pub correlation_id: Option<Uuid>,
    /// `seq` and `epoch` (only ever on frames of the server).
    pub position: Option<StreamPosition>,
    /// Topic and payload, by message.
    pub frame: F,
}

impl<F> Inbound<F> {
    /// With something else as the frame.
    pub fn map<G>(self, make: impl FnOnce(F) -> G) -> Inbound<G> {
        let Self { id, ts, correlation_id, position, frame } = self;
        Inbound { id, ts, correlation_id, position, frame: make(frame) }
    }
}

/// A position in a topic's log. `seq` values of different epochs are never compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StreamPosition {
    /// Changes when the log was lost or rebuilt.
    pub epoch: String,
    /// Dense: rises by 1; 0 for "before the first frame".
    pub seq: u64,
}

/// A frame that follows the contract, as it stands in the bytes that it was read from: text without escapes is borrowed.
#[derive(Clone, Debug, PartialEq)]
pub struct InboundView<'a, F> {
    /// The frame's own `id`.
    pub id: Uuid,
    /// `ts`: when the sender made it, in milliseconds since the Unix epoch.
    pub ts: u64,
    /// `correlation_id`.
    pub correlation_id: Option<Uuid>,
    /// `topic`.
    pub topic: Cow<'a, str>,
    /// `seq` and `epoch` (only ever on frames of the server).
    pub position: Option<PositionView<'a>>,
    /// The payload, by message.
    pub frame: F,
}

impl<'a, F> InboundView<'a, F> {
    /// With something else as the frame.
    pub fn map<G>(self, make: impl FnOnce(F) -> G) -> InboundView<'a, G> {
        let Self { id, ts, correlation_id, topic, position, frame } = self;
        InboundView { id, ts, correlation_id, topic, position, frame: make(frame) }
    }
}

impl<F> From<InboundView<'_, F>> for Inbound<F> {
    fn from(view: InboundView<'_, F>) -> Self {
        let InboundView { id, ts, correlation_id, topic: _, position, frame } = view;
        Self { id, ts, correlation_id, position: position.map(Into::into), frame }
    }
}

/// A [`StreamPosition`] as it stands in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionView<'a> {
    /// `epoch`.
    pub epoch: Cow<'a, str>,
    /// `seq`.
    pub seq: u64,
}

impl From<PositionView<'_>> for StreamPosition {
    fn from(PositionView { epoch, seq }: PositionView<'_>) -> Self {
        Self { epoch: epoch.into_owned(), seq }
    }
}

/// What arrives on a connection. The frames of the heartbeat are by far the most on many, and end with being answered, so
/// nothing is copied for them.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrival<'a, F> {
    /// A ping or a pong.
    Heartbeat(InboundView<'a, Heartbeat<'a>>),
    /// Any other frame; a ping or a pong too, where the way it is written needs a closer look.
    Frame(Inbound<F>),
}

/// The payload of a frame of the heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heartbeat<'a> {
    /// Answer with a pong.
    Ping {
        /// To be sent back.
        timestamp: Option<Cow<'a, str>>,
    },
    /// The peer is alive.
    Pong {
        /// The last frame it has seen.
        last_id: Option<Uuid>,
    },
}

/// Why a frame is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The frame's `id`, where it could be read: the error's `correlation_id`.
    pub frame_id: Option<Uuid>,
    /// Each place where it departs from the contract, in the order of the frame; never empty.
    pub violations: Vec<Violation>,
}

impl Rejection {
    /// Whether the contract allows the frame, and only the generated types have no room for it: a whole number of more than 64
    /// bits, for instance, where the contract names no largest.
    #[must_use]
    pub fn is_unrepresentable(&self) -> bool {
        self.violations.iter().all(|violation| violation.message == UNREPRESENTABLE)
    }
}

/// What is said of a value that the contract allows and no generated type has room for.
pub(crate) const UNREPRESENTABLE: &str = "has a value that cannot be represented here";

/// A place where a frame departs from the contract. Never carries a value that the peer sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// JSON Pointer (RFC 6901) into the frame; empty for the frame itself.
    pub pointer: String,
    /// The violated keyword of JSON Schema; `json` for text that is not JSON, `duplicate-key` for a repeated key.
    pub keyword: Cow<'static, str>,
    /// What is expected there.
    pub message: Cow<'static, str>,
}

impl Violation {
    /// The violation in one line, as the reason of a close: `/symbol: is required`. It is cut where it is sent.
    #[must_use]
    pub fn reason(&self) -> String {
        match &*self.pointer {
            "" => self.message.to_string(),
            pointer => format!("{pointer}: {}", self.message),
        }
    }
}

/// A client's request to the session itself: what the runtime answers without asking the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionRequest {
    /// Add topics; replay those in `after` first.
    Subscribe {
        /// The topics as sent.
        topics: Vec<String>,
        /// Where to begin, by topic.
        after: Vec<(String, ReplayStart)>,
        /// Say where the topics are that begin with what comes next.
        positions: bool,
    },
    /// Remove topics.
    Unsubscribe {
        /// The topics as sent.
        topics: Vec<String>,
    },
    /// Answer with a pong.
    Ping {
        /// To be sent back.
        timestamp: Option<String>,
    },
    /// The peer is alive.
    Pong {
        /// The last frame it has seen.
        last_id: Option<Uuid>,
    },
    /// Renew the credentials.
    Authenticate {
        /// The new token.
        token: String,
    },
}

/// Where a replay begins, exclusive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ReplayStart {
    /// After this position.
    Position(StreamPosition),
    /// After the frame with this id.
    FrameId(Uuid),
}

impl From<StreamPosition> for ReplayStart {
    fn from(position: StreamPosition) -> Self {
        Self::Position(position)
    }
}

impl From<Uuid> for ReplayStart {
    fn from(id: Uuid) -> Self {
        Self::FrameId(id)
    }
}
