//! What is asked of the kernel for every accepted socket.

use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;

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

/// Says `words` to a socket that nobody will serve, as far as that is possible at once.
pub(crate) fn dismiss(stream: &TcpStream, words: &str) -> io::Result<()> {
    // Asked of the kernel directly: the runtime has yet to learn that the socket is ready.
    let socket = SockRef::from(stream);
    socket.send(words.as_bytes())?;
    socket.shutdown(Shutdown::Write)?;
    // What has arrived and is not read when a socket is closed resets the connection, and then the words may be lost.
    match socket.recv(&mut [MaybeUninit::uninit(); 4096]) {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}
