//! How a generated client of a protocol without an envelope finds the reply to its request.

use serde::Serialize;
use serde_json::Value;
use tightwire_proto::inbound::{Rejection, Violation};

use crate::client::ClientError;

/// What stands at `pointer` in a frame: the document's `correlationId`. `None` where nothing does.
pub fn key(frame: &impl Serialize, pointer: &str) -> Option<Value> {
    serde_json::to_value(frame).ok()?.pointer(pointer).cloned()
}

/// What a request fails with whose reply is none of those that the document names.
pub fn unexpected() -> ClientError {
    let violation =
        Violation { pointer: String::new(), keyword: "enum".into(), message: "is not a reply to the request".into() };
    ClientError::Violation(Rejection { frame_id: None, violations: vec![violation] })
}
