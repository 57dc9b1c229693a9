//! One connection: its socket, what waits to be written, what came of a message.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use tightwire_proto::websocket::{Reader, Role};

use super::flight::Flight;

/// The largest message that is read.
const MAX_MESSAGE: usize = 16 << 20;

/// What may wait to be written before a connection takes no more frames.
const MAX_WAITING: usize = 4 << 20;

/// The longest head of an answer to a handshake.
const MAX_HEAD: usize = 64 << 10;

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    socket: TcpStream,
    pub(super) state: State,
    pub(super) reader: Reader,
    pub(super) flight: Flight,
    /// The latest of our frames because of which something came.
    pub(super) heard_of: u64,
    /// What is to be written. Frames are appended here.
    pub(super) out: Vec<u8>,
    written: usize,
}

/// How far a connection is.
#[derive(Debug, PartialEq)]
pub(super) enum State {
    /// The answer to the handshake is not complete.
    Handshake(Vec<u8>),
    /// It is a WebSocket; frames of the session are to come before it counts.
    Greeting,
    /// It may send.
    Open,
    /// It has ended.
    Gone,
}

/// What a handshake was answered with.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// There is more to come.
    Incomplete,
    /// It is a WebSocket. These bytes came after the head.
    Accepted(Vec<u8>),
    /// Too many handshakes: again in so many seconds.
    Later(u64),
    /// Something else.
    Refused(String),
}

impl Connection {
    /// Connects and asks for a WebSocket.
    pub(super) fn open(address: SocketAddr, request: &[u8], registry: &Registry, token: usize) -> io::Result<Self> {
        let mut socket = TcpStream::connect(address)?;
        registry.register(&mut socket, Token(token), Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self {
            socket,
            state: State::Handshake(Vec::new()),
            reader: Reader::new(Role::Client, MAX_MESSAGE),
            flight: Flight::default(),
            heard_of: 0,
            out: request.to_vec(),
            written: 0,
        })
    }

    /// Whether another frame may be appended.
    pub(super) fn takes_more(&self) -> bool {
        self.state == State::Open && self.out.len() - self.written < MAX_WAITING
    }

    /// Whether it can do something still.
    pub(super) fn is_alive(&self) -> bool {
        self.state != State::Gone
    }

    /// Writes what the kernel takes.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while self.written < self.out.len() {
            match self.socket.write(&self.out[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                // Not connected yet, or full: there will be an event.
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    if self.written > MAX_WAITING / 2 {
                        self.out.drain(..self.written);
                        self.written = 0;
                    }
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        self.written = 0;
        Ok(())
    }

    /// Reads what there is, at most a buffer full. None: there is nothing now; 0: nothing will ever come.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.socket.read(buffer) {
                Ok(count) => return Ok(Some(count)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Ok(None);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends frames at once: waiting for more would be measured.
    pub(super) fn hurry(&self) {
        // It is slower without, and nothing worse.
        let _ = self.socket.set_nodelay(true);
    }

    /// The handshake's answer goes on.
    pub(super) fn answer(&mut self, bytes: &[u8]) -> Answer {
        let State::Handshake(head) = &mut self.state else { return Answer::Incomplete };
        head.extend_from_slice(bytes);
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(head) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if head.len() < MAX_HEAD => return Answer::Incomplete,
            Ok(httparse::Status::Partial) => return Answer::Refused("an endless head".to_owned()),
            Err(error) => return Answer::Refused(format!("something that is not HTTP ({error})")),
        };
        match response.code.unwrap_or_default() {
            101 => Answer::Accepted(head[length..].to_vec()),
            429 => {
                let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("retry-after"));
                let seconds = header.and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse().ok());
                Answer::Later(seconds.unwrap_or(1))
            }
            code => {
                Answer::Refused(format!("HTTP {code} {}", response.reason.unwrap_or_default()).trim_end().to_owned())
            }
        }
    }
}
