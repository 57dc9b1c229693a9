//! The sending side of a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tightwire_proto::envelope::Stamp;
use tightwire_proto::inbound::Inbound;
use tokio::sync::watch;
use uuid::Uuid;

use super::config::ClientConfig;
use super::error::ClientError;
use super::link::Outgoing;
use super::protocol::ClientProtocol;
use super::queue;
use super::replies::Replies;
use super::waiters::{Match, Waiters};
use crate::clock;

/// Sends on a connection, from any task. Clones send on the same connection, which lives as long as one of them does.
pub struct ClientSender<P: ClientProtocol> {
    inner: Arc<Inner<P>>,
    request_timeout: Duration,
}

pub(super) struct Inner<P: ClientProtocol> {
    pub(super) outgoing: queue::Sender<Outgoing>,
    pub(super) waiters: Arc<Waiters<P::In>>,
    /// How the connection ended, once it has. Written by its task.
    pub(super) end: watch::Receiver<Option<ClientError>>,
    pub(super) max_message_bytes: u64,
    pub(super) config: ClientConfig,
}

impl<P: ClientProtocol> ClientSender<P> {
    pub(super) fn new(inner: Inner<P>) -> Self {
        let request_timeout = inner.config.request_timeout;
        Self { inner: Arc::new(inner), request_timeout }
    }

    /// The same, with another time that a request waits for its reply.
    #[must_use]
    pub fn within(&self, request_timeout: Duration) -> Self {
        Self { inner: Arc::clone(&self.inner), request_timeout }
    }

    /// Sends a frame: waits for room in the queue, not for the network. Returns the frame's id, which is on the wire in
    /// protocols with an envelope only.
    ///
    /// # Errors
    /// See [`ClientError`]; the frame was not sent.
    pub async fn send(&self, frame: &P::Out) -> Result<Uuid, ClientError> {
        let (stamp, json) = self.encode(frame)?;
        self.queue(json).await?;
        Ok(stamp.id)
    }

    /// Sends a frame and waits for the first frame that `matches`; [`Client::next`](super::Client::next) will not see
    /// that one. `matches` is asked about every frame that comes meanwhile.
    ///
    /// The reply waits its turn: if more frames come before it than the client buffers, someone has to call
    /// [`Client::next`](super::Client::next) meanwhile.
    ///
    /// # Errors
    /// See [`ClientError`]. What the protocol itself has for errors is a reply like any other.
    pub async fn request(
        &self,
        frame: &P::Out,
        matches: impl FnMut(&Inbound<P::In>) -> bool + Send + 'static,
    ) -> Result<Inbound<P::In>, ClientError> {
        let (_, json) = self.encode(frame)?;
        self.exchange(json, matches).await
    }

    /// As [`Self::request`]; the reply is the first frame whose `correlation_id` is the id of this one. For protocols
    /// with an envelope.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn request_correlated(&self, frame: &P::Out) -> Result<Inbound<P::In>, ClientError> {
        self.request_reply(frame, |_| true).await
    }

    /// As [`Self::request_correlated`], but of the frames that carry the id only one that `is_reply`: what the request
    /// caused besides, and was published to a topic, is for [`Client::next`](super::Client::next).
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn request_reply(
        &self,
        frame: &P::Out,
        mut is_reply: impl FnMut(&P::In) -> bool + Send + 'static,
    ) -> Result<Inbound<P::In>, ClientError> {
        let (stamp, json) = self.encode(frame)?;
        let matches =
            move |inbound: &Inbound<P::In>| inbound.correlation_id == Some(stamp.id) && is_reply(&inbound.frame);
        self.exchange(json, matches).await
    }

    /// Sends a frame whose answer is several frames: of those that carry its id the ones that `matches` names, up to the
    /// last one. For protocols with an envelope.
    ///
    /// # Errors
    /// See [`ClientError`]; the frame was not sent.
    pub async fn request_sequence(
        &self,
        frame: &P::Out,
        mut matches: impl FnMut(&P::In) -> Match + Send + 'static,
    ) -> Result<Replies<P>, ClientError> {
        let (stamp, json) = self.encode(frame)?;
        let config = &self.inner.config;
        let waiting = self.inner.waiters.wait((config.buffered_frames, config.buffered_bytes), move |inbound| {
            if inbound.correlation_id == Some(stamp.id) { matches(&inbound.frame) } else { Match::No }
        });
        self.queue(json).await?;
        Ok(Replies::new(waiting, self.clone(), self.request_timeout))
    }

    async fn exchange(
        &self,
        json: Vec<u8>,
        mut matches: impl FnMut(&Inbound<P::In>) -> bool + Send + 'static,
    ) -> Result<Inbound<P::In>, ClientError> {
        // Before it is sent, so that no reply is too fast.
        let one = (1, u32::MAX >> 4);
        let mut waiting =
            self.inner.waiters.wait(one, move |inbound| if matches(inbound) { Match::Last } else { Match::No });
        let timeout = self.request_timeout;
        let reply = async {
            self.queue(json).await?;
            match waiting.replies.receive().await {
                Some((reply, _)) => Ok(reply),
                None => Err(self.ended().await),
            }
        };
        tokio::time::timeout(timeout, reply).await.unwrap_or(Err(ClientError::NoReply(timeout)))
    }

    fn encode(&self, frame: &P::Out) -> Result<(Stamp, Vec<u8>), ClientError> {
        let stamp = clock::stamp(None);
        let json = P::encode(frame, &stamp).map_err(|error| ClientError::Encode(error.to_string().into()))?;
        let max = self.inner.max_message_bytes;
        if json.len() as u64 > max {
            return Err(ClientError::TooLarge { size: json.len(), max });
        }
        Ok((stamp, json))
    }

    async fn queue(&self, json: Vec<u8>) -> Result<(), ClientError> {
        let size = json.len();
        let sent = self.inner.outgoing.send(Outgoing::Text(Bytes::from(json)), size).await;
        if sent { Ok(()) } else { Err(self.ended().await) }
    }

    pub(super) fn close_timeout(&self) -> Duration {
        self.inner.config.close_timeout
    }

    pub(super) async fn close(&self) {
        self.inner.outgoing.send(Outgoing::Close, 1).await;
    }

    /// Waits until the connection has ended.
    pub(super) async fn ended(&self) -> ClientError {
        let mut end = self.inner.end.clone();
        match end.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or_else(cut_off),
            Err(_) => cut_off(),
        }
    }
}

/// The connection's task was ended from outside, for instance with its runtime.
fn cut_off() -> ClientError {
    ClientError::Lost("the client was ended".into())
}

impl<P: ClientProtocol> Clone for ClientSender<P> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), request_timeout: self.request_timeout }
    }
}

impl<P: ClientProtocol> fmt::Debug for ClientSender<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSender").finish_non_exhaustive()
    }
}
