//! The runtime of a Tightwire server: accept loop, connections, hub, brokers, HTTP.
//!
//! An application implements the service trait that was generated from its AsyncAPI document and hands it to
//! [`Server`]; handlers see a [`Context`]; whatever else happens in the application reaches clients through a
//! [`Publisher`].
//!
//! ```no_run
//! async fn serve<S: tightwire::Service>(service: S) -> std::io::Result<()> {
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//!     let server = tightwire::Server::new(service, tightwire::Config::default());
//!     server.run(listener, async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await
//! }
//! ```
//!
//! A protocol has an envelope or is *flat* ([`proto::contract::Framing`]). In a flat one a frame is the message's payload
//! and nothing else, as in most protocols of others: pings of WebSocket are the heartbeat, a close says what an error
//! frame would say, clients connect at the paths of the document ([`HandshakeRequest`]), and connections are in groups
//! ([`Context::join`], [`Publisher::broadcast`]) instead of topics.
//!
//! [`client`] is the other end: the client that is generated beside the service, or from a document of the client's side.
//!
//! How a frame travels: `transport` reads it, `connection` checks it (with `tightwire_proto::session`), `dispatch` calls
//! the handler, the handler publishes through `broker`, which hands it to the `hub`, which puts it into the `outbound`
//! queue of every subscriber, from where the subscriber's connection writes it.

mod admission;
mod alarms;
pub mod auth;
mod broker;
pub mod client;
mod clock;
pub mod cluster;
#[doc(hidden)]
pub mod codegen_support;
pub mod config;
mod connection;
mod connections;
pub mod context;
mod dispatch;
mod docs;
mod entrance;
pub mod failure;
pub mod fenced;
#[cfg(test)]
mod fixture;
mod fnv;
mod handshake;
mod http;
mod hub;
mod line;
mod metrics;
mod noise;
mod outbound;
mod peer;
mod percent;
pub mod plain;
#[cfg(feature = "redis")]
mod producers;
mod proxies;
pub mod proxy_protocol;
pub mod publisher;
mod renewal;
pub mod request;
mod routes;
pub mod server;
pub mod service;
#[cfg(feature = "settings")]
pub mod settings;
mod shared;
mod signals;
pub mod stats;
#[cfg(feature = "strategies")]
pub mod strategies;
mod subscribing;
mod tcp;
pub mod telemetry;
#[cfg(feature = "tls")]
pub mod tls;
mod trace;
mod transport;

#[doc(hidden)]
pub use codegen_support as __rt;
pub use tightwire_proto as proto;
pub use warp;

pub use crate::auth::{Auth, Identity, Jwt, KeysError, WeakSecret};
pub use crate::cluster::{Cluster, ClusterView, Node, Presence, SharedList, SharedLists};
pub use crate::config::Config;
pub use crate::context::Context;
pub use crate::docs::Docs;
pub use crate::failure::Failure;
pub use crate::fenced::FencedPublisher;
pub use crate::plain::{PlainCode, PlainMessage, TooManyGroups};
pub use crate::proxies::ForwardedHeader;
pub use crate::proxy_protocol::ProxyProtocol;
pub use crate::publisher::{PublishError, Publisher};
pub use crate::request::{HandshakeParameters, HandshakeRequest, TypedHandshake};
pub use crate::server::{RemoteAddr, Server};
pub use crate::service::{ErrorCode, FrameInfo, ServerMessage, Service, TopicName};
pub use crate::signals::told_to_stop;
pub use crate::stats::Stats;
