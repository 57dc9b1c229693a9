//! What comes before HTTP on a socket: the header of a proxy, then TLS, each if the settings say so, and both together
//! within the time limit of the handshake.

#[cfg(feature = "tls")]
use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio::time::timeout;
#[cfg(feature = "tls")]
use tokio_rustls::server::TlsStream;

use crate::config::Config;
use crate::metrics::Refusal;
use crate::proxies;
use crate::proxy_protocol::{self, HeaderError, ProxyProtocol};

/// What HTTP is spoken on.
pub(crate) enum Entered {
    Plain(TcpStream),
    #[cfg(feature = "tls")]
    Secure(Box<TlsStream<TcpStream>>),
}

/// Why there is no HTTP.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntranceError {
    #[error("it comes from an address that is not trusted, and trusted proxies are expected")]
    Untrusted,
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[cfg(feature = "tls")]
    #[error("there is no secure connection: {0}")]
    Tls(#[source] io::Error),
    #[error("the header of its proxy, or the handshake of TLS, took too long")]
    TooSlow,
}

impl EntranceError {
    /// What `/metrics` calls it.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Untrusted | Self::Header(_) => Refusal::PROXY,
            #[cfg(feature = "tls")]
            Self::Tls(_) => Refusal::TLS,
            Self::TooSlow => Refusal::TIMEOUT,
        }
    }
}

/// Whether anything comes before HTTP.
pub(crate) fn is_guarded(config: &Config) -> bool {
    #[cfg(feature = "tls")]
    if config.tls.is_some() {
        return true;
    }
    config.proxy_protocol != ProxyProtocol::Off
}

/// Reads what comes before HTTP. With the address of the client, as far as it is known.
pub(crate) async fn enter(
    config: &Config,
    stream: TcpStream,
    peer: SocketAddr,
) -> Result<(Entered, SocketAddr), EntranceError> {
    if config.proxy_protocol != ProxyProtocol::Off && !proxies::is_trusted(&config.trusted_proxies, peer.ip()) {
        return Err(EntranceError::Untrusted);
    }
    timeout(config.handshake_timeout, pass(config, stream, peer)).await.unwrap_or(Err(EntranceError::TooSlow))
}

async fn pass(
    config: &Config,
    mut stream: TcpStream,
    peer: SocketAddr,
) -> Result<(Entered, SocketAddr), EntranceError> {
    let client = match config.proxy_protocol {
        ProxyProtocol::Off => peer,
        expected => proxy_protocol::read(&mut stream, expected).await?.unwrap_or(peer),
    };
    #[cfg(feature = "tls")]
    if let Some(tls) = &config.tls {
        let stream = tls.accept(stream).await.map_err(EntranceError::Tls)?;
        return Ok((Entered::Secure(Box::new(stream)), client));
    }
    Ok((Entered::Plain(stream), client))
}
