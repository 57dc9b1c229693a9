//! The runtime from outside: a small protocol, a client over an in-memory pipe with the clock paused, and real sockets.

mod auth;
mod bodies;
mod broker;
mod churn;
mod client;
mod client_wire;
mod cluster;
mod exchange;
mod flat;
mod handshake;
mod http;
mod inbound;
mod life;
mod logs;
mod metrics;
mod protocol;
mod proxy_protocol;
mod replay;
mod slow;
mod sockets;
mod subscriptions;
mod typed_client;
