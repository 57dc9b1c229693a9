//! The way to a server: name, TCP, handshake.

use std::future::Future;
use std::io;

use bytes::Bytes;
use tightwire_proto::inbound::Violation;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use warp::http::Uri;

use super::config::ClientConfig;
use super::upgrade::upgrade;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL cannot be used. Mend it.
    #[error(
        "this is not the URL of a WebSocket: {0}; it begins with `ws://` or `wss://`, then come host, port and path"
    )]
    Url(String),
    /// The parameters of the handshake are not what the document asks for: nothing was sent. Mend them.
    #[error("the parameters of the handshake do not follow the contract: {}", reasons(.0))]
    Parameters(Vec<Violation>),
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
    /// The URL begins with `wss://` and this client was built without TLS. Turn the feature on.
    #[error(
        "`wss://` needs TLS, which this client was built without: turn on the feature `tls` of the crate `tightwire` \
         (`tightwire = {{ …, features = [\"tls\"] }}` in Cargo.toml)"
    )]
    NoTls,
    /// There is no secure connection, above all because the server's certificate is not to be believed.
    #[error("{authority} {problem}")]
    Tls {
        /// Host and port.
        authority: String,
        /// Why, and what to do.
        #[source]
        problem: TlsProblem,
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

/// Why a server is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsProblem {
    /// Nobody whom this client trusts has signed the certificate. Name the authority in `ClientConfig::tls`, if it is
    /// known to be the right one.
    #[error(
        "has a certificate that no authority known to this client has signed; if it is a private one, give its root \
         certificate to `ClientConfig::tls`"
    )]
    UnknownIssuer,
    /// The certificate is for another server. Mend the URL or the certificate.
    #[error("has a certificate for {}; connect to a name that it has, or have one made for this name", names(.0))]
    WrongName(Vec<String>),
    /// The certificate is not valid now. Have it renewed, or set the clock.
    #[error("has a certificate that is not valid at this time; have it renewed, or set this machine's clock")]
    WrongTime,
    /// What answers does not speak TLS. Perhaps `ws://` is meant.
    #[error("does not speak TLS; perhaps the URL should begin with `ws://`, or has the wrong port")]
    NotTls,
    /// Anything else.
    #[error("and this client agree on no secure connection: {0}")]
    Other(#[source] io::Error),
}

fn names(names: &[String]) -> String {
    match names {
        [] => "other names".to_owned(),
        names => names.join(", "),
    }
}

fn reasons(violations: &[Violation]) -> String {
    violations.iter().map(Violation::reason).collect::<Vec<_>>().join("; ")
}

/// Where to connect.
pub(super) struct Target {
    uri: Uri,
    host: String,
    port: u16,
    #[cfg(feature = "tls")]
    secure: bool,
}

impl Target {
    pub(super) fn new(url: &str) -> Result<Self, ConnectError> {
        let uri: Uri =
            url.parse().map_err(|error: warp::http::uri::InvalidUri| ConnectError::Url(error.to_string()))?;
        let secure = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") if cfg!(feature = "tls") => true,
            Some("wss") => return Err(ConnectError::NoTls),
            _ => return Err(ConnectError::Url("its scheme is neither `ws` nor `wss`".to_owned())),
        };
        let host = uri.host().ok_or_else(|| ConnectError::Url("it has no host".to_owned()))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self {
            uri,
            host,
            port,
            #[cfg(feature = "tls")]
            secure,
        })
    }

    /// Opens a TCP connection.
    pub(super) async fn reach(&self) -> Result<TcpStream, ConnectError> {
        let unreachable = |cause| ConnectError::Unreachable { authority: self.authority(), cause };
        let stream = TcpStream::connect((&*self.host, self.port)).await.map_err(unreachable)?;
        // Frames are written whole: waiting for more would only delay them.
        stream.set_nodelay(true).map_err(unreachable)?;
        Ok(stream)
    }

    /// Whether TLS is spoken.
    #[cfg(feature = "tls")]
    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    /// Name or address of the server.
    #[cfg(feature = "tls")]
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Host and port.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Makes a WebSocket of a stream. What came on it already is given with it.
pub(super) async fn handshake<IO: AsyncRead + AsyncWrite + Unpin>(
    stream: IO,
    target: &Target,
    config: &ClientConfig,
) -> Result<(IO, Bytes), ConnectError> {
    upgrade(stream, &target.uri, &config.headers).await
}

/// Gives up after the configured time.
pub(super) async fn in_time<T>(
    config: &ClientConfig,
    connecting: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, ConnectError> {
    let timeout = config.connect_timeout;
    tokio::time::timeout(timeout, connecting).await.unwrap_or(Err(ConnectError::Timeout(timeout)))
}
