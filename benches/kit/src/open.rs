//! Opening a WebSocket.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::wire::{self, FrameCounter};

/// How long a server may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection after its handshake.
#[derive(Debug)]
pub struct Opened {
    /// It blocks, and its reads have a time limit.
    pub stream: TcpStream,
    /// Counts what is read.
    pub counter: FrameCounter,
    /// How many frames came with the handshake.
    pub frames: usize,
}

impl Opened {
    /// Connects and does the handshake.
    ///
    /// # Errors
    /// If the server refuses it.
    pub fn at(address: SocketAddr) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(wire::handshake(&address.to_string()).as_bytes())?;
        let mut counter = FrameCounter::default();
        let mut head = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let count = stream.read(&mut buffer)?;
            ensure!(count > 0, "the server closed at the handshake: {}", String::from_utf8_lossy(&head));
            head.extend_from_slice(&buffer[..count]);
            if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&head[..end]);
                ensure!(text.starts_with("HTTP/1.1 101"), "the server refused the handshake: {text}");
                let frames = counter.count(&head[end + 4..]);
                return Ok(Self { stream, counter, frames });
            }
        }
    }
}
