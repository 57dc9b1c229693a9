//! The server: takes connections, serves HTTP on them, and ends them all when it is told to.
//!
//! `warp` routes, this accept loop serves: so that request heads have a time limit and a size limit, sockets send at
//! once, and a shutdown says goodbye to every WebSocket.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout_at};
use warp::filters::BoxedFilter;
use warp::http::header::UPGRADE;
use warp::http::{Method, StatusCode};
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};

use crate::auth::Auth;
use crate::cluster::{Cluster, Presence, SharedLists};
use crate::config::Config;
use crate::entrance::{self, Entered};
use crate::http::bounds::{self, Bounded, Broken};
use crate::http::stall::StallGuard;
use crate::http::{self, problem};
use crate::line::line;
use crate::metrics::Refusal;
use crate::noise::info_limited;
#[cfg(feature = "redis")]
use crate::producers;
use crate::proxies;
use crate::proxy_protocol::ProxyProtocol;
use crate::publisher::Publisher;
use crate::service::Service;
use crate::shared::Shared;
use crate::stats::Stats;
use crate::tcp;

/// How long to wait after `accept` failed, for instance because there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A drain time that means "for ever" must not overflow the clock.
const LONGEST_DRAIN: Duration = Duration::from_secs(24 * 3600);

/// The address of the client, in the extensions of every request: the peer's, or what trusted proxies say of it. Routes get it with
/// `warp::ext::get::<tightwire::RemoteAddr>()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteAddr(pub SocketAddr);

/// A server for one protocol. Clones are handles on the same server.
pub struct Server<S: Service> {
    shared: Arc<Shared<S>>,
    routes: BoxedFilter<(Response,)>,
    /// True once a shutdown has begun; HTTP connections end after the request they are at.
    ending: Arc<watch::Sender<bool>>,
}

impl<S: Service> Clone for Server<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), routes: self.routes.clone(), ending: Arc::clone(&self.ending) }
    }
}

impl<S: Service> Server<S> {
    /// A server that does what `service` says.
    #[must_use]
    pub fn new(service: S, config: Config) -> Self {
        let shared = Arc::new(Shared::new(service, config));
        let routes = http::routes(&shared, None);
        Self { shared, routes, ending: Arc::new(watch::Sender::new(false)) }
    }

    /// Adds the application's own routes. The server's come first; what neither knows is a 404.
    #[must_use]
    pub fn with_routes<F, R>(mut self, routes: F) -> Self
    where
        F: Filter<Extract = (R,), Error = Rejection> + Clone + Send + Sync + 'static,
        R: Reply + 'static,
    {
        let routes = routes.map(|reply: R| reply.into_response()).boxed();
        self.routes = http::routes(&self.shared, Some(routes));
        self
    }

    /// Publishes to the server's topics, from anywhere and at any time.
    #[must_use]
    pub fn publisher(&self) -> Publisher {
        self.shared.publisher.clone()
    }

    /// Lets `application` say something of this server to the other nodes of the system, and hear of them.
    #[must_use]
    pub fn with_presence(self, application: impl Presence) -> Self {
        self.shared.cluster.set_application(application);
        self
    }

    /// The servers that are one system with this one.
    #[must_use]
    pub fn cluster(&self) -> Cluster {
        self.shared.cluster.clone()
    }

    /// Lists that all nodes of the system share; `None` where this server is the whole system.
    #[must_use]
    pub fn shared_lists(&self) -> Option<SharedLists> {
        self.shared.broker.lists().map(SharedLists)
    }

