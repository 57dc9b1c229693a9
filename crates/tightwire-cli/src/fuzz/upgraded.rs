//! A connection whose handshake is done, for whoever wants to do it again: the request is swallowed, and answered here.
//!
//! The driver of the testkit opens WebSockets by itself, and knows neither TLS nor servers that put clients off.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::target::Stream;

/// What a handshake is answered with.
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

/// Such a connection.
pub(super) struct Upgraded {
    stream: Box<dyn Stream>,
    /// What comes before the stream's own bytes, and how much of it was read.
    first: Vec<u8>,
    read: usize,
    /// How much of the blank line was seen that ends the request; none once it has ended.
    request: Option<usize>,
}

impl Upgraded {
    /// A connection that is a WebSocket; these bytes came after its own handshake.
    pub(super) fn new(stream: Box<dyn Stream>, unread: &[u8]) -> Self {
        Self { stream, first: [ANSWER, unread].concat(), read: 0, request: Some(0) }
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.request.is_none() && self.read < self.first.len() {
            let count = buffer.remaining().min(self.first.len() - self.read);
            buffer.put_slice(&self.first[self.read..self.read + count]);
            self.read += count;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(mut seen) = self.request else { return Pin::new(&mut self.stream).poll_write(cx, bytes) };
        let end = b"\r\n\r\n";
        let mut count = 0;
        for byte in bytes {
            count += 1;
            seen = if *byte == end[seen] { seen + 1 } else { usize::from(*byte == end[0]) };
            if seen == end.len() {
                self.request = None;
                return Poll::Ready(Ok(count));
            }
        }
        self.request = Some(seen);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_handshake_never_reaches_the_server() {
        let (near, mut far) = tokio::io::duplex(1024);
        let mut stream = Upgraded::new(Box::new(near), b"early ");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nframes").await.expect("it is taken");
        far.write_all(b"late").await.expect("it is taken");
        let mut bytes = [0; 6];
        far.read_exact(&mut bytes).await.expect("there is something");
        assert_eq!(&bytes, b"frames");
        let mut answer = vec![0; ANSWER.len() + 10];
        stream.read_exact(&mut answer).await.expect("there is something");
        assert_eq!(answer, [ANSWER, b"early late"].concat());
    }
}
