//! One WebSocket connection in the background: reads, checks, answers pings, and writes.
//!
//! Reading does not wait for the test to ask, so that a heartbeat is answered while the test does something else and the
//! transcript shows when a frame really came. Two tasks own the two halves of the socket; a client that is too busy to
//! write still reads, as a browser would.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tokio_websockets::{CloseCode, Error, Message, WebSocketStream};

use crate::contract::{Contract, Direction, Violation};
use crate::frame::Frame;
use crate::json;
use crate::positions::Positions;
use crate::session;
use crate::transcript::{Content, Entry, Transcript};

/// What is done with every frame.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) contract: Contract,
    pub(crate) check_contract: bool,
    pub(crate) check_positions: bool,
    pub(crate) answer_pings: bool,
}

/// What the reading task tells the client.
#[derive(Debug)]
pub(crate) enum Event {
    /// A frame that passed the checks.
    Frame(Frame),
    /// The connection is over.
    Closed(Closed),
    /// A frame did not pass; [`Connection::fault`] has the text.
    Fault,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The code of the server's close frame (1005 where it carried none); `None` where the connection ended without one.
    pub code: Option<u16>,
    /// The reason beside the code, or what the transport said.
    pub reason: String,
}

/// The client's end of the two tasks. Dropping it ends both and the socket with them.
#[derive(Debug)]
pub(crate) struct Connection {
    state: Arc<Mutex<State>>,
    outgoing: mpsc::UnboundedSender<Outgoing>,
    pub(crate) events: mpsc::UnboundedReceiver<Event>,
    reading: watch::Sender<bool>,
    tasks: [AbortHandle; 2],
}

/// Written by both tasks and the client, never held across an await.
#[derive(Debug)]
struct State {
    transcript: Transcript,
    positions: Positions,
    /// The first frame that did not pass. Later ones would only be consequences.
    fault: Option<String>,
}

struct Outgoing {
    message: Message,
    written: oneshot::Sender<Result<(), String>>,
}

impl Connection {
    pub(crate) fn start<S>(socket: WebSocketStream<S>, rules: Rules, opening: String) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut transcript = Transcript::new();
        transcript.record(Entry::Note(opening));
        let state = Arc::new(Mutex::new(State { transcript, positions: Positions::default(), fault: None }));
        // Unbounded, because a test must be able to look at every frame that has arrived; a test that wants back pressure
        // stops reading.
        let (outgoing, to_write) = mpsc::unbounded_channel();
        let (event, events) = mpsc::unbounded_channel();
        let (reading, may_read) = watch::channel(true);
        let (sink, stream) = socket.split();
        let writer = tokio::spawn(write(sink, to_write, Arc::clone(&state)));
        let writer = writer.abort_handle();
        let reader =
            Reader { event, state: Arc::clone(&state), rules, outgoing: outgoing.clone(), writer: writer.clone() };
        let reader = tokio::spawn(reader.run(stream, may_read));
        let tasks = [writer, reader.abort_handle()];
        Self { state, outgoing, events, reading, tasks }
    }

    /// Writes a message, and returns when the socket has taken it.
    pub(crate) async fn send(&self, message: Message) -> Result<(), String> {
        enqueue(&self.outgoing, message).await.unwrap_or_else(|_| Err("the connection is over".to_owned()))
    }

    /// Stops or continues reading.
    pub(crate) fn set_reading(&self, reading: bool) {
        self.note(if reading { "the client reads again" } else { "the client stops reading" });
        self.reading.send_replace(reading);
    }

    pub(crate) fn note(&self, note: &str) {
        lock(&self.state).transcript.record(Entry::Note(note.to_owned()));
    }

    pub(crate) fn transcript(&self) -> String {
        lock(&self.state).transcript.to_string()
    }

    /// What was wrong with a received frame, once.
    pub(crate) fn take_fault(&self) -> Option<String> {
        lock(&self.state).fault.take()
    }

    pub(crate) fn forget_position(&self, topic: &str) {
        lock(&self.state).positions.forget(topic);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

struct Reader {
    event: mpsc::UnboundedSender<Event>,
    state: Arc<Mutex<State>>,
    rules: Rules,
    outgoing: mpsc::UnboundedSender<Outgoing>,
    writer: AbortHandle,
}

impl Reader {
    async fn run<S>(self, mut stream: SplitStream<WebSocketStream<S>>, mut may_read: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut closed = None;
        loop {
            if may_read.wait_for(|reading| *reading).await.is_err() {
                return;
            }
            let next = tokio::select! {
                biased;
                changed = may_read.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                next = stream.next() => next,
            };
            match next {
                Some(Ok(message)) if message.is_close() => {
                    // The next turn of the loop sends the answer to the close frame.
                    closed = message.as_close().map(|(code, reason)| Closed::with(code, reason));
                }
                Some(Ok(message)) => self.receive(&message),
                Some(Err(Error::Io(error))) => return self.end(closed, error.to_string()),
                Some(Err(error)) => self.fault(format!("the server broke the WebSocket protocol: {error}")),
                None => return self.end(closed, String::new()),
            }
        }
    }

    fn receive(&self, message: &Message) {
        if let Some(text) = message.as_text() {
            self.record(Content::Text(text.to_owned()));
            match self.inspect(text) {
                Ok(frame) => self.pass_on(frame),
                Err(fault) => self.fault(fault),
            }
        } else if message.is_binary() {
            self.record(Content::Binary(message.as_payload().len()));
            self.fault("a binary frame: frames are JSON text".to_owned());
        } else {
            self.record(if message.is_ping() { Content::Ping } else { Content::Pong });
        }
    }

    fn inspect(&self, text: &str) -> Result<Frame, String> {
        let value = if self.rules.check_contract {
            self.rules.contract.check_text(Direction::ToClient, text).map_err(|v| violations(text, &v))?
        } else {
            serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?
        };
        let frame: Frame =
            serde_json::from_value(value).map_err(|error| format!("a frame without the envelope: {error}"))?;
        if self.rules.check_positions {
            let positions = &mut lock(&self.state).positions;
            session::release(&frame, positions);
            positions.observe(&frame).map_err(|error| format!("{frame}\n{error}"))?;
        }
        Ok(frame)
    }

    fn pass_on(&self, frame: Frame) {
        if self.rules.answer_pings
            && let Some(pong) = session::pong_for(&frame)
        {
            if self.rules.check_contract
                && let Err(found) = self.rules.contract.check(Direction::ToServer, &pong)
            {
                return self.fault(format!(
                    "a ping that the contract has no pong for: {}\nanswer pings in the test and turn `answer_pings` off",
                    violations(&pong.to_string(), &found)
                ));
            }
            // Nobody waits for it to be written: reading goes on even where the server does not read.
            drop(enqueue(&self.outgoing, Message::text(pong.to_string())));
            return;
        }
        let _ = self.event.send(Event::Frame(frame));
    }

    fn end(&self, closed: Option<Closed>, transport: String) {
        let closed = closed.unwrap_or(Closed { code: None, reason: transport });
        let entry = match closed.code {
            Some(code) => Entry::Received(Content::Close((code != 1005).then_some(code), closed.reason.clone())),
            None => Entry::Note(closed.to_string()),
        };
        lock(&self.state).transcript.record(entry);
        if closed.code.is_some() {
            // Both have said goodbye. What holds the socket open is let go, because the server may wait for that.
            self.writer.abort();
        }
        let _ = self.event.send(Event::Closed(closed));
    }

    fn fault(&self, fault: String) {
        lock(&self.state).fault.get_or_insert(fault);
        let _ = self.event.send(Event::Fault);
    }

    fn record(&self, content: Content) {
        lock(&self.state).transcript.record(Entry::Received(content));
    }
}

impl Closed {
    fn with(code: CloseCode, reason: &str) -> Self {
        Self { code: Some(code.into()), reason: reason.to_owned() }
    }
}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            None if self.reason.is_empty() => f.write_str("the connection ended without a close frame"),
            None => write!(f, "the connection ended without a close frame: {}", self.reason),
            Some(1005) => f.write_str("close without a code"),
            Some(code) if self.reason.is_empty() => write!(f, "close {code}"),
            Some(code) => write!(f, "close {code} {:?}", self.reason),
        }
    }
}

