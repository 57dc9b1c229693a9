//! How a client gets a connection.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// What a connection runs over.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

type Open = dyn Fn() -> BoxFuture<'static, io::Result<Box<dyn Io>>> + Send + Sync;

/// Where clients connect, as often as they like.
#[derive(Clone)]
pub struct Endpoint {
    open: Arc<Open>,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Endpoint {
    /// Streams of bytes whose other end is a server that waits for the handshake: in memory, over TLS, or with something in
    /// between.
    pub fn streams<S, F>(open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
    {
        let open = move || {
            let opening = open();
            Box::pin(async move { Ok(Box::new(opening.await?) as Box<dyn Io>) }) as BoxFuture<'static, _>
        };
        Self { open: Arc::new(open), host: "localhost".to_owned(), path: "/ws".to_owned(), headers: Vec::new() }
    }

    /// A TCP address.
    #[must_use]
    pub fn address(address: SocketAddr) -> Self {
        let connect = move || async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        Self { host: address.to_string(), ..Self::streams(connect) }
    }

    /// The request's path, with its query if there is one. Default: `/ws`.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// What the request's `Host` says. Default: the address, or `localhost`.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// A header of the request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A stream, before the handshake.
    pub(crate) async fn open(&self) -> io::Result<Box<dyn Io>> {
        (self.open)().await
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers may be credentials.
        f.debug_struct("Endpoint").field("host", &self.host).field("path", &self.path).finish_non_exhaustive()
    }
}
