//! The table of what every server has. Its fields are in [`Config`](crate::Config), where there is more about each.

use std::net::SocketAddr;

use clap::value_parser;

use super::redis;
use super::value::{MaybeAddress, Networks, Secret, choice, list};
use crate::proto::outbound::SlowConsumer;
use crate::proxies::ForwardedHeader;
use crate::proxy_protocol::ProxyProtocol;
use crate::telemetry::Format;

crate::settings! {
    /// The settings that every server has.
    #[non_exhaustive]
    pub struct ServerSettings(contract);

    "Listening" {
        /// Where the server listens, as address:port.
        bind: SocketAddr = "127.0.0.1:8080", value_parser!(SocketAddr);
        /// A certificate to speak TLS with, and those that lead to its authority, as a PEM file; read again on SIGHUP. Empty: plain TCP.
        tls_cert_file: String = "", value_parser!(String);
        /// The certificate's private key, as a PEM file.
        tls_key_file: String = "", value_parser!(String);
        /// Proxies that are believed for whom they ask: addresses and networks separated by commas, for instance 10.0.0.0/8.
        trusted_proxies: Networks = "", value_parser!(Networks);
        /// The header in which those proxies say it: x-forwarded-for, or forwarded (RFC 7239). The other one is not read.
        forwarded_header: ForwardedHeader = "x-forwarded-for", choice([
            ("x-forwarded-for", ForwardedHeader::XForwardedFor),
            ("forwarded", ForwardedHeader::Forwarded),
        ]);
        /// The version of the PROXY protocol with which those proxies begin every connection: off, v1, v2, or any. Nobody else may connect then.
        proxy_protocol: ProxyProtocol = "off", choice([
            ("off", ProxyProtocol::Off),
            ("v1", ProxyProtocol::V1),
            ("v2", ProxyProtocol::V2),
            ("any", ProxyProtocol::Any),
        ]);
        /// Origins allowed beside the server's own, separated by commas, for instance <https://app.example.com>.
        allowed_origins: Vec<String> = "", list();
    }

    "Authentication" {
        /// Accepts every client without a token. For development: the server refuses it on any but a loopback address.
        auth_disabled: bool = false, value_parser!(bool);
        /// Accepts every client without a token on any address. Only behind something that authenticates.
        auth_disabled_anywhere: bool = false, value_parser!(bool);
        /// The secret with which clients' tokens are signed (HS256), at least 32 bytes. Better given as a file.
        auth_jwt_secret: Secret = "", Secret::parser();
        /// A file with that secret.
        auth_jwt_secret_file: String = "", value_parser!(String);
        /// A file with the public keys of whoever issues the tokens (JSON Web Key Set). It may change while the server runs.
        auth_jwks_file: String = "", value_parser!(String);
        /// What a token's claim `aud` must be, or contain. Empty: anything.
        auth_audience: String = "", value_parser!(String);
        /// What a token's claim `iss` must be. Empty: anything.
        auth_issuer: String = "", value_parser!(String);
        /// By how much the clocks of this server and of whoever issues tokens may differ, in milliseconds.
        auth_leeway_ms: u64 = 30_000, value_parser!(u64);
    }

    "Logs" {
        /// How log lines look: json, or pretty for people.
        log_format: Format = "pretty", choice([("json", Format::Json), ("pretty", Format::Pretty)]);
        /// Which log lines are written (tracing's filter syntax), for instance info or tightwire=debug.
        log: String = "info", value_parser!(String);
    }

    "Metrics" {
        /// Where /metrics and its JSON twin are served to everyone who comes there, as address:port. Empty: beside everything else, to whoever has a token.
        metrics_bind: MaybeAddress = "", value_parser!(MaybeAddress);
    }

    "Traces" {
        /// Where spans go: the address of an OpenTelemetry collector (OTLP over HTTP), for instance http://127.0.0.1:4318. Empty: where OTEL_EXPORTER_OTLP_ENDPOINT says, or nowhere.
        otlp_endpoint: String = "", value_parser!(String);
    }

    "Handshake" {
        /// Connections at the same time; beyond it new ones get HTTP 503.
        connections: u64 = contract.limits.connections, value_parser!(u64).range(1..);
        /// Connections at the same time that one address may have (an IPv6 address stands for its /64); beyond it new ones get HTTP 429. 0: no limit.
        connections_per_address: u64 = 0, value_parser!(u64);
        /// Connections at the same time that are no WebSocket or stream of events, or none yet; beyond it new ones get HTTP 503.
        http_connections: u64 = 1024, value_parser!(u64).range(1..);
        /// Connections that one address may begin per second, for long; beyond it HTTP 429. 0: no limit.
        handshakes_per_second: u32 = 10, value_parser!(u32);
        /// Connections that one address may begin at once.
        handshake_burst: u32 = 20, value_parser!(u32).range(1..);
        /// How long a client may take to send a request's head, and before it for the header of a proxy and the handshake of TLS, in milliseconds.
        handshake_timeout_ms: u64 = 10_000, value_parser!(u64).range(1..);
        /// How many headers a request may have.
        max_headers: u64 = 64, value_parser!(u64).range(1..=4096);
        /// How large a request's head may be, in bytes.
        max_head_bytes: u64 = 16_384, value_parser!(u64).range(8192..=1_048_576);
    }

    "HTTP requests" {
        /// How large a request's body may be, in bytes.
        max_body_bytes: u64 = 1_048_576, value_parser!(u64);
        /// How long a client may take to send a request's body, and how long it may take nothing of a response, in milliseconds.
        request_timeout_ms: u64 = 30_000, value_parser!(u64).range(1..);
    }

    "Frames" {
        /// Sends the error but keeps the connection when a frame violates the contract.
        tolerant: bool = false, value_parser!(bool);
        /// The largest message that is looked at, in bytes.
        max_message_bytes: u64 = contract.limits.max_message_bytes, value_parser!(u64).range(1..);
        /// The largest message that the transport accepts, in bytes; beyond it the connection closes with 1009.
        max_frame_bytes: u64 = contract.limits.max_frame_bytes, value_parser!(u64).range(1..);
        /// Frames per second that one connection may send for long.
        messages_per_second: u64 = contract.limits.messages_per_second, value_parser!(u64).range(1..);
        /// Frames that one connection may send at once.
        message_burst: u64 = contract.limits.message_burst, value_parser!(u64).range(1..);
        /// The least time between two errors that tell one connection that it sends too much, in milliseconds.
        rate_limit_cooldown_ms: u64 = 1000, value_parser!(u64);
        /// Topics that one connection may be subscribed to.
        subscriptions_per_connection: u64 = contract.limits.subscriptions_per_connection, value_parser!(u64).range(1..);
    }

    "Logs of clients" {
        /// Requests with lines for the log that one address may send per second, for long; beyond it HTTP 429. 0: no limit.
        client_logs_per_second: u32 = 1, value_parser!(u32);
        /// Such requests that one address may send at once.
        client_log_burst: u32 = 20, value_parser!(u32).range(1..);
    }

    "Publishing over HTTP" {
        /// Roles of which a client must have one to publish over HTTP, separated by commas.
        publish_roles: Vec<String> = "publisher", list();
        /// Publications that one address may hand in per second, for long; beyond it HTTP 429. 0: no limit.
        publications_per_second: u32 = 100, value_parser!(u32);
        /// Publications that one address may hand in at once.
        publication_burst: u32 = 200, value_parser!(u32).range(1..);
    }

    "Heartbeat" {
        /// How often the server pings each client, in milliseconds.
        ping_interval_ms: u64 = contract.heartbeat.ping_interval_ms, value_parser!(u64).range(1..);
        /// How long the server waits for a pong before it closes with 4408, in milliseconds.
        pong_timeout_ms: u64 = contract.heartbeat.pong_timeout_ms, value_parser!(u64).range(1..);
        /// How long a connection may go without an application frame before it closes with 4410, in milliseconds.
        idle_timeout_ms: u64 = contract.limits.idle_timeout_ms, value_parser!(u64).range(1..);
    }

    "Slow clients" {
        /// Frames that wait for a slow client before the policy for slow clients sets in.
        outbound_queue_frames: u64 = contract.limits.outbound_queue_frames, value_parser!(u64).range(1..);
        /// Bytes that wait for a slow client before the policy for slow clients sets in.
        outbound_queue_bytes: u64 = contract.limits.outbound_queue_bytes, value_parser!(u64).range(1..);
        /// Bytes that the kernel keeps for one connection and has not sent; what it does not take waits in the queue.
        socket_unsent_bytes: u32 = 128 * 1024, value_parser!(u32).range(4096..);
        /// What happens when a client does not read fast enough: disconnect closes it with 4409, drop_oldest first drops the oldest frames that may be dropped.
        slow_consumer: SlowConsumer = "disconnect", choice([
            ("disconnect", SlowConsumer::Disconnect),
            ("drop_oldest", SlowConsumer::DropOldest),
        ]);
    }

    "Replay" {
        /// Frames kept per topic for replay.
        replay_frames: u64 = contract.limits.replay_frames, value_parser!(u64).range(1..);
        /// How long frames are kept for replay, in milliseconds.
        replay_age_ms: u64 = contract.limits.replay_age_ms, value_parser!(u64).range(1..);
        /// How much memory the frames of one topic may take that are kept for replay, in bytes.
        replay_topic_bytes: u64 = 16_777_216, value_parser!(u64);
        /// How much memory all topics together may take for replay, in bytes.
        replay_total_bytes: u64 = 268_435_456, value_parser!(u64);
        /// How many topics may be remembered for replay, those included whose frames are no longer kept.
        replay_topics: u64 = 100_000, value_parser!(u64).range(1..);
        /// Replays that one address may ask for over HTTP per second, for long; beyond it HTTP 429. 0: no limit.
        replays_per_second: u32 = 20, value_parser!(u32);
        /// Such replays that one address may ask for at once.
        replay_burst: u32 = 100, value_parser!(u32).range(1..);
    }

    "Several servers" {
        /// The Redis through which several servers are one system: redis://[user:password@]host:port/database, redis+sentinel://host,host/master or redis+cluster://host,host, each with rediss for TLS. Empty: this server is alone. Better given as a variable or in the file than as a flag: others on the machine can read flags.
        redis_url: Secret = "", Secret::parser();
        /// The user as whom Sentinels are asked, where they have users; the one in the URL is that of the servers of Redis. Empty: none.
        redis_sentinel_user: String = "", value_parser!(String);
        /// The password with which Sentinels are asked; the one in the URL is that of the servers of Redis. Empty: none. Better given as a variable or in the file than as a flag.
        redis_sentinel_password: Secret = "", Secret::parser();
        /// A PEM file with the certificates of authorities that servers of Redis are believed by, beside those that Mozilla trusts; for URLs with rediss. Empty: only those.
        redis_ca_file: String = "", value_parser!(String);
        /// What this server is called where the servers of a system are listed. Empty: the host's name.
        node_name: String = "", value_parser!(String);
        /// How often this server tells the others of its system how it is, in milliseconds; after three times as long without a word it is gone for them.
        node_interval_ms: u64 = 2000, value_parser!(u64).range(100..);
        /// What the names of the keys in Redis begin with. The same on all servers of a system.
        redis_prefix: String = "tightwire", redis::prefix();
        /// Over how many streams in Redis the topics are spread. The same on all servers of a system.
        redis_shards: u16 = 16, value_parser!(u16).range(1..=1024);
        /// About how many frames each of these streams keeps: what a server may miss and still read in one go when it comes back.
        redis_stream_frames: u64 = 10_000, value_parser!(u64).range(100..);
        /// Publications that may wait for Redis; beyond it publishing fails at once.
        redis_publish_queue_frames: u64 = 10_000, value_parser!(u64).range(1..);
        /// Bytes of publications that may wait for Redis; beyond it publishing fails at once.
        redis_publish_queue_bytes: u64 = 16_777_216, value_parser!(u64).range(1..);
        /// How long a publication may wait for Redis before publishing fails, in milliseconds.
        redis_publish_timeout_ms: u64 = 5000, value_parser!(u64).range(1..);
        /// How long connecting to Redis may take, with TLS and authentication, in milliseconds.
        redis_connect_timeout_ms: u64 = 5000, value_parser!(u64).range(1..);
        /// Channels on which other programs PUBLISH, separated by commas: CHANNEL, whose messages are {"topic", "type", "data"}, or CHANNEL=TYPE@TOPIC, whose messages are the data; patterns as for PSUBSCRIBE, with {1} in the topic for what the first * matched. The same on all servers of a system.
        redis_channels: Vec<String> = "", list();
    }

    "Ending" {
        /// How long a client may take to answer the server's close, in milliseconds.
        close_timeout_ms: u64 = 5000, value_parser!(u64).range(1..);
        /// How long a shutdown waits for clients to leave, in milliseconds.
        drain_ms: u64 = 10_000, value_parser!(u64);
        /// On shutdown clients are told to reconnect after a random time up to this, in milliseconds.
        reconnect_spread_ms: u64 = 5000, value_parser!(u64);
    }
}
