//! What a handler sees of the connection and the frame it works for.

use std::sync::Arc;

use tightwire_proto::inbound::StreamPosition;
use tightwire_proto::session::{ErrorReport, code};
use uuid::Uuid;

use crate::peer::Peer;
use crate::publisher::{self, PublishError, Publisher};
use crate::service::ServerMessage;

/// The connection and the frame that a handler works for.
#[derive(Debug)]
pub struct Context<'a> {
    peer: &'a Arc<Peer>,
    frame_id: Uuid,
    subscribed_at: Option<StreamPosition>,
    /// Correlated with the frame.
    publisher: Publisher,
}

impl<'a> Context<'a> {
    pub(crate) fn new(peer: &'a Arc<Peer>, frame_id: Uuid, publisher: &Publisher) -> Self {
        Self { peer, frame_id, subscribed_at: None, publisher: publisher.correlated(frame_id) }
    }

    pub(crate) fn at(mut self, position: Option<StreamPosition>) -> Self {
        self.subscribed_at = position;
        self
    }

    /// The connection's identity, the same that its client got in `connection_established`.
    #[must_use]
    pub fn connection_id(&self) -> Uuid {
        self.peer.id()
    }

    /// The `id` of the frame that is being handled: the `correlation_id` of everything it causes.
    #[must_use]
    pub fn frame_id(&self) -> Uuid {
        self.frame_id
    }

    /// The position after which live frames of the topic reach the client. Known where a subscription was just made:
    /// in handlers of operations with `x-subscribes`, and in `subscribed`.
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
    ///
    /// Never waits: a client that is too slow for its replies is closed, as for any other frame.
    pub fn reply<M: ServerMessage>(&self, topic: &M::Topic, message: &M) {
        let head = publisher::head::<M>(topic, Some(self.frame_id));
        match head.encode(message) {
            Ok(frame) => {
                self.peer.outbound().send(frame);
            }
            Err(error) => {
                tracing::error!(correlation_id = %self.frame_id, r#type = M::TYPE, topic = %topic, %error, "no reply");
                let report = ErrorReport::new(code::INTERNAL_ERROR, "the server could not write its reply");
                self.peer.report(&report.about(topic.to_string()).answering(self.frame_id));
            }
        }
    }
}
