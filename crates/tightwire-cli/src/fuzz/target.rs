//! The server: where it is, how it is asked for a WebSocket, and what it says to that.

use std::fmt::{self, Write as _};
use std::io;
use std::path::Path;
use std::time::Duration;

use http::Uri;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::credential::Credential;
use super::link::Link;

/// How long connecting and the handshake may take together.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest head of an answer to a handshake.
const MAX_HEAD: usize = 64 << 10;

/// What a connection runs over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A server.
pub(super) struct Target {
    host: String,
    port: u16,
    path: String,
    path_and_query: String,
    /// The request for a WebSocket, all of it.
    request: String,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsConnector>,
}

/// Why there is no WebSocket.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Nobody is there, or what is there does not speak.
    Unreachable(String),
    /// Too many handshakes: again after this time.
    Later(Duration),
    /// It does not want to.
    Refused(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) | Self::Refused(why) => f.write_str(why),
            Self::Later(_) => f.write_str("the server lets no more connections in (HTTP 429)"),
        }
    }
}

impl Target {
    /// Reads the URL. Nothing is looked up yet.
    pub(super) fn new(url: &str, credentials: &[Credential], authorities: Option<&Path>) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("`{url}` is no URL: {error}"))?;
        let is_secure = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => return Err(format!("`{url}` is no WebSocket URL: it begins with ws:// or wss://")),
        };
        if !is_secure && authorities.is_some() {
            return Err("--ca-file is for URLs that begin with wss://".to_owned());
        }
        #[cfg(not(feature = "tls"))]
        if is_secure {
            return Err("this command was built without TLS: build it with the feature `tls` for wss://".to_owned());
        }
        let host = uri.host().unwrap_or_default().to_owned();
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let mut path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let mut headers = String::new();
        for credential in credentials {
            match credential {
                Credential::Query(name, value) => {
                    let separator = if path.contains('?') { '&' } else { '?' };
                    let _ = write!(path, "{separator}{name}={value}");
                }
                Credential::Header(name, value) => {
                    let _ = write!(headers, "{name}: {value}\r\n");
                }
            }
        }
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        Ok(Self {
            #[cfg(feature = "tls")]
            tls: is_secure.then(|| crate::remote::tls(authorities)).transpose()?.map(Into::into),
            path: uri.path().to_owned(),
            path_and_query: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            host,
            port,
            request,
        })
    }

    /// The path, without the query.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path with the query of the URL, without credentials.
    pub(super) fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// Host and port, for people.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> Result<Link, Refusal> {
        match timeout(PATIENCE, self.handshake()).await {
            Ok(result) => result,
            Err(_) => Err(Refusal::Unreachable(format!("{} does not answer the handshake", self.authority()))),
        }
    }

    async fn handshake(&self) -> Result<Link, Refusal> {
        let (stream, unread) = self.open_websocket().await?;
        Ok(Link::new(stream, unread))
    }

    /// A stream of frames, with what came of them together with the handshake.
    pub(super) async fn open_websocket(&self) -> Result<(Box<dyn Stream>, Vec<u8>), Refusal> {
        let broke = |error: io::Error| {
            Refusal::Unreachable(format!("{}: the connection broke in the handshake: {error}", self.authority()))
        };
        let mut stream = self.open().await?;
        stream.write_all(self.request.as_bytes()).await.map_err(broke)?;
        stream.flush().await.map_err(broke)?;
        let mut head = Vec::new();
        loop {
            if stream.read_buf(&mut head).await.map_err(broke)? == 0 {
                return Err(broke(io::ErrorKind::UnexpectedEof.into()));
            }
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut response = httparse::Response::new(&mut headers);
            match response.parse(&head) {
                Ok(httparse::Status::Complete(length)) => {
                    self.judge(&response)?;
                    let rest = head.split_off(length);
                    return Ok((stream, rest));
                }
                Ok(httparse::Status::Partial) if head.len() < MAX_HEAD => {}
                Ok(httparse::Status::Partial) => return Err(self.refused("an endless head")),
                Err(error) => return Err(self.refused(&format!("something that is not HTTP ({error})"))),
            }
        }
    }

    fn judge(&self, response: &httparse::Response<'_, '_>) -> Result<(), Refusal> {
        let code = response.code.unwrap_or_default();
        let after = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("retry-after"));
        let after = after.and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse().ok());
        match (code, after) {
            (101, _) => Ok(()),
            (429, after) => Err(Refusal::Later(Duration::from_secs(after.unwrap_or(1).clamp(1, 60)))),
            (503, Some(after)) => Err(Refusal::Later(Duration::from_secs(after.clamp(1, 60)))),
            _ => {
                let hint = if matches!(code, 401 | 403) { "; --auth says who asks" } else { "" };
                let reason = response.reason.unwrap_or_default();
                Err(self.refused(&format!("HTTP {code} {reason}{hint}")))
            }
        }
    }

    fn refused(&self, how: &str) -> Refusal {
        Refusal::Refused(format!("{} answered the handshake with {how}", self.authority()))
    }

    async fn open(&self) -> Result<Box<dyn Stream>, Refusal> {
        let unreachable =
            |error: &dyn fmt::Display| Refusal::Unreachable(format!("cannot connect to {}: {error}", self.authority()));
        let host = self.host.trim_matches(['[', ']']);
        let socket = TcpStream::connect((host, self.port)).await.map_err(|error| unreachable(&error))?;
        // It is slower without, and nothing worse.
        let _ = socket.set_nodelay(true);
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let name = rustls::pki_types::ServerName::try_from(host.to_owned()).map_err(|error| unreachable(&error))?;
            return match tls.connect(name, socket).await {
                Ok(stream) => Ok(Box::new(stream)),
                Err(error) => Err(unreachable(&format!("no TLS: {error}"))),
            };
        }
        Ok(Box::new(socket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Result<&str, &str>) {
        let credentials = ["query:key=a b", "header:X-Key=c"].map(|text| text.parse().expect("a credential"));
        match (Target::new(url, &credentials, None), expected) {
            (Ok(target), Ok(start)) => {
                assert!(target.request.starts_with(start), "{}", target.request);
                assert!(target.request.ends_with("\r\nX-Key: c\r\n\r\n"), "{}", target.request);
            }
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, _) => panic!("{url}: {:?}", found.map(|target| target.request)),
        }
    }

    #[test]
    fn urls_are_read() {
        check("ws://127.0.0.1:8080/ws", Ok("GET /ws?key=a%20b HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
        check("ws://[::1]/?a=b", Ok("GET /?a=b&key=a%20b HTTP/1.1\r\nHost: [::1]:80\r\n"));
        check("http://h/", Err("begins with ws:// or wss://"));
        check("ws://a b/", Err("is no URL"));
        if cfg!(feature = "tls") {
            check("wss://h", Ok("GET /?key=a%20b HTTP/1.1\r\nHost: h:443\r\n"));
        } else {
            check("wss://h", Err("built without TLS"));
        }
        assert!(Target::new("ws://h/", &[], Some(Path::new("ca.pem"))).is_err());
    }
}
