//! What generated code of flat protocols, those without an envelope, names: messages, and errors that no message says.

use serde::Serialize;
use tightwire_proto::close::CloseReason;
use tightwire_proto::contract::Delivery;
use tightwire_proto::session::code;

use crate::failure::Failure;
use crate::service::ErrorCode;

/// A message that the server of a flat protocol sends: its JSON is the whole frame.
pub trait PlainMessage: Serialize + Send + Sync {
    /// Its name in the document, for logs.
    const NAME: &'static str;
    /// What may be done with it for a slow client. None is kept for replay: frames without an envelope have no position.
    const DELIVERY: Delivery;
}

/// The error codes of a protocol that has no message for errors. What its clients see of a failure is at most a close;
/// the log has it all.
///
/// What the document does have a message for (`{"event": "error", …}`) is a reply, not a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlainCode {
    /// What the client asks for cannot be done, and the protocol has no words for it. Logged; the connection lives.
    Refused,
    /// The client must not be here or must not do this. The connection is closed with 1008 and the failure's message.
    Forbidden,
    /// The server failed. The connection is closed with 1011 and the failure's message.
    InternalError,
}

impl ErrorCode for PlainCode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Forbidden => "forbidden",
            Self::InternalError => code::INTERNAL_ERROR,
        }
    }

    fn close(self) -> Option<CloseReason> {
        match self {
            Self::Refused => None,
            Self::Forbidden => Some(CloseReason::PolicyViolation),
            Self::InternalError => Some(CloseReason::InternalError),
        }
    }
}

/// The connection is in as many groups as it may be in (`subscriptions_per_connection`), or has ended meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is in as many groups as it may be in")]
pub struct TooManyGroups;

impl From<TooManyGroups> for Failure<PlainCode> {
    fn from(error: TooManyGroups) -> Self {
        Self::new(PlainCode::Refused, error.to_string())
    }
}
