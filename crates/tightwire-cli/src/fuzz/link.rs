//! One connection: bytes out, as they are, and frames in. What the server sends is read by the rules of WebSocket, so that
//! a server that breaks them is caught.

use std::io;
use std::time::Duration;

use tightwire_proto::websocket::{ClientFrame, Event, Reader, Role, Violation};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::target::Stream;

/// The largest message that is read.
const MAX_MESSAGE: usize = 16 << 20;

/// How long the socket may take to take a frame.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection.
pub(super) struct Link {
    stream: Box<dyn Stream>,
    reader: Reader,
    /// What was read and not looked at.
    unread: Vec<u8>,
    /// How the connection ended, once it has.
    end: Option<End>,
}

/// What comes of the server.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// The connection is over.
    End(End),
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a close frame; 1005 where it has no code.
    Closed { code: u16, reason: String },
    /// Without one.
    Dropped(String),
    /// The server broke the rules of WebSocket, so that there is no use in listening on.
    Broken(Violation),
}

impl Link {
    /// A connection that is a WebSocket already; these bytes came after the handshake.
    pub(super) fn new(stream: Box<dyn Stream>, unread: Vec<u8>) -> Self {
        Self { stream, reader: Reader::new(Role::Client, MAX_MESSAGE), unread, end: None }
    }

    /// Sends bytes as they are. Where the connection is over already, what is to be read says so.
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        if self.end.is_some() {
            return;
        }
        let writing = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        // A server that closes may have said why, and that is still to be read.
        let _ = timeout(PATIENCE, writing).await;
    }

    /// The next that comes, if it comes in time. Pings are answered.
    pub(super) async fn next(&mut self, until: Instant) -> Option<Heard> {
        if let Some(end) = &self.end {
            return Some(Heard::End(end.clone()));
        }
        loop {
            match self.read() {
                Ok(Some(heard)) => {
                    if let Heard::End(end) = &heard {
                        self.end = Some(end.clone());
                    }
                    return Some(heard);
                }
                Ok(None) => {}
                Err(Asked::Ping(payload)) => {
                    let mut wire = Vec::new();
                    ClientFrame::Pong(&payload).write(fastrand::u32(..).to_be_bytes(), &mut wire);
                    self.send(&wire).await;
                    continue;
                }
            }
            let read = timeout_at(until, self.stream.read_buf(&mut self.unread)).await.ok()?;
            let end = match read {
                Ok(0) => End::Dropped("the connection ended without a close frame".to_owned()),
                Ok(_) => continue,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    End::Dropped("the connection was reset".to_owned())
                }
                Err(error) => End::Dropped(format!("the connection broke: {error}")),
            };
            self.end = Some(end.clone());
            return Some(Heard::End(end));
        }
    }

    /// What is there already.
    fn read(&mut self) -> Result<Option<Heard>, Asked> {
        if self.unread.is_empty() {
            return Ok(None);
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (consumed, heard) = match self.reader.read(&mut self.unread) {
            Ok(step) => {
                let heard = step.event.map(|event| match event {
                    Event::Text(bytes) => Ok(Heard::Text(text(&bytes))),
                    Event::Binary(bytes) => Ok(Heard::Binary(bytes.into_owned())),
                    Event::Ping(payload) => Err(Asked::Ping(payload.into_owned())),
                    Event::Pong(payload) => Ok(Heard::Pong(payload.into_owned())),
                    Event::Close { code, reason } => {
                        Ok(Heard::End(End::Closed { code: code.unwrap_or(1005), reason: text(&reason) }))
                    }
                });
                (step.consumed, heard)
            }
            Err(violation) => (self.unread.len(), Some(Ok(Heard::End(End::Broken(violation))))),
        };
        self.unread.drain(..consumed);
        heard.transpose()
    }

    /// Says goodbye, and waits a little for the answer; what came instead of it. Nothing is sent where it is over already.
    pub(super) async fn close(mut self, patience: Duration) -> Vec<Heard> {
        let mut heard = Vec::new();
        if self.end.is_some() {
            return heard;
        }
        let mut wire = Vec::new();
        ClientFrame::Close(Some(1000)).write(fastrand::u32(..).to_be_bytes(), &mut wire);
        self.send(&wire).await;
        let until = Instant::now() + patience;
        while let Some(next) = self.next(until).await {
            let is_end = matches!(next, Heard::End(_));
            heard.push(next);
            if is_end {
                break;
            }
        }
        heard
    }
}

/// What the connection answers by itself.
enum Asked {
    Ping(Vec<u8>),
}
