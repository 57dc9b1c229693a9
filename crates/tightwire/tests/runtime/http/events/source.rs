//! A client of Server-Sent Events that shares nothing with the server: chunks (RFC 9112, section 7.1), then the lines of
//! an event stream as HTML defines them.

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::client::brief;

/// A client.
pub(super) struct Source<IO> {
    stream: IO,
    /// In lower case.
    pub(super) head: String,
    raw: Vec<u8>,
    text: Vec<u8>,
    /// What a browser would send back.
    pub(super) last_id: String,
}

/// An event, a comment or a time to come back after.
#[derive(Debug, Default)]
pub(super) struct Event {
    pub(super) id: Option<String>,
    pub(super) kind: String,
    pub(super) data: String,
    pub(super) comment: Option<String>,
    pub(super) retry: Option<String>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Source<IO> {
    pub(super) async fn over(mut stream: IO, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{request}\r\n").as_bytes()).await.expect("sent");
        let mut raw = Vec::new();
        let end = loop {
            if let Some(end) = raw.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(stream.read_buf(&mut raw).await.expect("a response") > 0, "{}", String::from_utf8_lossy(&raw));
        };
        let head = String::from_utf8_lossy(&raw[..end]).to_lowercase();
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        Self { stream, head, raw: raw.split_off(end), text: Vec::new(), last_id: String::new() }
    }

    /// What comes next, if anything does.
    pub(super) async fn next(&mut self) -> Option<Event> {
        let end = loop {
            if let Some(end) = self.text.windows(2).position(|window| window == b"\n\n") {
                break end;
            }
            self.chunk().await?;
        };
        let block: Vec<u8> = self.text.drain(..end + 2).collect();
        let mut event = Event::default();
        for line in String::from_utf8(block).expect("UTF-8").lines().filter(|line| !line.is_empty()) {
            let (field, value) = line.split_once(':').expect("a field");
            let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
            match field {
                "" => event.comment = Some(value),
                "id" => {
                    self.last_id.clone_from(&value);
                    event.id = Some(value);
                }
                "event" => event.kind = value,
                "data" => event.data = value,
                "retry" => event.retry = Some(value),
                other => panic!("`{other}` is no field"),
            }
        }
        Some(event)
    }

    pub(super) async fn skip(&mut self, events: usize) {
        for _ in 0..events {
            self.next().await.expect("an event");
        }
    }

    /// What comes next in short.
    pub(super) async fn brief(&mut self) -> String {
        let Some(event) = self.next().await else { return "end".to_owned() };
        if let Some(comment) = event.comment {
            return format!(": {comment}");
        } else if let (Some(retry), "") = (&event.retry, &*event.kind) {
            return format!("retry {retry}");
        }
        let frame: Value = serde_json::from_str(&event.data).expect("JSON");
        assert_eq!(frame["type"], event.kind);
        brief(&frame)
    }

    async fn chunk(&mut self) -> Option<()> {
        let (start, length) = loop {
            if let Some(end) = self.raw.windows(2).position(|window| window == b"\r\n") {
                let length = std::str::from_utf8(&self.raw[..end]).expect("a length");
                break (end + 2, usize::from_str_radix(length, 16).expect("hexadecimal"));
            }
            self.read().await?;
        };
        while self.raw.len() < start + length + 2 {
            self.read().await?;
        }
        self.text.extend_from_slice(&self.raw[start..start + length]);
        self.raw.drain(..start + length + 2);
        (length > 0).then_some(())
    }

    async fn read(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.raw).await {
            Ok(1..) => Some(()),
            Ok(0) | Err(_) => None,
        }
    }
}
