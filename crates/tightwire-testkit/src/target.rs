//! Where a harness connects to: a URL, a TCP address, or any stream of bytes.

use std::fmt;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// Where to connect to.
pub struct Target(pub(crate) Kind);

pub(crate) enum Kind {
    Url(String),
    Address(SocketAddr),
    Stream(Box<dyn Stream>),
}

/// What a connection can run over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Target {
    /// A `ws://host:port/path` URL.
    #[must_use]
    pub fn url(url: impl Into<String>) -> Self {
        Self(Kind::Url(url.into()))
    }

    /// A TCP address; the path is the harness's.
    #[must_use]
    pub fn address(address: SocketAddr) -> Self {
        Self(Kind::Address(address))
    }

    /// An open stream of bytes whose other end is a server that waits for the handshake.
    #[must_use]
    pub fn stream(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        Self(Kind::Stream(Box::new(stream)))
    }
}

impl From<&str> for Target {
    fn from(url: &str) -> Self {
        Self::url(url)
    }
}

impl From<String> for Target {
    fn from(url: String) -> Self {
        Self::url(url)
    }
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Self {
        Self::address(address)
    }
}

impl From<DuplexStream> for Target {
    fn from(stream: DuplexStream) -> Self {
        Self::stream(stream)
    }
}

impl From<TcpStream> for Target {
    fn from(stream: TcpStream) -> Self {
        Self::stream(stream)
    }
}

#[cfg(unix)]
impl From<UnixStream> for Target {
    fn from(stream: UnixStream) -> Self {
        Self::stream(stream)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Url(url) => write!(f, "Target({url})"),
            Kind::Address(address) => write!(f, "Target({address})"),
            Kind::Stream(_) => f.write_str("Target(stream)"),
        }
    }
}
