//! The session core of a Tightwire server, without I/O and without a clock.

pub mod close;
pub mod contract;
pub mod envelope;
pub mod frame;
pub mod inbound;
pub mod json;
pub mod log;
pub mod outbound;
pub mod reference;
pub mod session;
pub mod session_request;
