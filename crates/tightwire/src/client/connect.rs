//! The way to a server: name, TCP, handshake.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, Limits, WebSocketStream};
use warp::http::{HeaderName, HeaderValue, Uri};

use super::config::ClientConfig;
use super::protocol::ClientProtocol;

/// How much a server may say before the connection is a WebSocket.
const MAX_RESPONSE: usize = 64 * 1024;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL cannot be used. Mend it.
    #[error("this is not the URL of a WebSocket: {0}; it begins with `ws://`, then come host, port and path")]
    Url(String),
    /// A configured header cannot be sent. Mend it.
    #[error("the header `{0}` cannot be sent: its name or value is not allowed, or the handshake sets it itself")]
    Header(String),
    /// The server cannot be reached. Try again later, or look at the address.
    #[error("{authority} cannot be reached: {cause}")]
    Unreachable {
        /// Host and port.
        authority: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The server answered, but with another status than 101. 4xx: mend the path or the credentials; 503: try later.
    #[error("the server refused the handshake with HTTP status {status}")]
    Refused {
        /// The status.
        status: u16,
    },
    /// What answered does not speak WebSocket.
    #[error("the handshake failed: {0}")]
    Handshake(String),
    /// It took too long. Try again later.
    #[error("the server did not complete the handshake within {0:?}")]
    Timeout(std::time::Duration),
}

/// A connection after the handshake.
pub(super) type Socket<IO> = WebSocketStream<Guarded<IO>>;

/// Where to connect.
pub(super) struct Target {
    uri: Uri,
    host: String,
    port: u16,
}

impl Target {
    pub(super) fn new(url: &str) -> Result<Self, ConnectError> {
        let uri: Uri =
            url.parse().map_err(|error: warp::http::uri::InvalidUri| ConnectError::Url(error.to_string()))?;
        match uri.scheme_str() {
            Some("ws") => {}
            Some("wss") => return Err(ConnectError::Url("TLS (`wss://`) is not supported yet".to_owned())),
            _ => return Err(ConnectError::Url("its scheme is not `ws`".to_owned())),
        }
        let host = uri.host().ok_or_else(|| ConnectError::Url("it has no host".to_owned()))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(80);
        Ok(Self { uri, host, port })
    }

    /// Opens a TCP connection.
    pub(super) async fn reach(&self) -> Result<TcpStream, ConnectError> {
        let unreachable =
            |cause| ConnectError::Unreachable { authority: format!("{}:{}", self.host, self.port), cause };
        let stream = TcpStream::connect((&*self.host, self.port)).await.map_err(unreachable)?;
        // Frames are written whole: waiting for more would only delay them.
        stream.set_nodelay(true).map_err(unreachable)?;
        Ok(stream)
    }
}

/// Makes a WebSocket of a stream.
pub(super) async fn handshake<P: ClientProtocol, IO: AsyncRead + AsyncWrite + Unpin>(
    stream: IO,
    target: &Target,
    config: &ClientConfig,
) -> Result<Socket<IO>, ConnectError> {
    let limits = config.limits.unwrap_or(P::contract().limits);
    let max = usize::try_from(limits.max_frame_bytes).unwrap_or(usize::MAX);
    let limits = Limits::default().max_payload_len(Some(max));
    let mut builder = ClientBuilder::from_uri(target.uri.clone()).limits(limits);
    for (name, value) in &config.headers {
        let wrong = || ConnectError::Header(name.clone());
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        builder = builder.add_header(header, value).map_err(|_| wrong())?;
    }
    let (mut socket, _) = builder.connect_on(Guarded { stream, left: Some(MAX_RESPONSE) }).await.map_err(explain)?;
    socket.get_mut().left = None;
    Ok(socket)
}

/// Gives up after the configured time.
pub(super) async fn in_time<T>(
    config: &ClientConfig,
    connecting: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, ConnectError> {
    let timeout = config.connect_timeout;
    tokio::time::timeout(timeout, connecting).await.unwrap_or(Err(ConnectError::Timeout(timeout)))
}

fn explain(error: tokio_websockets::Error) -> ConnectError {
    use tokio_websockets::upgrade;
    match error {
        tokio_websockets::Error::Upgrade(upgrade::Error::DidNotSwitchProtocols(status)) => {
            ConnectError::Refused { status }
        }
        error => ConnectError::Handshake(error.to_string()),
    }
}

/// A stream from which only so much can be read until the handshake is complete: its response has no limit otherwise.
pub(super) struct Guarded<IO> {
    stream: IO,
    left: Option<usize>,
}

impl<IO: AsyncRead + Unpin> AsyncRead for Guarded<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().len() - before;
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(read).ok_or_else(|| io::Error::other("the server's response is too long"))?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Guarded<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
