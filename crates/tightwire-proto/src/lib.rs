//! The session core of a Tightwire server, without I/O and without a clock.
//!
//! What goes over the wire ([`envelope`], [`flat`], [`frame`], [`websocket`]), what is done with what arrives
//! ([`session`]), what waits for a client ([`outbound`]), what is kept for replay ([`log`]), why connections end
//! ([`close`]), how often an address may come ([`address_rate`]), and the static side of it that generated code fills in ([`contract`], [`handshake`], [`inbound`],
//! [`json`], [`reference`](mod@reference)). Time is always a parameter, a [`std::time::Instant`]; identities and
//! wall-clock times arrive in a [`Stamp`](envelope::Stamp).
//!
//! ```
//! use std::time::{Duration, Instant};
//! use tightwire_proto::close::CloseReason;
//! use tightwire_proto::contract;
//! use tightwire_proto::session::{Due, Heartbeat};
//!
//! let start = Instant::now();
//! let mut heartbeat = Heartbeat::new(&contract::Heartbeat::DEFAULT, 600_000, start);
//! assert_eq!(heartbeat.poll(start), None);
//! assert_eq!(heartbeat.poll(start + Duration::from_secs(30)), Some(Due::Ping));
//! assert_eq!(heartbeat.poll(start + Duration::from_secs(90)), Some(Due::Close(CloseReason::PongTimeout)));
//! ```

pub mod address_rate;
pub mod close;
pub mod contract;
pub mod envelope;
pub mod flat;
pub mod frame;
pub mod handshake;
pub mod inbound;
pub mod json;
pub mod log;
pub mod network;
pub mod outbound;
pub mod reference;
pub mod session;
pub mod session_request;
pub mod websocket;
