//! Publishing to a topic, from anywhere in the application.

use std::sync::Arc;

use tightwire_proto::inbound::StreamPosition;
use uuid::Uuid;

use crate::service::ServerMessage;

/// Publishes messages to topics. Cheap to clone; lives as long as the application wants, beyond any connection.
#[derive(Clone, Debug)]
pub struct Publisher {
    correlation_id: Option<Uuid>,
}

impl Publisher {
    /// A publisher whose frames carry `correlation_id`: the id of the frame that caused them.
    #[must_use]
    pub fn correlated(&self, correlation_id: Uuid) -> Self {
        Self { correlation_id: Some(correlation_id) }
    }

    /// Publishes `message` to everyone who is subscribed to `topic`, and keeps it for replay if it is replayable.
    ///
    /// Returns the frame's position; for a message without one the topic's newest position.
    ///
    /// # Errors
    /// Nothing was published; the error says why and whether trying again makes sense.
    pub async fn publish<M: ServerMessage>(
        &self,
        topic: &M::Topic,
        message: &M,
    ) -> Result<StreamPosition, PublishError> {
        let _ = (topic, message);
        Err(PublishError::Unavailable("no broker".into()))
    }
}

/// Why a message was not published.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The message cannot be written as JSON: a bug in the application, trying again does not help.
    #[error("the message cannot be encoded as JSON: {0}")]
    Encode(Arc<str>),
    /// The bus does not take messages now. Try again later, or tell the client that it is `unavailable`.
    #[error("the event bus is unavailable: {0}")]
    Unavailable(Arc<str>),
}