    /// The settings in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// The server's counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::new(Arc::clone(&self.shared.counters))
    }

    /// Takes connections from `listener` until `shutdown` is done, then ends them all: see [`Self::shutdown`].
    ///
    /// # Errors
    /// If the server must not listen there, or the listener does not know its address; or if Redis refuses to serve. While
    /// Redis cannot be reached, the server runs and goes on trying.
    pub async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let address = listener.local_addr()?;
        self.may_listen(address)?;
        self.may_be_reached()?;
        #[cfg(feature = "redis")]
        producers::check(&self.shared)?;
        if let Some(address) = self.shared.config.metrics_bind {
            let listener = TcpListener::bind(address).await.map_err(|error| {
                io::Error::new(error.kind(), format!("metrics cannot be served on {address} (`metrics_bind`): {error}"))
            })?;
            let server = self.clone();
            // It ends with the server.
            tokio::spawn(async move { server.serve_metrics(listener).await });
        }
        self.shared.broker.start().await?;
        self.shared.prepare().await;
        #[cfg(feature = "redis")]
        producers::start(&self.shared, self.ending.subscribe());
        tracing::info!(%address, contract_version = self.shared.contract.version, "listening");
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, remote)) => {
                    let Ok(place) = Arc::clone(&self.shared.http_places).try_acquire_owned() else {
                        self.turn_away(&stream, remote);
                        continue;
                    };
                    if let Err(error) = tcp::prepare(&stream, self.shared.config.socket_unsent_bytes) {
                        tracing::debug!(%error, "a connection was gone before it began");
                        continue;
                    }
                    self.serve_socket(stream, remote, place);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        self.shutdown().await;
        Ok(())
    }

    /// Serves `/metrics` and its JSON twin on `listener`, and nothing else, until the server is shut down. Nobody is asked
    /// for a token: let it listen where only operators come. [`Self::run`] does so where [`Config::metrics_bind`] says.
    ///
    /// # Errors
    /// If the listener does not know its address.
    pub async fn serve_metrics(&self, listener: TcpListener) -> io::Result<()> {
        let address = listener.local_addr()?;
        tracing::info!(%address, "serving metrics");
        let metrics = Self { routes: http::metrics::open_routes(&self.shared), ..self.clone() };
        let mut ending = self.ending.subscribe();
        loop {
            let accepted = tokio::select! {
                _ = ending.wait_for(|ending| *ending) => return Ok(()),
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, remote)) => drop(tokio::spawn(metrics.serve_stream(stream, remote))),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Serves a socket in a task of its own, behind a header of the PROXY protocol and over TLS where the settings say so.
    fn serve_socket(&self, stream: TcpStream, remote: SocketAddr, place: OwnedSemaphorePermit) {
        if !entrance::is_guarded(&self.shared.config) {
            tokio::spawn(self.serve_http(stream, remote, Some(place)));
            return;
        }
        let server = self.clone();
        let mut ending = self.ending.subscribe();
        tokio::spawn(async move {
            let entering = entrance::enter(&server.shared.config, stream, remote);
            let entered = tokio::select! {
                entered = entering => entered,
                _ = ending.wait_for(|ending| *ending) => return,
            };
            drop(ending);
            match entered {
                Ok((Entered::Plain(stream), client)) => server.serve_http(stream, client, Some(place)).await,
                #[cfg(feature = "tls")]
                Ok((Entered::Secure(stream), client)) => server.serve_http(stream, client, Some(place)).await,
                Err(error) => {
                    server.shared.counters.handshakes_refused_total.of(error.reason()).increment();
                    tracing::debug!(%remote, %error, "a connection was not served");
                }
            }
        });
    }

    /// There are as many connections as there may be beside those with a WebSocket or a stream of events. No task, no
    /// timer: whoever keeps all places must not gain by trying for more.
    fn turn_away(&self, stream: &TcpStream, remote: SocketAddr) {
        self.shared.counters.handshakes_refused_total.of(Refusal::HTTP_CAPACITY).increment();
        info_limited!(%remote, "a connection was turned away: there are as many as there may be (`http_connections`)");
        // Where something comes before HTTP nobody would understand an answer.
        if !entrance::is_guarded(&self.shared.config)
            && let Err(error) = tcp::dismiss(stream, &http::when_full())
        {
            tracing::debug!(%remote, %error, "it could not be told");
        }
    }

    /// Serves one connection: HTTP, and what it is upgraded to. Done when HTTP is; a WebSocket lives on by itself.
    ///
    /// The stream may be anything, for instance a `tokio::io::duplex` in a test.
    pub fn serve_stream<IO>(&self, stream: IO, remote: SocketAddr) -> impl Future<Output = ()> + Send + use<S, IO>
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.serve_http(stream, remote, None)
    }

    /// The same for a connection that has a place among those that speak plain HTTP.
    fn serve_http<IO>(
        &self,
        stream: IO,
        remote: SocketAddr,
        place: Option<OwnedSemaphorePermit>,
    ) -> impl Future<Output = ()> + Send + use<S, IO>
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let routes = TowerToHyperService::new(warp::service(self.routes.clone()));
        let shared = Arc::clone(&self.shared);
        let (held, line) = line(place);
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            let Config { trusted_proxies, forwarded_header, .. } = &shared.config;
            let client = proxies::client(trusted_proxies, *forwarded_header, remote, request.headers());
            request.extensions_mut().insert(RemoteAddr(client));
            request.extensions_mut().insert(line.clone());
            let (mut head, body) = request.into_parts();
            // RFC 9110, section 9.3.2: the answer to GET, whose body hyper leaves out. It never leads to an upgrade.
            if head.method == Method::HEAD && !head.headers.contains_key(UPGRADE) {
                head.method = Method::GET;
            }
            let broken = Broken::default();
            let (bytes, within) = (shared.config.max_body_bytes, shared.config.request_timeout);
            let answering = if head.uri.path().starts_with('/') {
                let body = Bounded::new(body, bytes, within, broken.clone()).ok_or_else(bounds::too_large);
                body.map(|body| routes.call(hyper::Request::from_parts(head, body)))
            } else {
                // What proxies are asked for: `CONNECT` and `OPTIONS *`. warp panics where there is no path.
                Err(problem(StatusCode::BAD_REQUEST, "a request names a path of this server"))
            };
            async move {
                let response = match answering {
                    Ok(answering) => answering.await,
                    Err(refused) => return Ok(refused),
                };
                broken.answer().map_or(response, Ok)
            }
        });
        let config = &self.shared.config;
        let (stream, waiting) = StallGuard::new(stream, config.request_timeout);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(config.handshake_timeout)
            .max_headers(config.max_headers)
            .max_buf_size(config.max_head_bytes.max(8192))
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut ending = self.ending.subscribe();
        let shared = Arc::clone(&self.shared);
        async move {
            shared.prepare().await;
            let counters = Arc::clone(&shared.counters);
            drop(shared);
            let mut connection = std::pin::pin!(connection);
            let ended = async {
                // Where nobody holds the server any more nobody can end it either: the connection goes on.
                if ending.wait_for(|ending| *ending).await.is_err() {
                    std::future::pending().await
                }
            };
            let result = tokio::select! {
                result = &mut connection => result,
                () = ended => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        result = connection => result,
                        () = held.is_cut() => return,
                    }
                }
                () = held.is_cut() => return,
            };
            // What HTTP was upgraded to has bounds of its own.
            drop(waiting);
            if let Err(error) = result {
                if error.is_timeout() {
                    counters.handshakes_refused_total.of(Refusal::TIMEOUT).increment();
                }
                tracing::debug!(%remote, %error, "an HTTP connection failed");
            }
        }
    }

    /// Ends every connection: WebSockets get what waits for them, a `disconnect_notice` and close 1001; whoever has not
    /// left when the drain time is over is cut off. Nobody can connect any more.
    pub async fn shutdown(&self) {
        let deadline = Instant::now() + self.shared.config.drain.min(LONGEST_DRAIN);
        self.ending.send_replace(true);
        let connections = &self.shared.connections;
        // What was published before is written before.
        self.shared.hub.flush();
        connections.close_all();
        if timeout_at(deadline, connections.all_ended()).await.is_err() {
            tracing::warn!(connections = self.stats().connections(), "connections are cut off at the shutdown");
            connections.abort_all();
        }
        // Every HTTP connection holds a receiver until it ends.
        if timeout_at(deadline, self.ending.closed()).await.is_err() {
            tracing::warn!(connections = self.ending.receiver_count(), "HTTP requests are cut off at the shutdown");
        }
        self.shared.cluster.leave().await;
        tracing::info!("the server has ended");
    }

    /// With the PROXY protocol, but without proxies, every connection would be refused.
    fn may_be_reached(&self) -> io::Result<()> {
        let config = &self.shared.config;
        if config.proxy_protocol == ProxyProtocol::Off || !config.trusted_proxies.is_empty() {
            return Ok(());
        }
        let problem = "the PROXY protocol is expected of trusted proxies, and none are named: set `trusted_proxies`";
        Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
    }

    /// Without authentication only loopback is safe.
    fn may_listen(&self, address: SocketAddr) -> io::Result<()> {
        let Auth::Disabled { force } = self.shared.config.auth else { return Ok(()) };
        if !address.ip().is_loopback() && !force {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!(
                    "authentication is disabled, and {address} can be reached from other machines: everyone there could \
                     read and write every topic. Listen on 127.0.0.1, or set `Auth::Disabled {{ force: true }}` if \
                     something else keeps strangers out"
                ),
            ));
        }
        tracing::warn!(%address, "authentication is disabled: everyone who reaches this address may connect");
        Ok(())
    }
}
