//! The harness: contract, options, and how its clients get connected.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use http::Response;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;
use tokio_websockets::{Error, WebSocketStream, upgrade};

use crate::client::{Place, WsClient};
use crate::connection::{Connection, Rules};
use crate::contract::Contract;
use crate::handshake::Handshake;
use crate::target::{Kind, Target};

/// How many bytes a duplex stream of [`WsHarness::spawn`] holds in each direction.
const DUPLEX_BYTES: usize = 64 * 1024;

/// Connects clients that check every frame against a contract.
///
/// Cheap to clone; a clone with one more header is how a test connects as somebody else.
#[derive(Clone, Debug)]
pub struct WsHarness {
    rules: Rules,
    handshake: Handshake,
    path: String,
    within: Duration,
}

/// A [`WsHarness`] with a server of its own: every `connect` hands it one more stream.
#[derive(Clone)]
pub struct Served<F> {
    harness: WsHarness,
    serve: F,
}

/// Why a client could not connect.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server answered the handshake with that status instead of 101.
    #[error("the server refused the handshake with HTTP {0}")]
    Refused(u16),
    /// There was no answer in time.
    #[error("no answer to the handshake within {0:?}")]
    TimedOut(Duration),
    /// The stream or its bytes were at fault.
    #[error("the handshake failed: {0}")]
    Failed(String),
}

impl From<Error> for ConnectError {
    fn from(error: Error) -> Self {
        match error {
            Error::Upgrade(upgrade::Error::DidNotSwitchProtocols(status)) => Self::Refused(status),
            error => Self::Failed(error.to_string()),
        }
    }
}

impl WsHarness {
    /// A harness for that contract: path `/ws`, 5 s of patience, every check on.
    #[must_use]
    pub fn new(contract: Contract) -> Self {
        Self {
            rules: Rules { contract, check_contract: true, check_positions: true, answer_pings: true },
            handshake: Handshake::default(),
            path: "/ws".to_owned(),
            within: Duration::from_secs(5),
        }
    }

    /// A harness with a server: for every client, `serve` gets the server's end of a duplex stream in a task of its own.
    /// `serve` answers the handshake, as it would on a socket.
    #[must_use]
    pub fn spawn<F, S>(contract: Contract, serve: F) -> Served<F>
    where
        F: Fn(DuplexStream) -> S,
        S: Future<Output = ()> + Send + 'static,
    {
        Self::new(contract).serving(serve)
    }

    /// This harness with a server, as [`WsHarness::spawn`] makes it.
    #[must_use]
    pub fn serving<F, S>(self, serve: F) -> Served<F>
    where
        F: Fn(DuplexStream) -> S,
        S: Future<Output = ()> + Send + 'static,
    {
        Served { harness: self, serve }
    }

