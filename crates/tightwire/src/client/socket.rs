//! A client's WebSocket after the handshake: a half to read messages from, and a half to write frames to.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tightwire_proto::websocket::{ClientFrame, Event, Reader, Role, Step, Violation};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadHalf, WriteHalf};

use crate::clock;

/// How much is read at once.
const READ_BYTES: usize = 16 * 1024;
/// How much is gathered before it is written, although more is to come.
const GATHERED_BYTES: usize = 16 * 1024;

/// A stream of which `read` was read already.
pub(super) fn split<IO>(stream: IO, read: &[u8], max_message: usize) -> (FrameReader<IO>, FrameWriter<IO>)
where
    IO: AsyncRead + AsyncWrite,
{
    let (reader, writer) = tokio::io::split(stream);
    let mut buffer = vec![0; READ_BYTES.max(read.len())];
    buffer[..read.len()].copy_from_slice(read);
    let messages = Reader::new(Role::Client, max_message);
    let incoming = FrameReader { reader, messages, buffer, at: 0, end: read.len() };
    (incoming, FrameWriter { writer, gathered: Vec::new(), written: 0, is_over: false })
}

/// What the server sends.
pub(super) struct FrameReader<IO> {
    reader: ReadHalf<IO>,
    messages: Reader,
    buffer: Vec<u8>,
    /// How much of the buffer was looked at.
    at: usize,
    /// How much of it was read.
    end: usize,
}

impl<IO: AsyncRead> FrameReader<IO> {
    /// The next message or control frame of what was read already; `None` if there is none.
    pub(super) fn event(&mut self) -> Option<Result<Event<'_>, Violation>> {
        if self.at == self.end {
            return None;
        }
        match self.messages.read(&mut self.buffer[self.at..self.end]) {
            Ok(Step { consumed, event }) => {
                self.at += consumed;
                event.map(Ok)
            }
            Err(violation) => {
                self.at = self.end;
                Some(Err(violation))
            }
        }
    }

    /// Reads more, once there are no more events. How much; 0 if the server has gone. Nothing is lost if the future is
    /// dropped.
    pub(super) async fn fill(&mut self) -> io::Result<usize> {
        let count = self.reader.read(&mut self.buffer).await?;
        (self.at, self.end) = (0, count);
        Ok(count)
    }
}

/// What is written to the server.
pub(super) struct FrameWriter<IO> {
    writer: WriteHalf<IO>,
    /// Whole frames.
    gathered: Vec<u8>,
    /// How much of them was written.
    written: usize,
    /// Whether the last of them is a close.
    is_over: bool,
}

impl<IO: AsyncWrite> FrameWriter<IO> {
    /// Adds a frame to what is to be written. After a close there is nothing more to say.
    pub(super) fn push(&mut self, frame: ClientFrame<'_>) {
        if self.is_over {
            return;
        }
        self.is_over = matches!(frame, ClientFrame::Close(_));
        let [a, b, c, d, ..] = clock::random();
        frame.write([a, b, c, d], &mut self.gathered);
    }

    /// Whether it is time to write, although more is to come.
    pub(super) fn is_full(&self) -> bool {
        self.gathered.len() >= GATHERED_BYTES
    }

    /// Writes all that was gathered.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.gathered.len() {
            let count = ready!(Pin::new(&mut self.writer).poll_write(cx, &self.gathered[self.written..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        self.written = 0;
        // A large message does not stay for ever.
        if self.gathered.capacity() > 2 * GATHERED_BYTES {
            self.gathered = Vec::new();
        }
        self.gathered.clear();
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    /// Says that nothing more will come.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_flush(cx))?;
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}