/// Puts the message into the writer's queue at once; the receiver tells when it is written.
fn enqueue(outgoing: &mpsc::UnboundedSender<Outgoing>, message: Message) -> oneshot::Receiver<Result<(), String>> {
    let (written, receipt) = oneshot::channel();
    // Where the writer is gone, the receipt is closed, which says the same.
    let _ = outgoing.send(Outgoing { message, written });
    receipt
}

async fn write<S>(
    mut sink: SplitSink<WebSocketStream<S>, Message>,
    mut to_write: mpsc::UnboundedReceiver<Outgoing>,
    state: Arc<Mutex<State>>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Outgoing { message, written }) = to_write.recv().await {
        // Recorded first: the answer may arrive before the flush returns.
        lock(&state).transcript.record(Entry::Sent(content(&message)));
        let result = sink.send(message).await.map_err(|error| error.to_string());
        if let Err(error) = &result {
            lock(&state).transcript.record(Entry::Note(format!("could not be sent: {error}")));
        }
        let _ = written.send(result);
    }
}

fn content(message: &Message) -> Content {
    if let Some((code, reason)) = message.as_close() {
        let code = u16::from(code);
        return Content::Close((code != 1005).then_some(code), reason.to_owned());
    }
    match message.as_text() {
        Some(text) => Content::Text(text.to_owned()),
        None if message.is_ping() => Content::Ping,
        None if message.is_pong() => Content::Pong,
        None => Content::Binary(message.as_payload().len()),
    }
}

/// The frame, and under it each violation on a line of its own.
pub(crate) fn violations(frame: &str, violations: &[Violation]) -> String {
    let shown = match json::parse(frame) {
        Ok(value) => json::one_line(&value),
        Err(_) => format!("{:?}", json::shorten(frame, 600)),
    };
    let mut text = format!("a frame that violates the contract: {shown}");
    for violation in violations {
        text.push_str("\n  ");
        text.push_str(&violation.to_string());
    }
    text
}

/// A poisoned lock only means that a test has failed already; its transcript is still worth printing.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
