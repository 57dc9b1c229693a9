//! What a schema bundle says, apart from the schemas.

use serde_json::Value;
use thiserror::Error;

use crate::frames::Direction;
use crate::schema::escaped;

/// Why a bundle cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It is not JSON.
    #[error("the bundle is not JSON: {0}")]
    Json(String),
    /// It does not say which messages there are.
    #[error("the bundle has no `x-messages` with `to_server` and `to_client`")]
    NoMessages,
    /// A reference leads nowhere.
    #[error("there is no schema at {pointer}")]
    Missing {
        /// Where it should be.
        pointer: String,
    },
    /// Where a schema should be, there is something else.
    #[error("what is at {pointer} is not a schema")]
    NotASchema {
        /// Where it is.
        pointer: String,
    },
    /// A keyword has a value that it cannot have, or one that nothing can be made from.
    #[error("{pointer}: {why}")]
    Keyword {
        /// Where the keyword is.
        pointer: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The messages of a bundle, by their keys, and where their schemas are.
pub(crate) fn messages(bundle: &Value) -> Result<Vec<(Direction, String, String)>, BundleError> {
    let mut found = Vec::new();
    for direction in Direction::ALL {
        let name = direction.as_str();
        let messages = bundle["x-messages"][name].as_object().ok_or(BundleError::NoMessages)?;
        for key in messages.keys() {
            found.push((direction, key.clone(), format!("/x-messages/{name}/{}", escaped(key))));
        }
    }
    Ok(found)
}
