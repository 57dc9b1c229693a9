//! What a handler sees of the connection and the frame it works for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tightwire_proto::close::CloseReason;
use tightwire_proto::frame::OutboundFrame;
use tightwire_proto::inbound::StreamPosition;
use tightwire_proto::session::{ErrorReport, code};
use uuid::Uuid;

use crate::auth::Identity;
use crate::cluster::Cluster;
use crate::hub::{Hub, Shards};
use crate::peer::Peer;
use crate::plain::{PlainMessage, TooManyGroups};
use crate::publisher::{self, PublishError, Publisher};
use crate::request::{HandshakeParameters, HandshakeRequest};
use crate::service::ServerMessage;

/// The connection and the frame that a handler works for.
#[derive(Debug)]
pub struct Context<'a> {
    peer: &'a Arc<Peer>,
    frame_id: Uuid,
    subscribed_at: Option<StreamPosition>,
    identity: Option<Arc<Identity>>,
    /// Correlated with the frame.
    publisher: Publisher,
    hub: &'a Hub,
    cluster: &'a Cluster,
    /// The shards that this handler has published to since its last reply; all, once it was given a publisher.
    published: AtomicU16,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        peer: &'a Arc<Peer>,
        frame_id: Uuid,
        publisher: &Publisher,
        hub: &'a Hub,
        cluster: &'a Cluster,
    ) -> Self {
        let identity = peer.identity();
        let publisher = publisher.correlated(frame_id);
        Self { peer, frame_id, subscribed_at: None, identity, publisher, hub, cluster, published: AtomicU16::new(0) }
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

    /// Where the client is: the peer's address, or what trusted proxies say of it (`Config::trusted_proxies`,
    /// `Config::proxy_protocol`). `None` only where the connection was given to the server without one.
    #[must_use]
    pub fn client_address(&self) -> Option<SocketAddr> {
        self.peer.address()
    }

    /// Who the client is, as its token says; `None` where the server asks for no token.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_deref()
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
        self.note(Shards::ALL);
        self.publisher.clone()
    }

    /// The servers that are one system with this one.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        self.cluster
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
        self.note(self.hub.shard_of(&topic.to_string()));
        self.publisher.publish(topic, message).await
    }

    /// Sends `message` to this connection only, as a reply to this frame, after everything that the handler has published
    /// before.
    ///
    /// Never waits: a client that is too slow for its replies is closed, as for any other frame.
    pub fn reply<M: ServerMessage>(&self, topic: &M::Topic, message: &M) {
        let head = publisher::head::<M>(topic, Some(self.frame_id));
        match head.encode(message) {
            Ok(frame) => {
                self.send_frame(frame);
            }
            Err(error) => {
                tracing::error!(correlation_id = %self.frame_id, r#type = M::TYPE, topic = %topic, %error, "no reply");
                self.flush();
                let report = ErrorReport::new(code::INTERNAL_ERROR, "the server could not write its reply");
                self.peer.report(&report.about(topic.to_string()).answering(self.frame_id));
            }
        }
    }

    /// Sends `message` to this connection only, in a flat protocol.
    ///
    /// Never waits: a client that is too slow for its replies is closed, as for any other frame.
    pub fn send<M: PlainMessage>(&self, message: &M) {
        match publisher::plain(self.request().route().into(), Some(self.frame_id), message) {
            Ok(frame) => {
                self.send_frame(frame);
            }
            Err(error) => {
                tracing::error!(correlation_id = %self.frame_id, r#type = M::NAME, %error, "no reply");
                self.flush();
                self.peer.outbound().begin_close(CloseReason::InternalError);
            }
        }
    }

    fn send_frame(&self, frame: OutboundFrame) {
        self.flush();
        self.peer.outbound().send(frame);
    }

    /// Frames that were published wait for the hub to write them. What the client is told next, a reply or an error, must
    /// not overtake them on their way to this client.
    pub(crate) fn flush(&self) {
        let published = Shards::from_bits(self.published.load(Ordering::Relaxed));
        if published != Shards::ALL {
            self.published.fetch_and(!published.bits(), Ordering::Relaxed);
        }
        self.hub.catch_up_all(published, self.peer);
    }

    fn note(&self, shards: Shards) {
        self.published.fetch_or(shards.bits(), Ordering::Relaxed);
    }

    /// Puts the connection into a group of a flat protocol: from now on it gets what is
    /// [broadcast](Publisher::broadcast) there, after everything that this handler sends and replies. Joining twice is
    /// joining once. Until the handler is done the group's frames wait for it, within the bounds of the connection's
    /// queue: a handler that joins should not take long. What goes on for longer is spawned, with a
    /// [`publisher`](Self::publisher), and broadcast.
    ///
    /// A connection leaves its groups when it ends.
    ///
    /// # Errors
    /// If the connection is in as many groups as it may be in.
    pub fn join(&self, group: &str) -> Result<(), TooManyGroups> {
        let group: Arc<str> = group.into();
        let new = self.peer.subscribe(&group).map_err(|_| TooManyGroups)?;
        if new {
            self.peer.outbound().hold(&group);
            self.hub.attach(&group, self.peer);
            // The connection may have ended, and left its groups, in between.
            if !self.peer.subscriptions().contains(&group) {
                self.hub.detach(&group, self.peer);
            }
        }
        Ok(())
    }

    /// Takes the connection out of a group. True if it was in it.
    pub fn leave(&self, group: &str) -> bool {
        let was_in = self.peer.unsubscribe(group);
        if was_in {
            self.hub.detach(group, self.peer);
            self.peer.outbound().unhold(group);
        }
        was_in
    }

    /// The parameters with which the client connected: the generated `Handshake`, or the struct of a route, if that is
    /// where the client connected.
    ///
    /// `None` at other routes, and where the document names no parameters.
    #[must_use]
    pub fn handshake<P: HandshakeParameters>(&self) -> Option<&P> {
        self.request().typed().get::<P::Handshake>().and_then(P::of)
    }

    /// The request with which the client connected, for what the document does not name. Empty where a protocol with an
    /// envelope says nothing of its handshake.
    #[must_use]
    pub fn request(&self) -> &HandshakeRequest {
        self.peer.request()
    }

    /// A parameter of the path at which the client connected, as text. What the document names,
    /// [`handshake`](Self::handshake) has typed.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.request().parameter(name)
    }

    /// The first value of a name in the query with which the client connected.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.request().query(name)
    }

    /// The first value of a header with which the client connected.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request().header(name)
    }
}
