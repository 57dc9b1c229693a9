//! The server's settings. Plain data: where they come from (flags, environment, file) is the application's business.

#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
mod redis_channel;
#[cfg(feature = "redis")]
mod redis_login;
#[cfg(feature = "redis")]
mod redis_url;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

pub use ipnet::IpNet;
use tightwire_proto::address_rate::AddressRate;
use tightwire_proto::contract::{Contract, Heartbeat, Limits};
use tightwire_proto::outbound::SlowConsumer;
use tightwire_proto::session::ContractPolicy;

#[cfg(feature = "redis")]
pub use self::redis::RedisConfig;
#[cfg(feature = "redis")]
pub use self::redis_channel::{RedisChannel, RedisChannelError};
#[cfg(feature = "redis")]
pub use self::redis_login::RedisLogin;
#[cfg(feature = "redis")]
pub use self::redis_url::{RedisAddress, RedisServers, RedisUrl, RedisUrlError};
use crate::auth::Auth;
use crate::docs::Docs;
use crate::proxies::ForwardedHeader;
use crate::proxy_protocol::ProxyProtocol;
#[cfg(feature = "tls")]
use crate::tls::ServerTls;

/// The server's settings. `Config::default()` is what the contract and the protocol's defaults say.
///
/// ```
/// use std::time::Duration;
///
/// let config = tightwire::Config { drain: Duration::from_secs(3), ..Default::default() };
/// assert_eq!(config.websocket_path, "ws");
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// Who may connect. Default: everyone, on loopback only.
    pub auth: Auth,
    /// Limits that replace the contract's `x-limits`. Default: none.
    pub limits: Option<Limits>,
    /// A heartbeat that replaces the contract's `x-heartbeat`. Default: none.
    pub heartbeat: Option<Heartbeat>,
    /// What follows a frame that violates the contract. Default: an error, then close 1002.
    pub contract_policy: ContractPolicy,
    /// What happens when a client does not read fast enough. Default: close 4409.
    pub slow_consumer: SlowConsumer,
    /// The least time between two `rate_limited` errors to one connection. Default: 1 s.
    pub rate_limit_cooldown: Duration,
    /// Origins that may connect beside the server's own, as browsers write them (`https://chat.example.com`); `*` is
    /// every origin. Default: none.
    pub allowed_origins: Vec<String>,
    /// The one path segment of the WebSocket endpoint, for protocols whose document names no paths. Default: `ws`.
    pub websocket_path: String,
    /// How often one address may begin a WebSocket; beyond it the answer is HTTP 429. An IPv6 address stands for its
    /// network of 64 bits. `None` is no limit. Default: 10 per second, 20 at once.
    pub handshake_rate: Option<AddressRate>,
    /// How many WebSockets and streams of events one address may have at the same time; beyond it the answer is HTTP 429. An
    /// IPv6 address stands for its network of 64 bits. `None` is no limit but [`Limits::connections`], which is the default:
    /// behind a balancer that hides addresses all clients have the same.
    pub connections_per_address: Option<u64>,
    /// How many connections [`Server::run`](crate::Server::run) holds at the same time that are no WebSocket or stream of
    /// events, or none yet; beyond it new ones get HTTP 503, or are closed where something comes before HTTP. Together with
    /// [`Limits::connections`] it bounds how many files the server has open. Default: 1024.
    pub http_connections: usize,
    /// Proxies whose word is taken for the client's address: in logs, for the handshake rate, and as
    /// [`RemoteAddr`](crate::RemoteAddr). Default: none.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which those proxies say it. Default: `X-Forwarded-For`.
    pub forwarded_header: ForwardedHeader,
    /// Whether connections that [`Server::run`](crate::Server::run) takes begin with a header of the PROXY protocol, and
    /// of which version. Then only trusted proxies may connect, and each connection must have one, within the time of
    /// [`Self::handshake_timeout`]. Default: off.
    pub proxy_protocol: ProxyProtocol,
    /// The certificate to speak TLS with, on what [`Server::run`](crate::Server::run) listens to. Default: none, plain
    /// TCP.
    #[cfg(feature = "tls")]
    pub tls: Option<ServerTls>,
    /// Where [`Server::run`](crate::Server::run) serves `/metrics` and its JSON twin, to everyone who comes there. Default:
    /// beside everything else, to whoever may connect.
    pub metrics_bind: Option<SocketAddr>,
    /// How many bytes the kernel keeps for one connection that it has not sent, on what
    /// [`Server::run`](crate::Server::run) listens to. What it does not take waits in the connection's queue, where
    /// [`Limits`] bound it: without this the kernel takes up to some megabytes for every client that does not read.
    /// Default: 128 KiB.
    pub socket_unsent_bytes: u32,
    /// The document that the contract comes from, to be served at `/asyncapi.yml`:
    /// `Some(include_str!("../asyncapi/chat.yml").into())`. Default: none.
    pub document: Option<Cow<'static, str>>,
    /// The page of the contract, to be served at `/docs`: `Some(tightwire::include_docs!("chat"))`. Default: none.
    pub docs: Option<Docs>,
    /// How often one address may send what clients log; beyond it the answer is HTTP 429. `None` is no limit. Default:
    /// once per second, 20 times at once.
    pub client_log_rate: Option<AddressRate>,
    /// Roles of which a client must have one to publish over HTTP. Default: `publisher`.
    pub publish_roles: Vec<String>,
    /// How often one address may publish over HTTP; beyond it the answer is HTTP 429. `None` is no limit. Default: 100 per
    /// second, 200 at once.
    pub publish_rate: Option<AddressRate>,
    /// How often one address may ask for a replay over HTTP; beyond it the answer is HTTP 429. `None` is no limit. Default:
    /// 20 per second, 100 at once.
    pub replay_rate: Option<AddressRate>,
    /// How much memory the frames of one topic may take that are kept for replay, in bytes. Default: 16 MiB.
    pub replay_topic_bytes: u64,
    /// How much memory all topics together may take for replay, in bytes. Beyond it the oldest frames go of the topic
    /// that nobody has published to for longest. With Redis, which has the frames, this is what a server may have read of
    /// them and not yet sent. Default: 256 MiB.
    pub replay_total_bytes: u64,
    /// How many topics may be remembered for replay, those included whose frames are no longer kept. Beyond it the one
    /// is forgotten that nobody has published to for longest. Default: 100 000.
    pub replay_topics: u64,
    /// What this server is called where the nodes of a system are listed. Default: the host's name where the system tells it
    /// (Linux), else something random.
    pub node_name: Option<String>,
    /// How often this server tells the other nodes how it is; it is gone for them after three times as long without a word.
    /// Default: 2 s.
    pub node_interval: Duration,
    /// The Redis through which several servers are one system. Default: none, this process is the whole system.
    #[cfg(feature = "redis")]
    pub redis: Option<RedisConfig>,
    /// How long a client may take to send a request's head, and before it for the header of a proxy and the handshake of
    /// TLS together. Default: 10 s.
    pub handshake_timeout: Duration,
    /// How many headers a request may have. Default: 64.
    pub max_headers: usize,
    /// How large a request's head may be, in bytes; at least 8192. Default: 16 KiB.
    pub max_head_bytes: usize,
    /// How large a request's body may be, in bytes, on every route. Default: 1 MiB.
    pub max_body_bytes: u64,
    /// How long a client may take to send a request's body, and how long it may take nothing of a response. Default: 30 s.
    pub request_timeout: Duration,
    /// How long a peer may take to answer our close, or to take the last frames before it. Default: 5 s.
    pub close_timeout: Duration,
    /// How long a shutdown waits for connections to end. Default: 10 s.
    pub drain: Duration,
    /// On shutdown clients are told to reconnect after a random time up to this, so that they do not all come at once.
    /// Default: 5 s.
    pub reconnect_spread: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            auth: Auth::Disabled { force: false },
            limits: None,
            heartbeat: None,
            contract_policy: ContractPolicy::Strict,
            slow_consumer: SlowConsumer::Disconnect,
            rate_limit_cooldown: Duration::from_secs(1),
            allowed_origins: Vec::new(),
            websocket_path: "ws".to_owned(),
            handshake_rate: Some(AddressRate { per_second: 10, burst: 20 }),
            connections_per_address: None,
            http_connections: 1024,
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::XForwardedFor,
            proxy_protocol: ProxyProtocol::Off,
            #[cfg(feature = "tls")]
            tls: None,
            metrics_bind: None,
            socket_unsent_bytes: 128 * 1024,
            document: None,
            docs: None,
            client_log_rate: Some(AddressRate { per_second: 1, burst: 20 }),
            publish_roles: vec!["publisher".to_owned()],
            publish_rate: Some(AddressRate { per_second: 100, burst: 200 }),
            replay_rate: Some(AddressRate { per_second: 20, burst: 100 }),
            replay_topic_bytes: 16 << 20,
            replay_total_bytes: 256 << 20,
            replay_topics: 100_000,
            node_name: None,
            node_interval: Duration::from_secs(2),
            #[cfg(feature = "redis")]
            redis: None,
            handshake_timeout: Duration::from_secs(10),
            max_headers: 64,
            max_head_bytes: 16 * 1024,
            max_body_bytes: 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(5),
            drain: Duration::from_secs(10),
            reconnect_spread: Duration::from_secs(5),
        }
    }
}

impl Config {
    /// The limits in force for `contract`.
    #[must_use]
    pub fn limits(&self, contract: &Contract) -> Limits {
        self.limits.unwrap_or(contract.limits)
    }

    /// The heartbeat in force for `contract`.
    #[must_use]
    pub fn heartbeat(&self, contract: &Contract) -> Heartbeat {
        self.heartbeat.unwrap_or(contract.heartbeat)
    }
}
