//! Publishing to a topic, from anywhere in the application.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tightwire_proto::contract::MessageInfo;
use tightwire_proto::envelope::{EncodeError, Head, Publication};
use tightwire_proto::flat;
use tightwire_proto::frame::{OutboundFrame, Position, Tag};
use tightwire_proto::inbound::{ReplayStart, StreamPosition};
use tracing::Instrument;
use uuid::Uuid;

use crate::broker::{Broker, Fence, History, Once, Published};
use crate::clock;
use crate::fenced::FencedPublisher;
use crate::metrics::{Counters, OTHER};
use crate::plain::PlainMessage;
use crate::service::{ServerMessage, TopicName};
use crate::trace;

/// Publishes messages to topics. Cheap to clone; lives as long as the application wants, beyond any connection.
#[derive(Clone)]
pub struct Publisher {
    broker: Arc<dyn Broker>,
    counters: Arc<Counters>,
    correlation_id: Option<Uuid>,
}

impl Publisher {
    pub(crate) fn new(broker: Arc<dyn Broker>, counters: Arc<Counters>) -> Self {
        Self { broker, counters, correlation_id: None }
    }

    /// A publisher whose frames carry `correlation_id`: the id of the frame that caused them.
    #[must_use]
    pub fn correlated(&self, correlation_id: Uuid) -> Self {
        Self { correlation_id: Some(correlation_id), ..self.clone() }
    }

    /// Publishes `message` to everyone who is subscribed to `topic`, and keeps it for replay if it is replayable.
    ///
    /// Returns the frame's position; for a message without one the topic's newest position.
    ///
    /// # Errors
    /// Nothing was published, unless the error says that this is not known; it says why and whether trying again makes
    /// sense.
    pub async fn publish<M: ServerMessage>(
        &self,
        topic: &M::Topic,
        message: &M,
    ) -> Result<StreamPosition, PublishError> {
        self.hand_in(topic, message, |publication| self.broker.publish(publication)).await
    }

    /// A publisher of what is called `name` and begins now, by whom nobody else is shut out: the first that holds it. Costs
    /// nothing. A name belongs to a topic, and is never used again.
    #[must_use]
    pub fn fenced<T: TopicName>(&self, topic: T, name: &str) -> FencedPublisher<T> {
        FencedPublisher::new(self.clone(), topic, Fence { name: name.into(), term: 0 })
    }

    /// The next publisher of what is called `name`. All that there were before are shut out, on every server: what they
    /// publish from now on is refused.
    ///
    /// # Errors
    /// If the broker cannot be reached. It is not known then whether anybody is shut out.
    pub async fn take_over<T: TopicName>(&self, topic: T, name: &str) -> Result<FencedPublisher<T>, PublishError> {
        let term = self.broker.take_over(&topic.to_string(), name).await?;
        Ok(FencedPublisher::new(self.clone(), topic, Fence { name: name.into(), term }))
    }

    /// Publishes what is refused if somebody has taken over.
    pub(crate) async fn publish_behind<M: ServerMessage>(
        &self,
        fence: &Fence,
        topic: &M::Topic,
        message: &M,
    ) -> Result<StreamPosition, PublishError> {
        self.hand_in(topic, message, |publication| self.broker.publish_behind(fence.clone(), publication)).await
    }

