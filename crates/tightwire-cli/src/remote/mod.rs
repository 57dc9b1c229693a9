//! A server that is asked over HTTP: where it is, and one request on a connection of its own. For commands that ask
//! servers for something; the load generator has connections of another kind.

mod answer;
mod stream;

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::net::ToSocketAddrs;
use std::path::Path;
use std::time::Duration;

use http::Uri;

pub(crate) use self::answer::Answer;
use self::stream::{Security, Stream};
#[cfg(feature = "tls")]
pub(crate) use self::stream::{insecure, tls};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// A server.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    security: Security,
    host: String,
    port: u16,
    /// What stands before the server's own paths, if it is not at the root of its host; without a slash at the end.
    base: String,
    token: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq)]
pub(crate) enum Unanswered {
    /// The request was not sent.
    Unreached(String),
    /// It was, at least in part: whether the server did something is not known.
    Lost(String),
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Path and query below the server's base.
    pub(crate) path: &'a str,
    /// Whole lines, each with its end.
    pub(crate) headers: &'a str,
    pub(crate) body: &'a [u8],
    /// How long nothing may come.
    pub(crate) patience: Duration,
}

impl Remote {
    /// Reads the server's URL, `http://` or `https://`.
    pub(crate) fn find(url: &str, token: Option<&str>, authorities: Option<&Path>) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("`{url}` is no URL: {error}"))?;
        let (security, port) = match uri.scheme_str() {
            Some("http") => (Security::plain(authorities)?, 80),
            Some("https") => (Security::tls(authorities)?, 443),
            Some(scheme @ ("ws" | "wss")) => {
                let meant = scheme.replace("ws", "http");
                return Err(format!("`{url}` is the URL of a WebSocket: give the server's, {meant}://host:port"));
            }
            _ => return Err(format!("`{url}` is no URL of a server: it begins with http:// or https://")),
        };
        if uri.query().is_some() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("the server's URL has neither a query nor a user: a token is given with --token".to_owned());
        }
        if token.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err("a token has only visible ASCII characters".to_owned());
        }
        Ok(Self {
            security,
            host: uri.host().unwrap_or_default().to_owned(),
            port: uri.port_u16().unwrap_or(port),
            base: uri.path().trim_end_matches('/').to_owned(),
            token: token.map(str::to_owned),
        })
    }

    /// Host and port, for people.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Asks, and reads the head of the answer.
    pub(crate) fn ask(&self, request: &Request<'_>) -> Result<Answer, Unanswered> {
        let mut stream = self.connect(request.patience).map_err(Unanswered::Unreached)?;
        let head = self.head(request);
        let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(request.body));
        // A server that refuses early may close before it has read everything, and its answer is there still.
        let answer = sent.and_then(|()| stream.flush()).map_err(|error| self.lost(&error));
        match (answer, Answer::read(stream)) {
            (_, Ok(answer)) => Ok(answer),
            (Err(lost), Err(_)) => Err(lost),
            (Ok(()), Err(error)) => Err(self.lost(&error)),
        }
    }

    fn connect(&self, patience: Duration) -> Result<Stream, String> {
        let authority = self.authority();
        let host = self.host.trim_matches(['[', ']']);
        let found = (host, self.port).to_socket_addrs();
        let found = found.map_err(|error| format!("cannot look up {}: {error}", self.host))?;
        let mut why = "it has no address".to_owned();
        for address in found {
            match std::net::TcpStream::connect_timeout(&address, CONNECT) {
                Ok(socket) => {
                    let timed =
                        socket.set_read_timeout(Some(patience)).and_then(|()| socket.set_write_timeout(Some(CONNECT)));
                    timed.map_err(|error| format!("cannot use the connection to {authority}: {error}"))?;
                    // It is slower without, and nothing worse.
                    let _ = socket.set_nodelay(true);
                    return self.security.secure(socket, host).map_err(|why| format!("{authority}: {why}"));
                }
                Err(error) => why = error.to_string(),
            }
        }
        Err(format!("cannot connect to {authority}: {why}"))
    }

    fn head(&self, request: &Request<'_>) -> String {
        let Request { method, path, headers, body, .. } = request;
        let mut head = format!("{method} {}{path} HTTP/1.1\r\nHost: {}\r\n{headers}", self.base, self.authority());
        if let Some(token) = &self.token {
            let _ = write!(head, "Authorization: Bearer {token}\r\n");
        }
        if !body.is_empty() {
            let _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        head + "Connection: close\r\n\r\n"
    }

    fn lost(&self, error: &std::io::Error) -> Unanswered {
        let authority = self.authority();
        Unanswered::Lost(match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => format!("{authority} does not answer"),
            ErrorKind::UnexpectedEof if self.security.is_plain() => {
                format!(
                    "{authority} closed the connection without an answer. If it speaks TLS, its URL begins with https://"
                )
            }
            ErrorKind::UnexpectedEof => format!("{authority} closed the connection without an answer"),
            _ => format!("the connection to {authority} broke: {error}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a URL; `Ok` is the head of a request for `/x`, `Err` a part of the complaint.
    #[track_caller]
    fn check(url: &str, expected: Result<&str, &str>) {
        let request = Request { method: "GET", path: "/x", headers: "A: b\r\n", body: b"", patience: CONNECT };
        match (Remote::find(url, Some("t0ken"), None).map(|remote| remote.head(&request)), expected) {
            (Ok(head), Ok(expected)) => assert_eq!(
                head,
                format!("{expected}\r\nA: b\r\nAuthorization: Bearer t0ken\r\nConnection: close\r\n\r\n")
            ),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, _) => panic!("{url}: {found:?}"),
        }
    }

    #[test]
    fn urls_are_read() {
        check("http://127.0.0.1:8080", Ok("GET /x HTTP/1.1\r\nHost: 127.0.0.1:8080"));
        check("http://[::1]/", Ok("GET /x HTTP/1.1\r\nHost: [::1]:80"));
        check("http://h/chat/", Ok("GET /chat/x HTTP/1.1\r\nHost: h:80"));
        check("ws://h/ws", Err("give the server's, http://host:port"));
        check("wss://h/ws", Err("give the server's, https://host:port"));
        check("127.0.0.1:8080", Err("begins with http:// or https://"));
        check("http://h/?a=b", Err("neither a query nor a user"));
        check("http://u:p@h/", Err("neither a query nor a user"));
        check("http://a b/", Err("is no URL"));
        assert!(Remote::find("http://h/", Some("a\r\nb"), None).is_err());
        if cfg!(feature = "tls") {
            check("https://h", Ok("GET /x HTTP/1.1\r\nHost: h:443"));
        } else {
            check("https://h", Err("built without TLS"));
        }
    }

    #[test]
    fn an_authority_is_for_tls_only() {
        let found = Remote::find("http://h/", None, Some(Path::new("ca.pem")));
        assert!(found.is_err_and(|complaint| complaint.contains("https://")));
    }
}
