//! A client without manners: bytes in, frames out, and no help from any protocol library.
//!
//! For tests of what a server does with peers that are broken, slow or hostile. Nothing is sent that the test did not
//! write, nothing is answered, and what the server says is not checked against any contract; [`WsHarness`](crate::WsHarness)
//! is for everything else.
//!
//! ```
//! use tightwire_testkit::raw::{RawClient, RawFrame};
//! # use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let address = listener.local_addr()?;
//! # tokio::spawn(async move {
//! #     let (mut stream, _) = listener.accept().await.unwrap();
//! #     let mut head = Vec::new();
//! #     while !head.ends_with(b"\r\n\r\n") { head.push(stream.read_u8().await.unwrap()); }
//! #     stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n").await.unwrap();
//! #     let mut frame = [0; 8];
//! #     stream.read_exact(&mut frame).await.unwrap();
//! #     stream.write_all(&[0x88, 2, 0x03, 0xea]).await.unwrap();
//! # });
//! let mut client = RawClient::upgrade(address, "/ws").await?;
//! client.send(&RawFrame::text("{}").reserved(0b100).to_bytes()).await?;
//! assert_eq!(client.read_all().await, ["close 1002", "end"]);
//! # Ok(())
//! # }
//! ```

mod frame;

use std::collections::VecDeque;
use std::fmt::{self, Display};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

pub use self::frame::RawFrame;

/// How long every wait may take, unless [`RawClient::patience`] says otherwise.
const PATIENCE: Duration = Duration::from_secs(20);

/// The largest response head, and the largest body, that is read.
const RESPONSE_BYTES: usize = 16 << 20;

/// A client that sends bytes as they are. Over TCP, or over any other stream.
#[derive(Debug)]
pub struct RawClient<S = TcpStream> {
    stream: S,
    /// What was read and not looked at.
    unread: VecDeque<u8>,
    patience: Duration,
}

/// A response of HTTP/1.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawResponse {
    /// The status, for instance 101.
    pub status: u16,
    /// Status line and headers, as they came.
    pub head: String,
    /// As many bytes as `Content-Length` says; empty where the response does not say.
    pub body: Vec<u8>,
}

/// A request for a WebSocket at that path, complete but for the empty line that ends it, so that a test can add headers.
#[must_use]
pub fn upgrade_request(host: impl Display, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
}