    async fn hand_in<'a, M: ServerMessage>(
        &'a self,
        topic: &M::Topic,
        message: &M,
        publish: impl FnOnce(Publication) -> BoxFuture<'a, Result<Position, PublishError>>,
    ) -> Result<StreamPosition, PublishError> {
        let head = head::<M>(topic, self.correlation_id);
        let span =
            trace::publish(M::TYPE, || self.counters.subscriptions.value_of(&head.topic), head.stamp.correlation_id);
        let publication =
            Publication::new(head, message).map_err(|error| PublishError::Encode(error.to_string().into()))?;
        let position = span.in_scope(|| publish(publication)).instrument(span).await?;
        self.counters.published_total.of(M::TYPE).increment();
        Ok((&position).into())
    }

    /// What was published to `topic` after a position, and is kept for replay: the frames as clients get them. `None`, if not
    /// all of it is kept any more.
    ///
    /// # Errors
    /// If that cannot be known now.
    pub async fn published_since<T: TopicName>(
        &self,
        topic: &T,
        after: &StreamPosition,
    ) -> Result<Option<Vec<serde_json::Value>>, PublishError> {
        let start = ReplayStart::Position(after.clone());
        let History::Complete(frames) = self.broker.history(&topic.to_string(), &start).await? else { return Ok(None) };
        let read = |frame: OutboundFrame| serde_json::from_slice(frame.payload());
        let frames: Result<Vec<_>, _> = frames.map(read).collect();
        frames.map(Some).map_err(|error| PublishError::Encode(error.to_string().into()))
    }

    /// Publishes what is known by name only.
    pub(crate) async fn hand_over(&self, unpublished: Unpublished) -> Result<Position, PublishError> {
        let wire_type = unpublished.0.head().wire_type.clone();
        let position = self.broker.publish(unpublished.0).await?;
        self.counters.published_total.of(&wire_type).increment();
        Ok(position)
    }

    /// The same with a key, with which something is published once. `None`: something else was.
    pub(crate) async fn hand_over_once(
        &self,
        unpublished: Unpublished,
        once: Once,
    ) -> Result<Option<(Uuid, Position)>, PublishError> {
        let (id, wire_type) = (unpublished.id(), unpublished.0.head().wire_type.clone());
        match self.broker.publish_once(unpublished.0, once).await? {
            Published::Now(position) => {
                self.counters.published_total.of(&wire_type).increment();
                Ok(Some((id, position)))
            }
            Published::Before(id, position) => Ok(Some((id, position))),
            Published::Otherwise => Ok(None),
        }
    }

    /// Sends `message` to every connection in `group`, in a flat protocol. Groups exist as long as someone is in them;
    /// connections join with [`Context::join`](crate::Context::join).
    ///
    /// # Errors
    /// Nothing was sent; the error says why and whether trying again makes sense.
    pub async fn broadcast<M: PlainMessage>(&self, group: &str, message: &M) -> Result<(), PublishError> {
        let frame = plain(group.into(), self.correlation_id, message)
            .map_err(|error| PublishError::Encode(error.to_string().into()))?;
        let span = trace::publish(M::NAME, || OTHER, frame.tag().correlation_id);
        span.in_scope(|| self.broker.broadcast(frame)).instrument(span).await?;
        self.counters.published_total.of(M::NAME).increment();
        Ok(())
    }
}

/// A message that is known by name only, before it is published.
#[derive(Debug)]
pub(crate) struct Unpublished(Publication);

impl Unpublished {
    pub(crate) fn new(
        message: &'static MessageInfo,
        topic: Arc<str>,
        data: &serde_json::Value,
    ) -> Result<Self, PublishError> {
        let head = Head {
            stamp: clock::stamp(None),
            wire_type: Cow::Borrowed(message.wire_type),
            topic,
            delivery: message.delivery,
            heartbeat: false,
        };
        Publication::new(head, data).map(Self).map_err(|error| PublishError::Encode(error.to_string().into()))
    }

    /// The frame's `id`.
    pub(crate) fn id(&self) -> Uuid {
        self.0.head().stamp.id
    }

    pub(crate) fn is_replayable(&self) -> bool {
        self.0.is_replayable()
    }

    /// The frame as it would be, with a position that any frame could have: to be checked.
    pub(crate) fn trial(&self) -> OutboundFrame {
        let position = self.0.is_replayable().then(|| Position { epoch: "trial".into(), seq: 1 });
        self.0.clone().finish(position)
    }
}

/// A frame of a flat protocol that is made now.
pub(crate) fn plain<M: PlainMessage>(
    topic: Arc<str>,
    answers: Option<Uuid>,
    message: &M,
) -> Result<OutboundFrame, EncodeError> {
    let stamp = clock::stamp(answers);
    let tag = Tag {
        id: stamp.id,
        wire_type: Cow::Borrowed(M::NAME),
        topic,
        correlation_id: stamp.correlation_id,
        delivery: M::DELIVERY,
        heartbeat: false,
    };
    flat::encode(tag, message)
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("correlation_id", &self.correlation_id).finish_non_exhaustive()
    }
}

/// The head of a frame that is made now.
pub(crate) fn head<M: ServerMessage>(topic: &M::Topic, answers: Option<Uuid>) -> Head {
    Head {
        stamp: clock::stamp(answers),
        wire_type: Cow::Borrowed(M::TYPE),
        topic: topic.to_string().into(),
        delivery: M::DELIVERY,
        heartbeat: false,
    }
}

/// Why a message was not published.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The message cannot be written as JSON: a bug in the application, trying again does not help.
    #[error("the message cannot be encoded: {0}")]
    Encode(Arc<str>),
    /// The bus does not take messages now. Try again later, or tell the client that it is `unavailable`.
    #[error("the event bus is unavailable: {0}")]
    Unavailable(Arc<str>),
    /// The bus was told, but did not say in time whether it has taken the message: subscribers may get it or not. Trying
    /// again may publish it twice.
    #[error("it is not known whether the message was published: {0}")]
    Unconfirmed(Arc<str>),
    /// Nothing was published, as somebody else does it now, see [`FencedPublisher`]. Trying again does not help.
    #[error("somebody else has taken over `{0}`")]
    Fenced(Arc<str>),
}
