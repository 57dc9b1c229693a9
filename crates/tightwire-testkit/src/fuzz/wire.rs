//! One WebSocket connection of the fuzzer: bytes out as they are, messages in. No task of its own, no queue between.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tightwire::proto::websocket::{ClientFrame, Event, Reader, Role};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::endpoint::{Endpoint, Io};
use crate::raw::upgrade_request;

/// The largest message of a server that is read.
const LARGEST: usize = 64 << 20;
/// The largest head of a response.
const HEAD_BYTES: usize = 64 << 10;
/// Every client's mask. Fixed, so that a run can be repeated.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What came.
pub(super) enum Arrived<'a> {
    Text(&'a [u8]),
    Binary(&'a [u8]),
    Pong(&'a [u8]),
    Close(Option<u16>),
    /// The server broke the rules of WebSocket.
    Broken(String),
    /// The stream is at its end, or broke.
    Gone,
}

pub(super) struct Wire {
    stream: Box<dyn Io>,
    reader: Reader,
    unsent: Vec<u8>,
    sent: usize,
    /// What came with the handshake's response.
    early: Vec<u8>,
    is_over: bool,
}

impl Wire {
    /// Fails with [`io::ErrorKind::WouldBlock`] where the server asks to try again later.
    pub(super) async fn open(endpoint: &Endpoint) -> io::Result<Self> {
        let mut stream = endpoint.open().await?;
        let mut request = upgrade_request(&endpoint.host, &endpoint.path);
        for (name, value) in &endpoint.headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{request}\r\n").as_bytes()).await?;
        stream.flush().await?;
        let mut head = Vec::new();
        let end = loop {
            if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if head.len() > HEAD_BYTES {
                return Err(io::Error::other("the head of the response does not end"));
            }
            if stream.read_buf(&mut head).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let early = head.split_off(end);
        let status = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
        if status.starts_with("HTTP/1.1 429") {
            return Err(io::Error::new(io::ErrorKind::WouldBlock, "the server wants fewer handshakes at a time"));
        }
        if !status.starts_with("HTTP/1.1 101") {
            return Err(io::Error::other(format!("the handshake was answered with {status:?}")));
        }
        let reader = Reader::new(Role::Client, LARGEST);
        Ok(Self { stream, reader, unsent: Vec::new(), sent: 0, early, is_over: false })
    }

    /// Sends a text message, in pieces of about the same length with a ping between two of them.
    pub(super) fn text(&mut self, text: &[u8], pieces: usize) {
        if pieces <= 1 {
            ClientFrame::Text(text).write(MASK, &mut self.unsent);
            return;
        }
        let length = text.len().div_ceil(pieces).max(1);
        let chunks: Vec<&[u8]> = text.chunks(length).collect();
        for (index, chunk) in chunks.iter().enumerate() {
            let frame = if index == 0 { crate::RawFrame::text(chunk) } else { crate::RawFrame::continuation(chunk) };
            let is_last = index + 1 == chunks.len();
            self.raw(&if is_last { frame } else { frame.unfinished() }.to_bytes());
            if !is_last {
                self.raw(&crate::RawFrame::ping([]).to_bytes());
            }
        }
    }

    pub(super) fn close(&mut self, code: u16) {
        ClientFrame::Close(Some(code)).write(MASK, &mut self.unsent);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
    }

    /// Writes what is to be written and reads what there is, until there is no more of either. Ready if anything was read.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        mut arrived: impl FnMut(Arrived<'_>),
    ) -> Poll<()> {
        if self.is_over {
            return Poll::Pending;
        }
        let mut any = Poll::Pending;
        if !self.early.is_empty() {
            let mut early = std::mem::take(&mut self.early);
            self.read(&mut early, &mut arrived);
            any = Poll::Ready(());
        }
        loop {
            let wrote = self.poll_write(cx);
            let mut read = ReadBuf::new(buffer);
            match Pin::new(&mut self.stream).poll_read(cx, &mut read) {
                Poll::Ready(Ok(())) if !read.filled().is_empty() => {
                    let count = read.filled().len();
                    self.read(&mut buffer[..count], &mut arrived);
                    any = Poll::Ready(());
                }
                Poll::Ready(_) if !self.is_over => {
                    self.is_over = true;
                    arrived(Arrived::Gone);
                    return Poll::Ready(());
                }
                Poll::Ready(_) => return Poll::Ready(()),
                // Writing may have made room for more of it.
                Poll::Pending if wrote => {}
                Poll::Pending => return any,
            }
        }
    }

    /// True if something was written.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut wrote = false;
        while self.sent < self.unsent.len() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.unsent[self.sent..]) {
                Poll::Ready(Ok(count)) if count > 0 => {
                    self.sent += count;
                    wrote = true;
                }
                // A server that has gone is noticed by reading.
                Poll::Ready(_) => self.sent = self.unsent.len(),
                Poll::Pending => return wrote,
            }
        }
        if wrote {
            self.unsent.clear();
            self.sent = 0;
            let _ = Pin::new(&mut self.stream).poll_flush(cx);
        }
        wrote
    }

    fn read(&mut self, input: &mut [u8], arrived: &mut impl FnMut(Arrived<'_>)) {
        let (mut pongs, mut at) = (Vec::new(), 0);
        while !self.is_over {
            match self.reader.read(&mut input[at..]) {
                Ok(step) => {
                    let consumed = step.consumed;
                    match step.event {
                        None => break,
                        Some(Event::Text(text)) => arrived(Arrived::Text(&text)),
                        Some(Event::Binary(data)) => arrived(Arrived::Binary(&data)),
                        Some(Event::Ping(payload)) => ClientFrame::Pong(&payload).write(MASK, &mut pongs),
                        Some(Event::Pong(payload)) => arrived(Arrived::Pong(&payload)),
                        Some(Event::Close { code, .. }) => {
                            self.is_over = true;
                            arrived(Arrived::Close(code));
                            // The answer that RFC 6455 asks for.
                            ClientFrame::Close(code).write(MASK, &mut pongs);
                        }
                    }
                    at += consumed;
                }
                Err(violation) => {
                    self.is_over = true;
                    arrived(Arrived::Broken(violation.to_string()));
                }
            }
        }
        self.raw(&pongs);
    }
}
