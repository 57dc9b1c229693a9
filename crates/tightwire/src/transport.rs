//! The seam between a socket and the protocol: a side that reads messages and a side that writes bytes.
//!
//! Reading is done into a buffer that all connections of a thread share, and what lies in it as a whole is looked at in
//! place: a connection that waits has no buffer of its own. Frames to be written are encoded once per publish, header
//! included, and go to the [`Wire`] as they are.

use std::borrow::Cow;
use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tightwire_proto::websocket::{self, Event, Role, Violation};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::coop::has_budget_remaining;

/// How much is read at once.
const SCRATCH_BYTES: usize = 64 * 1024;

thread_local! {
    /// Where the connections of this thread read to, one after the other. Taken while it is used.
    static SCRATCH: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// Anything that bytes go through in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection after the handshake: what to read, what was read already, and what to write to.
pub(crate) struct Socket {
    reader: Reader,
    prefix: Vec<u8>,
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
    /// The body of a response: its frames are taken from the queue by whoever makes events of them.
    Events,
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
    pub(crate) fn tcp(stream: TcpStream, prefix: Vec<u8>) -> Self {
        let (reader, writer) = stream.into_split();
        Self { reader: Reader::Tcp(reader), prefix, wire: Wire::Tcp(writer) }
    }

    /// Any other stream.
    pub(crate) fn stream(stream: impl Stream + 'static) -> Self {
        let (reader, writer) = tokio::io::split(Box::new(stream) as Box<dyn Stream>);
        Self { reader: Reader::Stream(reader), prefix: Vec::new(), wire: Wire::Stream { writer, unflushed: false } }
    }

    /// The side to write to, and the side to read messages of up to `max_frame_bytes` from.
    pub(crate) fn split(self, max_frame_bytes: u64) -> (Wire, Incoming) {
        let limit = usize::try_from(max_frame_bytes).unwrap_or(usize::MAX);
        let incoming = Incoming {
            reader: self.reader,
            messages: websocket::Reader::new(Role::Server, limit),
            unread: self.prefix,
            at: 0,
        };
        (self.wire, incoming)
    }
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
            Self::Events | Self::Closed => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }

    /// Writes what the kernel takes at once. Nothing, if it would have to wait or if this is not a socket.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> usize {
        match self {
            // What is wrong with a socket comes to light when its own task writes or reads.
            Self::Tcp(writer) => writer.try_write(bytes).unwrap_or(0),
            Self::Stream { .. } | Self::Events | Self::Closed => 0,
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
            Self::Events | Self::Closed => Poll::Ready(Ok(())),
        }
    }
}

/// What the peer sent.
#[derive(Debug)]
pub(crate) enum Received<'a> {
    /// A text message, valid UTF-8.
    Text(Cow<'a, [u8]>),
    /// A binary message.
    Binary(Cow<'a, [u8]>),
    /// A ping of WebSocket itself, to be answered with its payload.
    Ping(Cow<'a, [u8]>),
    /// A pong of WebSocket itself.
    Pong,
    /// The peer closes, perhaps with a code.
    Close(Option<u16>),
    /// The peer broke the rules of WebSocket.
    Broken(Violation),
    /// Nothing more will come.
    Gone,
}

/// The reading half of a connection.
pub(crate) struct Incoming {
    reader: Reader,
    messages: websocket::Reader,
    /// What was read and not looked at: with the handshake, or because its taker had enough.
    unread: Vec<u8>,
    /// How much of it was looked at since.
    at: usize,
}

impl Incoming {
    /// Hands on what the peer sends, until `take` breaks or nothing more is here. Ready with what it breaks with, and with
    /// nothing when what was here is taken; pending if nothing was here.
    pub(crate) fn poll_receive<B>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(Received<'_>) -> ControlFlow<Option<B>>,
    ) -> Poll<Option<B>> {
        if self.has_unread() {
            // As for a read: without it a turn could go on after the writer was told that its turn is over.
            if !has_budget_remaining() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let mut unread = std::mem::take(&mut self.unread);
            let (count, result) = hand_on(&mut self.messages, &mut unread[self.at..], &mut take);
            self.at += count;
            if self.at < unread.len() {
                self.unread = unread;
            }
            return Poll::Ready(result);
        }
        with_scratch(|scratch| {
            let count = ready!(self.poll_read(cx, scratch)).unwrap_or(0);
            if count == 0 {
                return Poll::Ready(take(Received::Gone).break_value().flatten());
            }
            let (taken, result) = hand_on(&mut self.messages, &mut scratch[..count], &mut take);
            if taken < count {
                self.unread = scratch[taken..count].to_vec();
                self.at = 0;
            }
            Poll::Ready(result)
        })
    }

    /// Whether there is more to hand on without reading.
    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Reads and forgets what still comes, until the peer has closed its side.
    ///
    /// A socket that is closed with unread data resets the connection, and the peer may lose our close frame.
    pub(crate) async fn linger(&mut self) {
        self.unread = Vec::new();
        while let Ok(1..) = poll_fn(|cx| with_scratch(|scratch| self.poll_read(cx, scratch))).await {}
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(match &mut self.reader {
            Reader::Tcp(reader) => Pin::new(reader).poll_read(cx, &mut buffer),
            Reader::Stream(reader) => Pin::new(reader).poll_read(cx, &mut buffer),
        })?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

/// Hands on what lies in `bytes` until `take` breaks; how much of it was looked at, and what `take` broke with.
fn hand_on<B>(
    messages: &mut websocket::Reader,
    bytes: &mut [u8],
    take: &mut impl FnMut(Received<'_>) -> ControlFlow<Option<B>>,
) -> (usize, Option<B>) {
    let mut at = 0;
    loop {
        let (consumed, received) = match messages.read(&mut bytes[at..]) {
            Ok(websocket::Step { consumed, event: Some(event) }) => (consumed, event.into()),
            Ok(websocket::Step { consumed, event: None }) => return (at + consumed, None),
            // Nothing that follows means anything.
            Err(violation) => (bytes.len() - at, Received::Broken(violation)),
        };
        at += consumed;
        if let ControlFlow::Break(value) = take(received) {
            return (at, value);
        }
    }
}

impl<'a> From<Event<'a>> for Received<'a> {
    fn from(event: Event<'a>) -> Self {
        match event {
            Event::Text(text) => Self::Text(text),
            Event::Binary(data) => Self::Binary(data),
            Event::Ping(payload) => Self::Ping(payload),
            Event::Pong(_) => Self::Pong,
            Event::Close { code, .. } => Self::Close(code),
        }
    }
}

/// Lends the thread's buffer.
fn with_scratch<T>(read: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut scratch = SCRATCH.take().unwrap_or_else(|| vec![0; SCRATCH_BYTES].into_boxed_slice());
    let result = read(&mut scratch);
    SCRATCH.set(Some(scratch));
    result
}
