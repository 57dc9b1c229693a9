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

/// A client's frame with a fresh id and the present time.
pub(crate) fn envelope(wire_type: &str, topic: &str, data: Value) -> (Uuid, Value) {
    let id = Uuid::new_v4();
    (id, json!({"v": 1, "id": id, "type": wire_type, "topic": topic, "ts": unix_ms(), "data": data}))
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
