//! What is asked of the kernel for every accepted socket.

use std::io;

use socket2::SockRef;
use tokio::net::TcpStream;

/// Sets a socket up: it sends at once, and keeps no more than `unsent_bytes` that it has not sent.
pub(crate) fn prepare(stream: &TcpStream, unsent_bytes: u32) -> io::Result<()> {
    // Frames are written whole: waiting for more would only delay them.
    stream.set_nodelay(true)?;
    keep_little(&SockRef::from(stream), unsent_bytes)
}

/// Only what is not sent counts, so that a connection with a long way to go may have as much on its way as it takes.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn keep_little(socket: &SockRef<'_>, unsent_bytes: u32) -> io::Result<()> {
    socket.set_tcp_notsent_lowat(unsent_bytes)
}

/// The next best: what is on its way counts too.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn keep_little(socket: &SockRef<'_>, unsent_bytes: u32) -> io::Result<()> {
    socket.set_send_buffer_size(usize::try_from(unsent_bytes).unwrap_or(usize::MAX))
}
