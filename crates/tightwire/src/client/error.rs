//! What goes wrong after a client has connected.

use std::fmt::Debug;
use std::sync::Arc;

use tightwire_proto::inbound::Rejection;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The connection was closed. Its code says whether connecting again makes sense: see [`Closed::reconnect`].
    #[error("{0}")]
    Closed(Closed),
    /// The connection broke without a close, or the server was silent for too long. Connect again.
    #[error("the connection is lost: {0}")]
    Lost(Arc<str>),
    /// A frame of the server does not follow the contract and was dropped. The connection lives; perhaps the server
    /// has a newer contract.
    #[error("a frame of the server does not follow the contract at {}", places(.0))]
    Violation(Rejection),
    /// The frame cannot be written as JSON: a bug in the application, trying again does not help.
    #[error("the frame cannot be encoded: {0}")]
    Encode(Arc<str>),
    /// The frame is larger than the contract allows, and was not sent.
    #[error("the frame has {size} bytes, the contract allows {max}")]
    TooLarge {
        /// Its size.
        size: usize,
        /// `max_message_bytes`.
        max: u64,
    },
    /// No reply came in time. It may still come, and is then an ordinary frame. If many frames come before the reply,
    /// [`Client::next`](super::Client::next) has to be called meanwhile.
    #[error("no reply came within {0:?}; if other frames wait to be read, the reply waits behind them")]
    NoReply(std::time::Duration),
}

/// Why a request of a protocol with an envelope has no reply. `E` is the data of the protocol's error message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError<E: Debug> {
    /// The server answered with an error.
    #[error("the server refuses the request: {0:?}")]
    Refused(E),
    /// The request could not be sent, or no reply came.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// How a connection was closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection was closed with {code} by {by}: {reason}")]
pub struct Closed {
    /// The close code; 1005 if there was none.
    pub code: u16,
    /// The reason in words; may be empty.
    pub reason: String,
    /// Who closed.
    pub by: Side,
    /// Whether the contract says of this code that connecting again makes sense; `None` if it does not say.
    pub reconnect: Option<bool>,
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This client: because it was told to, or because the server broke the rules.
    Client,
    /// The server.
    Server,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Client => "the client",
            Self::Server => "the server",
        })
    }
}

fn places(rejection: &Rejection) -> String {
    let place = |violation: &tightwire_proto::inbound::Violation| format!("`{}`", violation.pointer);
    rejection.violations.iter().map(place).collect::<Vec<_>>().join(", ")
}
