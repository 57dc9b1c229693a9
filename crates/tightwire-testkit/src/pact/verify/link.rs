//! One connection to the server under test: text out, text in, and when it came.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};
use tokio_websockets::{CloseCode, Error, Message, WebSocketStream};

use crate::connection::Closed;
use crate::target::Stream;
use crate::transcript::{Content, Entry, Transcript};

/// How long the server has to take a frame.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

type Socket = WebSocketStream<Box<dyn Stream>>;

/// One connection. Dropping it ends it.
pub(super) struct Link {
    sink: SplitSink<Socket, Message>,
    arrivals: mpsc::UnboundedReceiver<(Instant, Arrival)>,
    transcript: Arc<Mutex<Transcript>>,
    reader: AbortHandle,
}

/// What came.
#[derive(Debug)]
pub(super) enum Arrival {
    Text(String),
    Binary(usize),
    Closed(Closed),
    /// What came is not WebSocket.
    Broken(String),
}

impl Link {
    pub(super) fn start(socket: Socket, url: &str) -> Self {
        let mut transcript = Transcript::new();
        transcript.record(Entry::Note(format!("connected to {url}")));
        let transcript = Arc::new(Mutex::new(transcript));
        let (sink, stream) = socket.split();
        // Unbounded: what comes while a provider state is set up has to be dated when it comes.
        let (arrival, arrivals) = mpsc::unbounded_channel();
        let reader = tokio::spawn(read(stream, arrival, Arc::clone(&transcript)));
        Self { sink, arrivals, transcript, reader: reader.abort_handle() }
    }

    /// Sends a frame.
    pub(super) async fn send(&mut self, frame: &Value) -> Result<(), String> {
        let text = frame.to_string();
        // Recorded first: the answer may come before the sending returns.
        self.record(Entry::Sent(Content::Text(text.clone())));
        let sent = tokio::time::timeout(WRITTEN_WITHIN, self.sink.send(Message::text(text))).await;
        match sent {
            Ok(sent) => sent.map_err(|error| error.to_string()),
            Err(_) => Err(format!("the server has not taken a frame within {WRITTEN_WITHIN:?}")),
        }
    }

    /// The next thing that comes, until then; `None` where nothing does.
    pub(super) async fn next(&mut self, until: Instant) -> Option<(Instant, Arrival)> {
        timeout_at(until, self.arrivals.recv()).await.ok().flatten()
    }

    /// Says goodbye, and does not wait for an answer.
    pub(super) async fn close(&mut self) {
        self.record(Entry::Sent(Content::Close(Some(1000), String::new())));
        let goodbye = Message::close(Some(CloseCode::NORMAL_CLOSURE), "");
        let _ = tokio::time::timeout(WRITTEN_WITHIN, self.sink.send(goodbye)).await;
    }

    pub(super) fn note(&self, note: &str) {
        self.record(Entry::Note(note.to_owned()));
    }

    pub(super) fn transcript(&self) -> String {
        self.transcript.lock().unwrap_or_else(PoisonError::into_inner).to_string()
    }

    fn record(&self, entry: Entry) {
        self.transcript.lock().unwrap_or_else(PoisonError::into_inner).record(entry);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(
    mut stream: SplitStream<Socket>,
    arrival: mpsc::UnboundedSender<(Instant, Arrival)>,
    transcript: Arc<Mutex<Transcript>>,
) {
    let record = |entry| transcript.lock().unwrap_or_else(PoisonError::into_inner).record(entry);
    let mut closed = None;
    loop {
        let came = match stream.next().await {
            Some(Ok(message)) => {
                if let Some((code, reason)) = message.as_close() {
                    // The next turn answers it.
                    closed = Some(Closed { code: Some(code.into()), reason: reason.to_owned() });
                    continue;
                }
                let content = content(&message);
                let came = match &content {
                    Content::Text(text) => Some(Arrival::Text(text.clone())),
                    Content::Binary(length) => Some(Arrival::Binary(*length)),
                    // The protocol's own pings are answered by the library.
                    _ => None,
                };
                record(Entry::Received(content));
                came
            }
            Some(Err(Error::Io(error))) => {
                let closed = closed.take().unwrap_or(Closed { code: None, reason: error.to_string() });
                Some(Arrival::Closed(closed))
            }
            Some(Err(error)) => Some(Arrival::Broken(format!("the server broke the WebSocket protocol: {error}"))),
            None => Some(Arrival::Closed(closed.take().unwrap_or(Closed { code: None, reason: String::new() }))),
        };
        let Some(came) = came else { continue };
        let is_last = match &came {
            Arrival::Closed(Closed { code: Some(code), reason }) => {
                record(Entry::Received(Content::Close((*code != 1005).then_some(*code), reason.clone())));
                true
            }
            Arrival::Closed(closed) => {
                record(Entry::Note(closed.to_string()));
                true
            }
            Arrival::Broken(what) => {
                record(Entry::Note(what.clone()));
                true
            }
            _ => false,
        };
        if arrival.send((Instant::now(), came)).is_err() || is_last {
            return;
        }
    }
}

fn content(message: &Message) -> Content {
    match message.as_text() {
        Some(text) => Content::Text(text.to_owned()),
        None if message.is_ping() => Content::Ping,
        None if message.is_pong() => Content::Pong,
        None => Content::Binary(message.as_payload().len()),
    }
}
