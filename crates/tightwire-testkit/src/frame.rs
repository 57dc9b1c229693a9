//! A frame as a client sees it: the envelope taken apart, the payload as JSON.
//!
//! The harness speaks the Tightwire envelope, version 1 (`x-envelope: 1`); what `data` may hold is the contract's affair.

use std::fmt::{self, Display};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tightwire::proto::inbound::StreamPosition;
use uuid::Uuid;

use crate::json;

/// A frame of the server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Frame {
    /// Identity of the frame.
    pub id: Uuid,
    /// `type`: which message it is.
    #[serde(rename = "type")]
    pub wire_type: String,
    /// What it is about.
    pub topic: String,
    /// When the server made it, in milliseconds since the Unix epoch.
    pub ts: u64,
    /// The `id` of the client's frame that it answers or that caused it.
    pub correlation_id: Option<Uuid>,
    /// Position in the topic's log.
    pub seq: Option<u64>,
    /// The log that `seq` counts in.
    pub epoch: Option<String>,
    /// The payload.
    pub data: Value,
}

impl Frame {
    /// The payload as the type of its message.
    ///
    /// # Panics
    /// Where it is not that type's; the panic says what is missing.
    #[track_caller]
    pub fn data_as<T: DeserializeOwned>(&self) -> T {
        match self.try_data_as() {
            Ok(data) => data,
            Err(error) => panic!("{error}\n  {self}"),
        }
    }

    /// The position in the topic's log, if the frame has one: what `after` takes in a `subscribe`.
    #[must_use]
    pub fn position(&self) -> Option<StreamPosition> {
        Some(StreamPosition { epoch: self.epoch.clone()?, seq: self.seq? })
    }

    pub(crate) fn try_data_as<T: DeserializeOwned>(&self) -> Result<T, String> {
        T::deserialize(&self.data)
            .map_err(|error| format!("`data` of `{}` is not a {}: {error}", self.wire_type, std::any::type_name::<T>()))
    }
}

impl Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` on {}", self.wire_type, self.topic)?;
        if let Some(seq) = self.seq {
            write!(f, " #{seq}")?;
        }
        write!(f, " {}", json::one_line(&self.data))
    }
}

/// A frame of either side in one line, easier to read than its JSON: message, topic, position, payload, ids. `None` where
/// it is not exactly an envelope, so that nothing that may matter is left out.
pub(crate) fn summary(frame: &Value) -> Option<String> {
    let envelope = frame.as_object()?;
    let text = |key: &str| envelope.get(key)?.as_str();
    let known = ["v", "id", "type", "topic", "ts", "correlation_id", "seq", "epoch", "data"];
    if envelope.get("v")? != 1 || !envelope.get("ts")?.is_u64() || envelope.keys().any(|k| !known.contains(&k.as_str()))
    {
        return None;
    }
    let mut line = format!("{} on {}", text("type")?, text("topic")?);
    match (envelope.get("seq"), envelope.get("epoch")) {
        (Some(seq), Some(Value::String(epoch))) => line += &format!(" #{}@{epoch}", seq.as_u64()?),
        (None, None) => {}
        _ => return None,
    }
    line += &format!(" {}  id {}", json::one_line(envelope.get("data")?), text("id")?);
    if let Some(answered) = envelope.get("correlation_id") {
        line += &format!(" re {}", answered.as_str()?);
    }
    Some(line)
}

/// A client's frame with a fresh id and the present time.
pub(crate) fn envelope(wire_type: &str, topic: &str, data: Value) -> (Uuid, Value) {
    let id = Uuid::new_v4();
    (id, json!({"v": 1, "id": id, "type": wire_type, "topic": topic, "ts": unix_ms(), "data": data}))
}

/// The present time, in milliseconds since the Unix epoch.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_summary(frame: &str, expected: Option<&str>) {
        assert_eq!(summary(&serde_json::from_str(frame).unwrap()).as_deref(), expected);
    }

    #[test]
    fn sums_up_envelopes() {
        check_summary(
            r#"{"v": 1, "id": "i", "type": "ping", "topic": "system", "ts": 1, "data": {}}"#,
            Some("ping on system {}  id i"),
        );
        check_summary(
            r#"{"v": 1, "id": "i", "type": "said", "topic": "t", "ts": 1, "correlation_id": "c", "seq": 2, "epoch": "e", "data": {"a": [1]}}"#,
            Some("said on t #2@e {\"a\": [1]}  id i re c"),
        );
    }

    #[test]
    fn leaves_other_frames_as_they_are() {
        check_summary("[]", None);
        check_summary(r#"{"v": 2, "id": "i", "type": "ping", "topic": "system", "ts": 1, "data": {}}"#, None);
        check_summary(r#"{"v": 1, "id": 7, "type": "ping", "topic": "system", "ts": 1, "data": {}}"#, None);
        check_summary(r#"{"v": 1, "id": "i", "type": "ping", "topic": "system", "ts": "1", "data": {}}"#, None);
        check_summary(r#"{"v": 1, "id": "i", "type": "ping", "topic": "system", "ts": 1, "data": {}, "x": 1}"#, None);
        check_summary(r#"{"v": 1, "id": "i", "type": "ping", "topic": "system", "ts": 1, "data": {}, "seq": 1}"#, None);
        check_summary(r#"{"v": 1, "id": "i", "type": "ping", "topic": "system", "ts": 1}"#, None);
    }
}
