//! As much of HTTP/1.1 as the control API needs: one request per connection, JSON in and out. It reads the head, so that
//! WebSockets and control requests can come to the same port; the handshake itself is left to the WebSocket library.

use std::io::{self, Cursor};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest head of a request.
const HEAD_BYTES: usize = 16 * 1024;
/// The longest body of a request.
const BODY_BYTES: usize = 4 * 1024 * 1024;

/// The beginning of a request, and what was read behind it.
pub(super) struct Head {
    /// Everything that was read so far.
    bytes: Vec<u8>,
    /// Where the body begins in it.
    end: usize,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) wants_websocket: bool,
    length: usize,
}

impl Head {
    /// Reads until the empty line; `None` where the client leaves before it.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut bytes = Vec::with_capacity(1024);
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if bytes.len() > HEAD_BYTES {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the head of the request is too long"));
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(None);
            }
        };
        let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = text.lines();
        let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let header = |name: &str| {
            let mut lines = text.lines().skip(1).filter_map(|line| line.split_once(':'));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        let wants_websocket = header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
        let length = header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        Ok(Some(Self { bytes, end, method, path, wants_websocket, length }))
    }

    /// The stream as it was before the head was read.
    pub(super) fn give_back<S>(self, stream: S) -> impl AsyncRead + AsyncWrite + Unpin + Send
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let (read, write) = tokio::io::split(stream);
        tokio::io::join(Cursor::new(self.bytes).chain(read), write)
    }

    /// Reads the body: JSON, or nothing.
    pub(super) async fn body(mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Value>> {
        if self.length > BODY_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the body of the request is too long"));
        }
        while self.bytes.len() < self.end + self.length {
            if stream.read_buf(&mut self.bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let body = &self.bytes[self.end..self.end + self.length];
        if body.is_empty() { Ok(None) } else { Ok(Some(serde_json::from_slice(body)?)) }
    }
}

/// Answers a control request, and ends the connection.
pub(super) async fn answer(stream: &mut (impl AsyncWrite + Unpin), status: u16, body: &Value) -> io::Result<()> {
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n",
        reason(status)
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        404 => "Not Found",
        409 => "Conflict",
        _ => "Unprocessable Content",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reads_a_request_that_comes_in_pieces() {
        let mut stream = tokio_test_reader(&["POST /x HTTP/1.1\r\nContent-", "Length: 8\r\n\r", "\n{\"a\"", ":1}"]);
        let head = Head::read(&mut stream).await.unwrap().unwrap();
        assert_eq!((head.method.as_str(), head.path.as_str(), head.wants_websocket), ("POST", "/x", false));
        assert_eq!(head.body(&mut stream).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn gives_back_what_it_has_read() {
        let text = "GET /1 HTTP/1.1\r\nUPGRADE: WebSocket\r\n\r\nrest";
        let (mut near, far) = tokio::io::duplex(64);
        tokio::spawn(async move { near.write_all(text.as_bytes()).await });
        let mut far = far;
        let head = Head::read(&mut far).await.unwrap().unwrap();
        assert!(head.wants_websocket);
        let mut all = String::new();
        head.give_back(far).read_to_string(&mut all).await.unwrap();
        assert_eq!(all, text);
    }

    /// A stream that gives these pieces, and ends.
    fn tokio_test_reader(pieces: &[&'static str]) -> impl AsyncRead + Unpin + use<> {
        let pieces = pieces.to_vec();
        let (mut near, far) = tokio::io::duplex(8);
        tokio::spawn(async move {
            for piece in pieces {
                let _ = near.write_all(piece.as_bytes()).await;
            }
        });
        far
    }
}
