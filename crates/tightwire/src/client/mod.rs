//! The client of a protocol: connects, sends typed frames, and gives typed frames back.
//!
//! For generated clients, of either kind of protocol, and for tests of servers. Not for browsers, and not a reconnecting
//! client: a connection that has ended says why, and what to do about it is the application's decision.
//!
//! One task per connection reads, writes and keeps time, so that pings are answered whatever the application waits for.
//! Both directions wait in queues that are bounded by count and by bytes: an application that does not call
//! [`Client::next`] lets the server wait, as TCP does.

mod config;
mod connect;
mod envelope;
mod error;
mod link;
mod protocol;
mod queue;
mod replies;
mod route;
mod sender;
mod sequence;
mod socket;
#[cfg(feature = "tls")]
mod tls;
mod upgrade;
mod url;
mod waiters;

use std::fmt;
use std::future::Future;

use bytes::Bytes;
use tightwire_proto::inbound::Inbound;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;
use tokio::time::timeout;

pub use config::ClientConfig;
pub use connect::{ConnectError, TlsProblem};
pub use envelope::envelope;
pub use error::{ClientError, Closed, RequestError, Side};
pub use protocol::ClientProtocol;
pub use replies::Replies;
#[doc(hidden)]
pub use route::prepare;
pub use sender::ClientSender;
pub use sequence::Sequence;
#[cfg(feature = "tls")]
pub use tls::Tls;
#[cfg(all(feature = "tls", feature = "redis"))]
pub(crate) use tls::secure_stream;
/// What [`Tls`] is made of.
#[cfg(feature = "tls")]
pub use tokio_rustls::rustls;
pub use url::url;
pub use waiters::Match;

/// A connection to a server. Dropping it closes the connection, unless a [`ClientSender`] of it is still there.
pub struct Client<P: ClientProtocol> {
    sender: ClientSender<P>,
    received: queue::Receiver<link::Received<P>>,
    /// Ends the connection without a word.
    task: AbortHandle,
    /// Whether the application was told how it ended.
    is_over: bool,
}

impl<P: ClientProtocol> Client<P> {
    /// Connects to `url`, for instance `ws://127.0.0.1:8080/v2`. A URL with `wss://` needs the feature `tls`.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(url: &str, config: ClientConfig) -> Result<Self, ConnectError> {
        let target = connect::Target::new(url)?;
        Self::over(target.reach(), url, &target, config).await
    }

    /// Connects to `url` over a stream that is there already, for instance a `tokio::io::duplex` in a test. With
    /// `wss://` TLS is spoken over it.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect_on<IO>(stream: IO, url: &str, config: ClientConfig) -> Result<Self, ConnectError>
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let target = connect::Target::new(url)?;
        Self::over(std::future::ready(Ok(stream)), url, &target, config).await
    }

    /// Connects as soon as there is a stream.
    async fn over<IO>(
        reached: impl Future<Output = Result<IO, ConnectError>>,
        url: &str,
        target: &connect::Target,
        config: ClientConfig,
    ) -> Result<Self, ConnectError>
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        #[cfg(feature = "tls")]
        if target.is_secure() {
            let secured = async {
                let stream = tls::secure(reached.await?, target, &config.tls).await?;
                connect::handshake(stream, target, &config).await
            };
            let socket = connect::in_time(&config, secured).await?;
            return Ok(Self::start(socket, url, config).await);
        }
        let plain = async { connect::handshake(reached.await?, target, &config).await };
        let socket = connect::in_time(&config, plain).await?;
        Ok(Self::start(socket, url, config).await)
    }

    async fn start<IO>(socket: (IO, Bytes), url: &str, mut config: ClientConfig) -> Self
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        config.route = config.route.or_else(|| route::of(url, P::contract()));
        // What is built for the first odd frame would hold this thread up. If it fails it is built then.
        let _ = tokio::task::spawn_blocking(P::prepare).await;
        let link::Started { sender, received, task } = link::spawn::<P, _>(socket, config);
        Self { sender, received, task, is_over: false }
    }

    /// Sends a frame. Returns its id, which is on the wire in protocols with an envelope only.
    ///
    /// # Errors
    /// See [`ClientError`]; the frame was not sent.
    pub async fn send(&self, frame: &P::Out) -> Result<uuid::Uuid, ClientError> {
        self.sender.send(frame).await
    }

    /// Sends a frame and waits for the first frame that `matches`. See [`ClientSender::request`].
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn request(
        &self,
        frame: &P::Out,
        matches: impl FnMut(&Inbound<P::In>) -> bool + Send + 'static,
    ) -> Result<Inbound<P::In>, ClientError> {
        self.sender.request(frame, matches).await
    }

    /// Sends a frame and waits for the first frame that carries its id. See [`ClientSender::request_correlated`].
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn request_correlated(&self, frame: &P::Out) -> Result<Inbound<P::In>, ClientError> {
        self.sender.request_correlated(frame).await
    }

    /// The next frame that no request waits for. An error about one frame ([`ClientError::Violation`]) leaves the
    /// connection alive; any other is the last thing before `None`.
    ///
    /// Nothing is lost if the future is dropped before it is done.
    pub async fn next(&mut self) -> Option<Result<P::In, ClientError>> {
        Some(self.next_inbound().await?.map(|inbound| inbound.frame))
    }

    /// As [`Self::next`], with the frame's envelope.
    pub async fn next_inbound(&mut self) -> Option<Result<Inbound<P::In>, ClientError>> {
        if let Some(received) = self.received.receive().await {
            return Some(received);
        }
        if std::mem::replace(&mut self.is_over, true) {
            return None;
        }
        Some(Err(self.sender.ended().await))
    }

    /// Sends a frame whose answer is several frames. See [`ClientSender::request_sequence`].
    ///
    /// # Errors
    /// See [`ClientError`]; the frame was not sent.
    pub async fn request_sequence(
        &self,
        frame: &P::Out,
        matches: impl FnMut(&P::In) -> Match + Send + 'static,
    ) -> Result<Replies<P>, ClientError> {
        self.sender.request_sequence(frame, matches).await
    }

    /// A handle that sends, for other tasks.
    #[must_use]
    pub fn sender(&self) -> ClientSender<P> {
        self.sender.clone()
    }

    /// Closes the connection with 1000 and waits for the server's answer, within the configured time. What was sent
    /// before goes first. Returns how the connection ended.
    pub async fn close(mut self) -> ClientError {
        let within = self.sender.close_timeout();
        let closed = async {
            self.sender.close().await;
            // What the server says meanwhile must not keep it from closing.
            while self.received.receive().await.is_some() {}
            self.sender.ended().await
        };
        // Once for what was sent before, and once for the answer.
        timeout(within * 2, closed).await.unwrap_or_else(|_| {
            self.task.abort();
            ClientError::Lost("the server takes nothing any more".into())
        })
    }
}

impl<P: ClientProtocol> fmt::Debug for Client<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("is_over", &self.is_over).finish_non_exhaustive()
    }
}