    /// Adds a header to the handshake, for instance `authorization`.
    ///
    /// # Panics
    /// Where name or value cannot stand in an HTTP header.
    #[must_use]
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Err(error) = self.handshake.add_header(name, value) {
            panic!("{error}")
        }
        self
    }

    /// Offers a subprotocol (`Sec-WebSocket-Protocol`); several are offered in the order of the calls.
    #[must_use]
    pub fn subprotocol(mut self, name: &str) -> Self {
        self.handshake.add_subprotocol(name);
        self
    }

    /// The path (and query) to ask for where the target is not a URL. Default: `/ws`.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Adds a parameter to the query, wherever a client connects to. Name and value are percent-encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.handshake.add_query(name, value);
        self
    }

    /// How long clients wait where an expectation does not say. Default: 5 s.
    #[must_use]
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Whether clients answer the server's `ping` frames by themselves and hide them from the test. Default: yes.
    #[must_use]
    pub fn answer_pings(mut self, answer: bool) -> Self {
        self.rules.answer_pings = answer;
        self
    }

    /// Whether frames are checked against the contract. Default: yes.
    #[must_use]
    pub fn check_contract(mut self, check: bool) -> Self {
        self.rules.check_contract = check;
        self
    }

    /// Whether frame ids and topic positions are checked. Default: yes.
    #[must_use]
    pub fn check_positions(mut self, check: bool) -> Self {
        self.rules.check_positions = check;
        self
    }

    /// Connects a client to a URL, a TCP address, or a stream ([`Target::stream`]).
    ///
    /// # Panics
    /// Where that fails.
    #[track_caller]
    pub fn connect(&self, target: impl Into<Target>) -> impl Future<Output = WsClient> {
        let (at, target) = (Location::caller(), target.into());
        async move {
            match self.connect_from(at, target).await {
                Ok(client) => client,
                Err(error) => panic!("at {at}\n  expected: a WebSocket connection\n   arrived: {error}"),
            }
        }
    }

    /// Connects a client, for tests of servers that refuse.
    ///
    /// # Errors
    /// Where the server does not switch to WebSocket.
    #[track_caller]
    pub fn try_connect(&self, target: impl Into<Target>) -> impl Future<Output = Result<WsClient, ConnectError>> {
        self.connect_from(Location::caller(), target.into())
    }

    async fn connect_from(&self, at: Place, target: Target) -> Result<WsClient, ConnectError> {
        tokio::time::timeout(self.within, self.open(at, target))
            .await
            .map_err(|_| ConnectError::TimedOut(self.within))?
    }

    async fn open(&self, at: Place, target: Target) -> Result<WsClient, ConnectError> {
        let opening = format!("{target:?}");
        match target.0 {
            Kind::Url(url) => self.start(at, self.handshake.builder(&url)?.connect().await, &opening),
            Kind::Address(address) => {
                let builder = self.handshake.builder(&format!("ws://{address}{}", self.path))?;
                let stream = TcpStream::connect(address).await.map_err(|e| ConnectError::Failed(e.to_string()))?;
                self.start(at, builder.connect_on(stream).await, &opening)
            }
            Kind::Stream(stream) => {
                let builder = self.handshake.builder(&format!("ws://localhost{}", self.path))?;
                self.start(at, builder.connect_on(stream).await, &opening)
            }
        }
    }

    fn start<S>(
        &self,
        at: Place,
        handshake: Result<(WebSocketStream<S>, Response<()>), Error>,
        opening: &str,
    ) -> Result<WsClient, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match handshake {
            Ok((socket, response)) => {
                let connection = Connection::start(socket, self.rules.clone(), format!("connected: {opening}"));
                Ok(WsClient::new(
                    connection,
                    self.rules.contract.clone(),
                    self.rules.check_contract,
                    self.within,
                    response,
                    at,
                ))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl<F, S> Served<F>
where
    F: Fn(DuplexStream) -> S,
    S: Future<Output = ()> + Send + 'static,
{
    /// Connects one more client to the server.
    ///
    /// # Panics
    /// Where that fails.
    #[track_caller]
    pub fn connect(&self) -> impl Future<Output = WsClient> {
        self.harness.connect(self.open())
    }

    /// Connects one more client to the server, for tests of servers that refuse.
    ///
    /// # Errors
    /// Where the server does not switch to WebSocket.
    #[track_caller]
    pub fn try_connect(&self) -> impl Future<Output = Result<WsClient, ConnectError>> {
        self.harness.try_connect(self.open())
    }

    /// The same server with other options, for instance another `authorization` header.
    #[must_use]
    pub fn with(&self, options: impl FnOnce(WsHarness) -> WsHarness) -> Self
    where
        F: Clone,
    {
        Self { harness: options(self.harness.clone()), serve: self.serve.clone() }
    }

    /// The harness without the server.
    #[must_use]
    pub fn harness(&self) -> &WsHarness {
        &self.harness
    }

    fn open(&self) -> DuplexStream {
        let (client, server) = tokio::io::duplex(DUPLEX_BYTES);
        // Not tied to `self`, which a test may drop while its clients go on.
        tokio::spawn((self.serve)(server));
        client
    }
}

impl<F> fmt::Debug for Served<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("harness", &self.harness).finish_non_exhaustive()
    }
}
