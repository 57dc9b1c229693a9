//! The session core of a Tightwire server, without I/O and without a clock.

pub mod contract;
pub mod inbound;
pub mod json;
pub mod reference;
