//! From the settings to a server.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use super::{AuthError, ConfigError, ServerSettings, auth, redis, tls};
use crate::config::Config;
use crate::proto::address_rate::AddressRate;
use crate::proto::contract::{Heartbeat, Limits};
use crate::proto::session::ContractPolicy;
use crate::telemetry;

impl ServerSettings {
    /// The settings as a server takes them.
    ///
    /// # Errors
    /// If they do not say who may connect, or ask for TLS or Redis that cannot be had.
    pub fn config(&self) -> Result<Config, ConfigError> {
        #[cfg(not(feature = "tls"))]
        tls::refuse(self)?;
        #[cfg(not(feature = "redis"))]
        redis::refuse(self)?;
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        Ok(Config {
            auth: auth::auth(self)?,
            limits: Some(Limits {
                max_message_bytes: self.max_message_bytes,
                max_frame_bytes: self.max_frame_bytes,
                messages_per_second: self.messages_per_second,
                message_burst: self.message_burst,
                connections: self.connections,
                subscriptions_per_connection: self.subscriptions_per_connection,
                outbound_queue_frames: self.outbound_queue_frames,
                outbound_queue_bytes: self.outbound_queue_bytes,
                idle_timeout_ms: self.idle_timeout_ms,
                replay_frames: self.replay_frames,
                replay_age_ms: self.replay_age_ms,
            }),
            heartbeat: Some(Heartbeat {
                ping_interval_ms: self.ping_interval_ms,
                pong_timeout_ms: self.pong_timeout_ms,
            }),
            contract_policy: if self.tolerant { ContractPolicy::Tolerant } else { ContractPolicy::Strict },
            slow_consumer: self.slow_consumer,
            socket_unsent_bytes: self.socket_unsent_bytes,
            rate_limit_cooldown: Duration::from_millis(self.rate_limit_cooldown_ms),
            allowed_origins: self.allowed_origins.clone(),
            handshake_rate: (self.handshakes_per_second > 0)
                .then_some(AddressRate { per_second: self.handshakes_per_second, burst: self.handshake_burst }),
            connections_per_address: Some(self.connections_per_address).filter(|max| *max > 0),
            http_connections: size(self.http_connections),
            metrics_bind: self.metrics_bind.0,
            trusted_proxies: self.trusted_proxies.0.clone(),
            forwarded_header: self.forwarded_header,
            proxy_protocol: self.proxy_protocol,
            #[cfg(feature = "tls")]
            tls: tls::tls(self)?,
            handshake_timeout: Duration::from_millis(self.handshake_timeout_ms),
            max_headers: size(self.max_headers),
            max_head_bytes: size(self.max_head_bytes),
            client_log_rate: (self.client_logs_per_second > 0)
                .then_some(AddressRate { per_second: self.client_logs_per_second, burst: self.client_log_burst }),
            publish_roles: self.publish_roles.clone(),
            publish_rate: (self.publications_per_second > 0)
                .then_some(AddressRate { per_second: self.publications_per_second, burst: self.publication_burst }),
            replay_rate: (self.replays_per_second > 0)
                .then_some(AddressRate { per_second: self.replays_per_second, burst: self.replay_burst }),
            replay_topic_bytes: self.replay_topic_bytes,
            replay_total_bytes: self.replay_total_bytes,
            replay_topics: self.replay_topics,
            node_name: Some(self.node_name.clone()).filter(|name| !name.is_empty()),
            node_interval: Duration::from_millis(self.node_interval_ms),
            #[cfg(feature = "redis")]
            redis: redis::redis(self)?,
            max_body_bytes: self.max_body_bytes,
            request_timeout: Duration::from_millis(self.request_timeout_ms),
            close_timeout: Duration::from_millis(self.close_timeout_ms),
            drain: Duration::from_millis(self.drain_ms),
            reconnect_spread: Duration::from_millis(self.reconnect_spread_ms),
            ..Config::default()
        })
    }

    /// What the settings say of logs and spans, for [`telemetry::start`](crate::telemetry::start). `service` is what spans
    /// call the server.
    #[must_use]
    pub fn telemetry(&self, service: &str) -> telemetry::Options {
        telemetry::Options {
            format: self.log_format,
            filter: self.log.clone(),
            otlp_endpoint: self.otlp_endpoint.clone(),
            service: service.to_owned(),
        }
    }

    /// Listens where the settings say.
    ///
    /// # Errors
    /// If that is not possible, or if it would let strangers in ([`Self::may_serve`]).
    pub async fn listen(&self) -> io::Result<TcpListener> {
        let listener = TcpListener::bind(self.bind).await.map_err(|error| {
            let text = format!("cannot listen on {}: {error}. --bind takes another address.", self.bind);
            io::Error::new(error.kind(), text)
        })?;
        self.may_serve(listener.local_addr()?)?;
        Ok(listener)
    }

    /// Refuses to let strangers in by mistake. [`Server::run`](crate::Server::run) would too, but it does not know the
    /// names of the flags.
    ///
    /// # Errors
    /// If authentication is off, and the address can be reached from other machines.
    pub fn may_serve(&self, address: SocketAddr) -> Result<(), AuthError> {
        let open = self.auth_disabled && !self.auth_disabled_anywhere && !address.ip().is_loopback();
        if open { Err(AuthError::Reachable(address)) } else { Ok(()) }
    }
}
