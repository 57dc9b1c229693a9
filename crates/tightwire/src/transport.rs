//! The seam between a socket and the protocol: a side that reads messages and a side that writes bytes.
//!
//! Reading goes through `tokio-websockets` (framing, masking, UTF-8, fragments). Writing does not: frames are encoded
//! once per publish, header included, and go to the [`Wire`] as they are. The pongs that `tokio-websockets` wants to
//! write are put into the same queue as everything else.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use tightwire_proto::frame::close_frame;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_websockets::proto::ProtocolError;
use tokio_websockets::{Limits, ServerBuilder, WebSocketStream};

use crate::peer::Peer;

/// Anything that bytes go through in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection after the handshake: what to read, what was read already, and what to write to.
pub(crate) struct Socket {
    reader: Reader,
    prefix: Bytes,
    wire: Wire,
}

enum Reader {
    Tcp(OwnedReadHalf),
    Stream(ReadHalf<Box<dyn Stream>>),
}

/// The writing half of a socket.
#[derive(Debug)]
pub(crate) enum Wire {
    /// A TCP socket: the kernel can be asked directly, without waiting.
    Tcp(OwnedWriteHalf),
    /// Anything else, in tests for instance a pipe in memory. It may buffer, so it is flushed.
    Stream {
        /// The writing half.
        writer: WriteHalf<Box<dyn Stream>>,
        /// Whether something was written since the last complete flush.
        unflushed: bool,
    },
    /// Nothing any more: whoever still knows the connection must not keep its socket open.
    Closed,
}

impl std::fmt::Debug for dyn Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

impl Socket {
    /// A TCP socket, of which `prefix` was read already.
    pub(crate) fn tcp(stream: TcpStream, prefix: Bytes) -> Self {
        let (reader, writer) = stream.into_split();
        Self { reader: Reader::Tcp(reader), prefix, wire: Wire::Tcp(writer) }
    }

    /// Any other stream.
    pub(crate) fn stream(stream: impl Stream + 'static) -> Self {
        let (reader, writer) = tokio::io::split(Box::new(stream) as Box<dyn Stream>);
        Self { reader: Reader::Stream(reader), prefix: Bytes::new(), wire: Wire::Stream { writer, unflushed: false } }
    }

    /// The side to write to, and the rest.
    pub(crate) fn split(self) -> (Wire, Unread) {
        (self.wire, Unread { reader: self.reader, prefix: self.prefix })
    }
}

/// The side to read from, before it is known where the answers to WebSocket's own pings go.
pub(crate) struct Unread {
    reader: Reader,
    prefix: Bytes,
}

impl Wire {
    pub(crate) fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(writer) => Pin::new(writer).poll_write_vectored(cx, slices),
            Self::Stream { writer, unflushed } => {
                *unflushed = true;
                Pin::new(writer).poll_write_vectored(cx, slices)
            }
            Self::Closed => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }

    /// Passes on what the stream has buffered, if it buffers.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Self::Stream { writer, unflushed } = self
            && *unflushed
        {
            ready!(Pin::new(writer).poll_flush(cx))?;
            *unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(writer) => Pin::new(writer).poll_shutdown(cx),
            Self::Stream { writer, .. } => Pin::new(writer).poll_shutdown(cx),
            Self::Closed => Poll::Ready(Ok(())),
        }
    }
}

/// What the peer sent.
#[derive(Debug)]
pub(crate) enum Received {
    /// A text message, valid UTF-8.
    Text(tokio_websockets::Payload),
    /// A binary message.
    Binary(tokio_websockets::Payload),
    /// A ping of WebSocket itself. It is answered already.
    Ping,
    /// A pong of WebSocket itself.
    Pong,
    /// The peer closes; the frame that answers it, and its code.
    Close(Bytes, u16),
    /// The peer broke the rules of WebSocket; the close frame that says so, and its code.
    Broken(Bytes, u16),
    /// Nothing more will come.
    Gone,
}

/// The reading half of a connection.
pub(crate) struct Incoming {
    messages: WebSocketStream<ReadSide>,
}

impl Incoming {
    pub(crate) fn new(unread: Unread, peer: Arc<Peer>, max_frame_bytes: u64) -> Self {
        let limit = usize::try_from(max_frame_bytes).unwrap_or(usize::MAX);
        let side = ReadSide { reader: unread.reader, prefix: unread.prefix, pongs: Vec::new(), peer };
        let limits = Limits::default().max_payload_len(Some(limit));
        Self { messages: ServerBuilder::new().limits(limits).serve(side) }
    }

    /// The next thing the peer sends.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        let received = match ready!(self.messages.poll_next_unpin(cx)) {
            Some(Ok(message)) if message.is_text() => Received::Text(message.into_payload()),
            Some(Ok(message)) if message.is_binary() => Received::Binary(message.into_payload()),
            Some(Ok(message)) if message.is_close() => match **message.as_payload() {
                [high, low, ..] => {
                    let code = u16::from_be_bytes([high, low]);
                    Received::Close(close_frame(code, ""), code)
                }
                // 1005 stands for "no code" and never goes over the wire.
                _ => Received::Close(Bytes::from_static(&[0x88, 0]), 1005),
            },
            Some(Ok(message)) if message.is_pong() => Received::Pong,
            Some(Ok(_)) => Received::Ping,
            Some(Err(tokio_websockets::Error::Protocol(error))) => {
                let code = if matches!(error, ProtocolError::InvalidUtf8) { 1007 } else { 1002 };
                Received::Broken(close_frame(code, &error.to_string()), code)
            }
            Some(Err(tokio_websockets::Error::PayloadTooLong { max_len, .. })) => {
                Received::Broken(close_frame(1009, &format!("the message is larger than {max_len} bytes")), 1009)
            }
            Some(Err(_)) | None => Received::Gone,
        };
        Poll::Ready(received)
    }

    /// Reads and forgets what still comes, until the peer has closed its side.
    ///
    /// A socket that is closed with unread data resets the connection, and the peer may lose our close frame.
    pub(crate) async fn linger(&mut self) {
        let mut buffer = [0; 1024];
        while let Ok(1..) = self.messages.get_mut().read(&mut buffer).await {}
    }
}

/// Reads from the socket and writes to the connection's queue.
struct ReadSide {
    reader: Reader,
    prefix: Bytes,
    /// What `tokio-websockets` has written of a frame so far.
    pongs: Vec<u8>,
    peer: Arc<Peer>,
}

impl AsyncRead for ReadSide {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.prefix.has_remaining() {
            let count = self.prefix.len().min(buffer.remaining());
            buffer.put_slice(&self.prefix.split_to(count));
            return Poll::Ready(Ok(()));
        }
        match &mut self.reader {
            Reader::Tcp(reader) => Pin::new(reader).poll_read(cx, buffer),
            Reader::Stream(reader) => Pin::new(reader).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for ReadSide {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.pongs.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.pongs.is_empty() {
            let pongs = std::mem::take(&mut self.pongs);
            self.peer.outbound().send_control(Bytes::from(pongs));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
