//! One of the servers: reads its events for as long as the command runs.

use std::io::{self, ErrorKind};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::events;
use super::frame::{Frame, Meaning, read};
use crate::remote::{Remote, Request, Unanswered};

/// How long a connection may be silent: servers send a comment with every heartbeat.
const SILENCE: Duration = Duration::from_secs(90);

/// The pauses between attempts to connect: from, up to.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(4)];

/// The longest complaint of a server that is repeated.
const MAX_COMPLAINT: u64 = 4096;

/// What happens on a server.
#[derive(Debug)]
pub(super) enum News {
    /// The connection is subscribed.
    Listening { node: usize },
    /// A frame came.
    Arrived { node: usize, frame: Frame, at: Instant },
    /// There is no connection.
    Down { node: usize, why: String },
    /// The server will never have us.
    Refused { complaint: String },
    /// Somebody wants it to end.
    Stop,
}

/// A server that is listened to.
pub(super) struct Node {
    index: usize,
    remote: Remote,
    topics: Vec<String>,
    path: String,
    news: Sender<News>,
}

impl Node {
    pub(super) fn new(index: usize, remote: Remote, topics: &[String], news: Sender<News>) -> Self {
        let encoded: Vec<_> = topics.iter().map(|topic| encoded(topic)).collect();
        let path = format!("/sse?topics={}", encoded.join(","));
        Self { index, remote, topics: topics.to_vec(), path, news }
    }

    /// Listens until nobody wants to know any more.
    pub(super) fn run(&self) {
        let (mut last_id, mut pause) = (String::new(), PAUSES[0]);
        loop {
            let before = last_id.clone();
            let Err(why) = self.listen(&mut last_id) else { return };
            if self.news.send(News::Down { node: self.index, why }).is_err() {
                return;
            }
            pause = if last_id == before { (pause * 2).min(PAUSES[1]) } else { PAUSES[0] };
            std::thread::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0));
        }
    }

    /// Listens on one connection. Ok if nobody wants to know any more, otherwise why it ended.
    fn listen(&self, last_id: &mut String) -> Result<(), String> {
        let mut headers = "Accept: text/event-stream\r\n".to_owned();
        if !last_id.is_empty() {
            headers.push_str(&format!("Last-Event-ID: {last_id}\r\n"));
        }
        let request = Request { method: "GET", path: &self.path, headers: &headers, body: b"", patience: SILENCE };
        let mut answer = self.remote.ask(&request).map_err(|unanswered| match unanswered {
            Unanswered::Unreached(why) | Unanswered::Lost(why) => why,
        })?;
        if answer.status != 200 {
            let (status, authority) = (answer.status, self.remote.authority());
            let said = answer.text(MAX_COMPLAINT).unwrap_or_default();
            let said: serde_json::Value = serde_json::from_str(&said).unwrap_or_default();
            let complaint =
                format!("{authority} answered {status}: {}", said["message"].as_str().unwrap_or("no reason"));
            // Another time or another token makes a difference to these only.
            if matches!(status, 400..=404) && last_id.is_empty() {
                let _ = self.news.send(News::Refused { complaint });
                return Ok(());
            }
            return Err(complaint);
        }
        while let Some(event) = events::next(&mut answer.body).map_err(|error| broken(&error))? {
            let news = match read(&event.data, &self.topics) {
                Meaning::Frame(frame) => Some(News::Arrived { node: self.index, frame, at: Instant::now() }),
                Meaning::Subscribed => Some(News::Listening { node: self.index }),
                Meaning::Other => None,
            };
            // What goes into a header must not end it.
            if let Some(id) = event.id.filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic())) {
                *last_id = id;
            }
            if news.is_some_and(|news| self.news.send(news).is_err()) {
                return Ok(());
            }
        }
        Err("it ended the connection".to_owned())
    }
}

/// Why nothing more can be read.
fn broken(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => "the connection broke".to_owned(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => format!("nothing came for {} s", SILENCE.as_secs()),
        _ => error.to_string(),
    }
}

/// A topic in a query.
fn encoded(topic: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    topic.bytes().map(escape).collect()
}