impl RawClient {
    /// Connects, and says nothing.
    ///
    /// # Errors
    /// If nobody listens there.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::on(TcpStream::connect(address).await?)
    }

    /// Connects with a receive buffer of about so many bytes: a server notices sooner then that nobody reads.
    ///
    /// # Errors
    /// If nobody listens there.
    pub async fn connect_narrow(address: SocketAddr, receive_buffer: u32) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_recv_buffer_size(receive_buffer)?;
        Self::on(socket.connect(address).await?)
    }

    /// Connects from that address of this machine, for instance another of the loopback network: to look like another
    /// client, or because one address has no more ports.
    ///
    /// # Errors
    /// If the address is not of this machine, or nobody listens there.
    pub async fn connect_from(source: IpAddr, address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(source, 0))?;
        Self::on(socket.connect(address).await?)
    }

    /// Connects and opens a WebSocket.
    ///
    /// # Errors
    /// If nobody listens there, or the answer is not 101; the error says what it was.
    pub async fn upgrade(address: SocketAddr, path: &str) -> io::Result<Self> {
        let mut client = Self::connect(address).await?;
        client.handshake(address, path).await?;
        Ok(client)
    }

    fn on(stream: TcpStream) -> io::Result<Self> {
        // What is sent goes out as it is and at once, not together with what is sent later.
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }

    /// Ends the connection as a crash of the machine's network would: with a reset instead of a goodbye.
    ///
    /// # Errors
    /// If the socket is not open.
    pub fn reset(self) -> io::Result<()> {
        self.stream.set_zero_linger()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> RawClient<S> {
    /// A client at the other end of a stream, for instance of a `tokio::io::duplex`.
    pub fn over(stream: S) -> Self {
        Self { stream, unread: VecDeque::new(), patience: PATIENCE }
    }

    /// How long every wait may take; then it fails with [`io::ErrorKind::TimedOut`]. Default: 20 s.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Opens a WebSocket on the connection.
    ///
    /// # Errors
    /// If the answer is not 101; the error says what it was.
    pub async fn handshake(&mut self, host: impl Display, path: &str) -> io::Result<()> {
        self.send(format!("{}\r\n", upgrade_request(host, path)).as_bytes()).await?;
        match self.response().await? {
            RawResponse { status: 101, .. } => Ok(()),
            other => Err(io::Error::other(format!("the handshake was answered with {other}"))),
        }
    }

    /// Sends bytes, and returns when the socket has taken them.
    ///
    /// # Errors
    /// If the connection is over, or the socket does not take them in time.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let writing = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        tokio::time::timeout(self.patience, writing).await?
    }

    /// Says that nothing more will be sent. The server may still send.
    ///
    /// # Errors
    /// If the connection is over.
    pub async fn end_sending(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// Reads a response with its body.
    ///
    /// # Errors
    /// If the connection ends before, or what comes is not HTTP/1.1.
    pub async fn response(&mut self) -> io::Result<RawResponse> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Some(byte) = self.byte().await? else { return Err(io::ErrorKind::UnexpectedEof.into()) };
            head.push(byte);
            if head.len() > RESPONSE_BYTES {
                return Err(io::Error::other("the response's head does not end"));
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("not a response of HTTP/1.1: {head:?}")))?;
        let mut response = RawResponse { status, head, body: Vec::new() };
        let length: usize = response.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        if length > RESPONSE_BYTES {
            return Err(io::Error::other(format!("a body of {length} bytes")));
        }
        response.body = self.bytes(length).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(response)
    }

    /// Reads a frame; `None` where the connection ends instead.
    ///
    /// # Errors
    /// If the connection is reset, ends in the middle of a frame, or nothing comes in time.
    pub async fn frame(&mut self) -> io::Result<Option<RawFrame>> {
        let Some(header) = self.bytes(2).await? else { return Ok(None) };
        let extra = RawFrame::extra_header(&header);
        let rest = self.bytes(extra).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let (mut frame, length) = RawFrame::from_header(&header, &rest);
        frame.payload = self.bytes(length).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Some(frame))
    }

    /// What the server says until it ends the connection, in words: each frame as [`RawFrame`] shows itself, then `end`,
    /// or `reset`, or `silence` where nothing more came in time.
    pub async fn read_all(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        loop {
            let last = match self.frame().await {
                Ok(Some(frame)) => {
                    said.push(frame.to_string());
                    continue;
                }
                Ok(None) => "end",
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => "reset",
                Err(error) if error.kind() == io::ErrorKind::TimedOut => "silence",
                Err(error) => &error.to_string(),
            };
            said.push(last.to_owned());
            return said;
        }
    }

    /// The stream, to do with it what this client does not. What was read from it and not looked at is lost.
    pub fn into_inner(self) -> S {
        self.stream
    }

    async fn byte(&mut self) -> io::Result<Option<u8>> {
        Ok(self.bytes(1).await?.and_then(|bytes| bytes.first().copied()))
    }

    /// So many bytes; `None` where the connection ended before the first of them.
    async fn bytes(&mut self, count: usize) -> io::Result<Option<Vec<u8>>> {
        while self.unread.len() < count {
            let mut buffer = [0; 16 * 1024];
            let read = tokio::time::timeout(self.patience, self.stream.read(&mut buffer)).await??;
            if read == 0 {
                return if self.unread.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            self.unread.extend(&buffer[..read]);
        }
        Ok(Some(self.unread.drain(..count).collect()))
    }
}

impl RawResponse {
    /// The value of a header, if it is there. The name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Status and body: `503 {"error": …}`.
impl Display for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text())
    }
}
