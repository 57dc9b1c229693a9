//! Ports that stay free while their server is away.
//!
//! They are below those that the kernel gives to outgoing connections: a server that is stopped and started again finds
//! its port as it left it.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

/// The ports that are picked from.
const PORTS: Range<u16> = 11_000..21_000;
/// A node of a cluster listens there too, so far above its port.
const BUS: u16 = 10_000;

/// A free port. Somebody else may take it before it is listened on.
pub(crate) fn free() -> u16 {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    std::iter::repeat_with(|| fastrand::u16(PORTS))
        .take(1000)
        .find(|port| is_free(*port) && is_free(port + BUS))
        .expect("one port in a thousand is free")
}
