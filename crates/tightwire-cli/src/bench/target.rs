//! The server: where it is, and how it is asked by HTTP.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use http::Uri;

/// How long an HTTP request may take that is none of the measurement's.
const PATIENCE: Duration = Duration::from_secs(5);

/// The largest answer that is read.
const MAX_ANSWER: u64 = 16 << 20;

/// A server.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Host and port, as requests name them.
    authority: String,
    /// Path and query of the WebSocket.
    path: String,
    token: Option<String>,
    pub(super) address: SocketAddr,
}

impl Target {
    /// Reads the URL and looks the host up.
    pub(super) fn find(url: &str, token: Option<&str>) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("`{url}` is no URL: {error}"))?;
        match uri.scheme_str() {
            Some("ws") => {}
            Some("wss") => {
                return Err(
                    "TLS would be measured with it: give the ws:// URL of the server behind the proxy".to_owned()
                );
            }
            _ => return Err(format!("`{url}` is no WebSocket URL: it begins with ws://")),
        }
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(80);
        if token.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err("a token has only visible ASCII characters".to_owned());
        }
        let unknown = |why: &dyn std::fmt::Display| format!("cannot look up {host}: {why}");
        let mut found = (host.trim_matches(['[', ']']), port).to_socket_addrs().map_err(|error| unknown(&error))?;
        Ok(Self {
            authority: format!("{host}:{port}"),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            token: token.map(str::to_owned),
            address: found.next().ok_or_else(|| unknown(&"it has no address"))?,
        })
    }

    /// The request for a WebSocket. Nobody checks the answer to the key, so it may always be the same.
    pub(super) fn handshake(&self) -> Vec<u8> {
        let more = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        self.request(&self.path, more).into_bytes()
    }

    /// Asks for a page. None if there is none, for whatever reason.
    pub(super) fn get(&self, path: &str) -> Option<String> {
        self.try_get(path).ok().flatten()
    }

    fn try_get(&self, path: &str) -> io::Result<Option<String>> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // HTTP/1.0: the answer is what comes until the end, in one piece.
        let request = self.request(path, "Connection: close\r\n").replacen("HTTP/1.1", "HTTP/1.0", 1);
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.take(MAX_ANSWER).read_to_string(&mut answer)?;
        let found = answer.split_once("\r\n\r\n").filter(|(head, _)| head.split(' ').nth(1) == Some("200"));
        Ok(found.map(|(_, body)| body.to_owned()))
    }

    fn request(&self, path: &str, more: &str) -> String {
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{more}", self.authority);
        if let Some(token) = &self.token {
            let _ = write!(request, "Authorization: Bearer {token}\r\n");
        }
        request + "\r\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Result<(&str, &str), &str>) {
        let found = Target::find(url, Some("t0ken"));
        match (found, expected) {
            (Ok(target), Ok((authority, path))) => {
                assert_eq!((&*target.authority, &*target.path), (authority, path));
                let request = String::from_utf8(target.handshake()).expect("text");
                assert!(request.contains("\r\nAuthorization: Bearer t0ken\r\n"), "{request}");
            }
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, _) => panic!("{url}: {found:?}"),
        }
    }

    #[test]
    fn urls_are_read() {
        check("ws://127.0.0.1:8080/ws?a=b", Ok(("127.0.0.1:8080", "/ws?a=b")));
        check("ws://[::1]", Ok(("[::1]:80", "/")));
        check("http://127.0.0.1/", Err("begins with ws://"));
        check("127.0.0.1:8080", Err("begins with ws://"));
        check("wss://127.0.0.1/", Err("behind the proxy"));
        check("ws://a b/", Err("is no URL"));
        assert!(Target::find("ws://127.0.0.1/", Some("a\r\nb")).is_err());
    }
}
