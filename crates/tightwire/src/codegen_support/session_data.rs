//! The data of what a generated client asks the session for.
//!
//! The document gives these messages types of its own, which have the session's names on the wire: so the data is made
//! of JSON. What a document's type lacks is left out.

use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde_json::json;
use tightwire_proto::inbound::ReplayStart;
use uuid::Uuid;

use crate::client::ClientError;

/// The topics to add or to remove, where to begin, and whether to be told where they are.
///
/// # Errors
/// If the document's type is of another shape.
pub fn topics<T: Display, D: DeserializeOwned>(
    topics: impl IntoIterator<Item = T>,
    after: Vec<(String, ReplayStart)>,
    positions: bool,
) -> Result<D, ClientError> {
    let topics: Vec<String> = topics.into_iter().map(|topic| topic.to_string()).collect();
    let mut data = json!({ "topics": topics });
    if !after.is_empty() {
        data["after"] = after.into_iter().map(|(topic, start)| (topic, json!(start))).collect();
    }
    if positions {
        data["positions"] = json!(true);
    }
    serde_json::from_value(data).map_err(|error| ClientError::Encode(error.to_string().into()))
}

/// The answer to a ping.
pub fn pong<D: DeserializeOwned>(timestamp: String, last_id: Option<Uuid>) -> Option<D> {
    let mut data = json!({ "timestamp": timestamp });
    if let Some(last_id) = last_id {
        data["last_id"] = json!(last_id);
    }
    serde_json::from_value(data).ok()
}
