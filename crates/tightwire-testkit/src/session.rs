//! The frames of the session itself that the harness understands: heartbeat, gaps, subscriptions.
//!
//! Everything else is the application's and only ever checked against the contract.

use serde_json::{Value, json};

use crate::frame::{self, Frame};
use crate::positions::Positions;

/// The answer to a `ping` of the server; `None` for any other frame.
pub(crate) fn pong_for(frame: &Frame) -> Option<Value> {
    if frame.wire_type != "ping" {
        return None;
    }
    let data = frame.data.get("timestamp").map_or_else(|| json!({}), |timestamp| json!({"timestamp": timestamp}));
    let (_, mut pong) = frame::envelope("pong", &frame.topic, data);
    pong["correlation_id"] = json!(frame.id);
    Some(pong)
}

/// Lets those topics jump that the server has just announced a jump for, or that the connection no longer follows; those
/// whose position it tells go on from there.
pub(crate) fn release(frame: &Frame, positions: &mut Positions) {
    match frame.wire_type.as_str() {
        "replay_gap" => positions.forget(&frame.topic),
        "subscription_updated" => {
            if let Some(topics) = frame.data.get("topics").and_then(Value::as_array) {
                positions.keep_only(&topics.iter().filter_map(Value::as_str).collect::<Vec<_>>());
            }
            for (topic, position) in frame.data.get("positions").and_then(Value::as_object).into_iter().flatten() {
                if let Ok(position) = serde_json::from_value(position.clone()) {
                    positions.begin(topic, position);
                }
            }
        }
        _ => {}
    }
}
