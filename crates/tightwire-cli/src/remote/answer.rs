//! An answer over HTTP/1.1: its head at once, its body as it comes.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use super::stream::Stream;

/// The longest head.
const MAX_HEAD: usize = 64 << 10;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Box<dyn BufRead>,
}

impl Answer {
    pub(super) fn read(stream: Stream) -> io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let (status, reason, headers) = head(&mut reader)?;
        let framing = framing(&headers);
        Ok(Self { status, reason, headers, body: Box::new(BufReader::new(Body { reader, framing })) })
    }

    /// The header of that name, which is given in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body, up to so many bytes.
    pub(crate) fn text(self, most: u64) -> io::Result<String> {
        let mut bytes = Vec::new();
        self.body.take(most).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Status, reason and headers.
type Head = (u16, String, Vec<(String, String)>);

/// Reads a head; answers that only say that others follow are skipped.
fn head(reader: &mut impl BufRead) -> io::Result<Head> {
    loop {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let room = (MAX_HEAD - bytes.len()) as u64;
            if reader.take(room).read_until(b'\n', &mut bytes)? == 0 {
                let kind = if bytes.len() == MAX_HEAD { ErrorKind::InvalidData } else { ErrorKind::UnexpectedEof };
                return Err(kind.into());
            }
        }
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(&bytes).map_err(|error| invalid(&format!("it is not HTTP ({error})")))?;
        let (true, Some(status)) = (parsed.is_complete(), response.code) else {
            return Err(invalid("it is not HTTP"));
        };
        if status < 200 {
            continue;
        }
        let lower = |header: &httparse::Header<'_>| {
            (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).trim().to_owned())
        };
        let headers = response.headers.iter().map(lower).collect();
        return Ok((status, response.reason.unwrap_or_default().to_owned(), headers));
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what.to_owned())
}

/// Where the body ends (RFC 9112, section 6.3).
fn framing(headers: &[(String, String)]) -> Framing {
    let chunked = |value: &str| value.to_ascii_lowercase().ends_with("chunked");
    if header(headers, "transfer-encoding").is_some_and(chunked) {
        return Framing::Chunked { left: 0, begun: false };
    }
    header(headers, "content-length").and_then(|length| length.parse().ok()).map_or(Framing::Open, Framing::Length)
}

/// A body.
struct Body<R> {
    reader: R,
    framing: Framing,
}

#[derive(Debug)]
enum Framing {
    /// So many bytes are to come.
    Length(u64),
    /// Chunks; so much of this one is to come, and whether there was one before.
    Chunked { left: u64, begun: bool },
    /// Until the connection ends.
    Open,
    /// It was read to its end.
    Ended,
}

impl<R: BufRead> Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Framing::Chunked { left: 0, begun } = self.framing {
            let size = self.next_chunk(begun)?;
            self.framing = if size == 0 { Framing::Ended } else { Framing::Chunked { left: size, begun: true } };
        }
        let left = match &mut self.framing {
            Framing::Ended | Framing::Length(0) => return Ok(0),
            Framing::Open => return self.reader.read(buffer),
            Framing::Length(left) | Framing::Chunked { left, .. } => left,
        };
        let room = buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
        let count = self.reader.read(&mut buffer[..room])?;
        if count == 0 && room > 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        *left -= count as u64;
        Ok(count)
    }
}

impl<R: BufRead> Body<R> {
    /// The size of the next chunk, behind the end of the one before.
    fn next_chunk(&mut self, begun: bool) -> io::Result<u64> {
        if begun && !self.line()?.is_empty() {
            return Err(invalid("a chunk is longer than it says"));
        }
        let line = self.line()?;
        let size = line.split(';').next().unwrap_or_default().trim();
        u64::from_str_radix(size, 16).map_err(|_| invalid("a chunk does not say how long it is"))
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if (&mut self.reader).take(1024).read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of an answer: status and body, or the kind of error.
    #[track_caller]
    fn check(text: &str, expected: Result<(u16, &str), ErrorKind>) {
        let mut reader = BufReader::with_capacity(3, text.as_bytes());
        let found = head(&mut reader).and_then(|(status, _, headers)| {
            let mut body = String::new();
            Body { reader, framing: framing(&headers) }.read_to_string(&mut body)?;
            Ok((status, body))
        });
        let found = found.as_ref().map(|(status, body)| (*status, body.as_str())).map_err(io::Error::kind);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn bodies_end_where_the_head_says() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", Ok((200, "ab")));
        check("HTTP/1.1 404 Not Found\r\n\r\nabc", Ok((404, "abc")));
        check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", Ok((204, "")));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(&format!("{chunked}2\r\nab\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n"), Ok((200, "ab0123456789")));
        check(&format!("{chunked}0\r\n\r\n"), Ok((200, "")));
        check(&format!("{chunked}2\r\nabc\r\n"), Err(ErrorKind::InvalidData));
        check(&format!("{chunked}x\r\n"), Err(ErrorKind::InvalidData));
    }

    #[test]
    fn what_ends_early_is_an_error() {
        check("", Err(ErrorKind::UnexpectedEof));
        check("HTTP/1.1 200 OK\r\n", Err(ErrorKind::UnexpectedEof));
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", Err(ErrorKind::UnexpectedEof));
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na", Err(ErrorKind::UnexpectedEof));
        check("SSH-2.0\r\n\r\n", Err(ErrorKind::InvalidData));
        check(&format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(MAX_HEAD)), Err(ErrorKind::InvalidData));
    }
}
