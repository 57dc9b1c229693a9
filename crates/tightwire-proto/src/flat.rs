//! Frames of flat protocols: the message's payload as JSON, and nothing around it.
//!
//! The counterpart of [`crate::envelope`]. What queues and logs need to know of a frame is beside its bytes only.

use serde::Serialize;

use crate::envelope::EncodeError;
use crate::frame::{MAX_HEADER, OutboundFrame, Tag};

/// Room for a payload of usual size.
const PAYLOAD_BYTES: usize = 256;

/// Encodes a frame, once for all its receivers.
///
/// # Errors
/// If `payload` cannot be written as JSON.
pub fn encode(tag: Tag, payload: &impl Serialize) -> Result<OutboundFrame, EncodeError> {
    let mut buffer = Vec::with_capacity(MAX_HEADER + PAYLOAD_BYTES);
    buffer.resize(MAX_HEADER, 0);
    match serde_json::to_writer(&mut buffer, payload) {
        Ok(()) => Ok(OutboundFrame::seal(buffer, tag, None)),
        Err(cause) => Err(EncodeError { wire_type: tag.wire_type, cause }),
    }
}

/// A frame of what is JSON already.
#[must_use]
pub fn of_json(tag: Tag, payload: &[u8]) -> OutboundFrame {
    let mut buffer = Vec::with_capacity(MAX_HEADER + payload.len());
    buffer.resize(MAX_HEADER, 0);
    buffer.extend_from_slice(payload);
    OutboundFrame::seal(buffer, tag, None)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::contract::Delivery;

    #[track_caller]
    fn check(payload: &Value, expected: &str) {
        let tag = Tag {
            id: Uuid::nil(),
            wire_type: "ticker".into(),
            topic: "".into(),
            correlation_id: Uuid::nil(),
            delivery: Delivery::Latest,
            heartbeat: false,
        };
        let frame = encode(tag.clone(), payload).expect("encodes");
        assert_eq!(std::str::from_utf8(frame.payload()), Ok(expected));
        assert_eq!(frame.position(), None);
        assert_eq!(of_json(tag, expected.as_bytes()).wire(), frame.wire());
    }

    #[test]
    fn a_frame_is_the_payload() {
        check(&json!({"event": "ticker", "bid": 1.5}), r#"{"event":"ticker","bid":1.5}"#);
        check(&json!([1, "XBT/USD"]), r#"[1,"XBT/USD"]"#);
        check(&json!("pong"), r#""pong""#);
    }
}
