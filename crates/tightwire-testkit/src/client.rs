//! A client of the server under test: what it sends, and what it does with what arrives.
//!
//! Expectations that wait for particular frames are in [`expect`](crate::expect).

use std::collections::VecDeque;
use std::fmt::Display;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use http::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tightwire::ServerMessage;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::time::Instant;
use tokio_websockets::{CloseCode, Message};
use uuid::Uuid;

pub use crate::connection::Closed;
use crate::connection::{Connection, Event, violations};
use crate::contract::{Contract, Direction};
use crate::expect::{Expect, ExpectClose, ExpectData, ExpectSequence, Filter};
use crate::failure::Failure;
use crate::frame::{self, Frame};
use crate::time;

/// A connected client.
///
/// Every method that waits fails the test (it panics) where what it waits for does not come, and every method fails it
/// where a received frame was not what the contract promises. The message names the line of the test and ends with the
/// transcript of the connection.
#[derive(Debug)]
pub struct WsClient {
    connection: Connection,
    contract: Contract,
    check_contract: bool,
    within: Duration,
    response: Response<()>,
    connected_at: Place,
    /// Frames that have arrived and no expectation has taken, oldest first.
    inbox: VecDeque<Frame>,
    /// How the connection ended, once everything before has been put into the inbox.
    closed: Option<Closed>,
}

/// Where a line of a test is.
pub(crate) type Place = &'static Location<'static>;

/// What became of waiting for one more frame.
pub(crate) enum Waited {
    Frame,
    Closed,
    TimedOut,
}

impl WsClient {
    pub(crate) fn new(
        connection: Connection,
        contract: Contract,
        check_contract: bool,
        within: Duration,
        response: Response<()>,
        connected_at: Place,
    ) -> Self {
        let (inbox, closed) = (VecDeque::new(), None);
        Self { connection, contract, check_contract, within, response, connected_at, inbox, closed }
    }

    /// Sends a message in an envelope of its own and gives its `id` back. The frame is checked against the contract
    /// first, so that a test which means to be correct is.
    #[track_caller]
    pub fn send(&mut self, wire_type: &str, topic: impl Display, data: impl Serialize) -> impl Future<Output = Uuid> {
        let at = Location::caller();
        let prepared = self.prepare(at, wire_type, &topic.to_string(), &data, self.check_contract);
        self.send_prepared(at, prepared)
    }

    /// Sends a message in an envelope of its own, whatever the contract says to it.
    #[track_caller]
    pub fn send_unchecked(
        &mut self,
        wire_type: &str,
        topic: impl Display,
        data: impl Serialize,
    ) -> impl Future<Output = Uuid> {
        let at = Location::caller();
        let prepared = self.prepare(at, wire_type, &topic.to_string(), &data, false);
        self.send_prepared(at, prepared)
    }

    /// Sends a whole frame as it is.
    #[track_caller]
    pub fn send_frame(&mut self, frame: &Value) -> impl Future<Output = ()> {
        self.send_message(Location::caller(), Message::text(frame.to_string()))
    }

    /// Sends a text frame as it is.
    #[track_caller]
    pub fn send_text(&mut self, text: &str) -> impl Future<Output = ()> {
        self.send_message(Location::caller(), Message::text(text.to_owned()))
    }

    /// Sends a binary frame.
    #[track_caller]
    pub fn send_binary(&mut self, bytes: &[u8]) -> impl Future<Output = ()> {
        self.send_message(Location::caller(), Message::binary(bytes.to_vec()))
    }

    /// Sends a message and waits for its reply: the first frame whose `correlation_id` is the message's `id`. An `error`
    /// frame is a reply too. Frames that arrive before it stay for later expectations.
    #[track_caller]
    pub fn request(
        &mut self,
        wire_type: &str,
        topic: impl Display,
        data: impl Serialize,
    ) -> impl Future<Output = Frame> {
        let at = Location::caller();
        let (id, sent) = self.prepare(at, wire_type, &topic.to_string(), &data, self.check_contract);
        let wire_type = wire_type.to_owned();
        async move {
            self.send_message(at, sent).await;
            let within = self.within;
            let filter = Filter { answering: Some(id), ..Filter::default() };
            let expected = format!("a reply to `{wire_type}` {id} within {within:?}");
            self.take_frame(at, within, &expected, |inbox| {
                Ok(inbox.iter().position(|frame| filter.lets_through(frame)))
            })
            .await
        }
    }

    /// Expects the next frame to be a message of that type.
    #[track_caller]
    pub fn expect(&mut self, wire_type: &str) -> Expect<'_> {
        Expect::new(Location::caller(), self, wire_type)
    }

    /// Expects the next frame to be that generated message, and gives its payload:
    /// `client.expect_message::<chat::StreamChunk>().await`.
    #[track_caller]
    pub fn expect_message<M: ServerMessage + DeserializeOwned>(&mut self) -> ExpectData<'_, M> {
        self.expect(M::TYPE).data()
    }

    /// Expects the next frames to match a pattern such as `"stream_start, stream_chunk+, stream_end"`; the macro
    /// [`expect_seq!`](crate::expect_seq) writes it without quotes.
    ///
    /// # Panics
    /// Where the text is not a pattern.
    #[track_caller]
    pub fn expect_sequence(&mut self, pattern: &str) -> ExpectSequence<'_> {
        ExpectSequence::new(Location::caller(), self, pattern)
    }

    /// Expects the server to close with that code, with no frame before it.
    #[track_caller]
    pub fn expect_close(&mut self, code: u16) -> ExpectClose<'_> {
        ExpectClose::new(Location::caller(), self, code)
    }

    /// Expects that neither a frame nor a close arrives for that long.
    #[track_caller]
    pub fn expect_none(&mut self, within: Duration) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let expected = format!("no frame for {within:?}");
            let deadline = Instant::now() + within;
            self.collect(at);
            loop {
                if let Some(frame) = self.inbox.front() {
                    let arrived = frame.to_string();
                    self.fail(at, &expected, &arrived);
                }
                match self.wait(at, deadline).await {
                    Waited::Frame => {}
                    Waited::Closed => self.fail(at, &expected, &self.ending()),
                    Waited::TimedOut => return,
                }
            }
        }
    }

    /// Takes the next frame, whatever it is.
    #[track_caller]
    pub fn next_frame(&mut self) -> impl Future<Output = Frame> {
        let at = Location::caller();
        async move {
            let within = self.within;
            let expected = format!("a frame within {within:?}");
            self.take_frame(at, within, &expected, |inbox| Ok((!inbox.is_empty()).then_some(0))).await
        }
    }

    /// Takes every frame that has arrived, after letting every task run that can. Over a real socket more may be on its
    /// way; there, expect what should come.
    #[track_caller]
    pub fn drain(&mut self) -> impl Future<Output = Vec<Frame>> {
        let at = Location::caller();
        async move {
            time::settle().await;
            self.collect(at);
            self.inbox.drain(..).collect()
        }
    }

    /// Says goodbye with code 1000 and waits for the server's answer; frames that come before it are dropped.
    #[track_caller]
    pub fn close(mut self) -> impl Future<Output = Closed> {
        let at = Location::caller();
        async move {
            self.send_message(at, Message::close(Some(CloseCode::NORMAL_CLOSURE), "")).await;
            let deadline = Instant::now() + self.within;
            loop {
                match self.wait(at, deadline).await {
                    Waited::Frame => {}
                    Waited::Closed => {
                        return self.closed.take().unwrap_or(Closed { code: None, reason: String::new() });
                    }
                    Waited::TimedOut => {
                        let expected = format!("an answer to the close frame within {:?}", self.within);
                        self.fail(at, &expected, "nothing")
                    }
                }
            }
        }
    }

    /// Stops reading from the socket, as a client that hangs would. Its buffers fill, then the server's.
    pub fn stop_reading(&mut self) {
        self.connection.set_reading(false);
    }

    /// Reads again after [`WsClient::stop_reading`].
    pub fn read_again(&mut self) {
        self.connection.set_reading(true);
    }

    /// Lets the next frame on the topic have any position. Announced gaps (`replay_gap`) and topics that are no longer
    /// in `subscription_updated` are let go without this.
    pub fn forget_position(&mut self, topic: impl Display) {
        self.connection.forget_position(&topic.to_string());
    }

    /// A header of the server's answer to the handshake.
    #[must_use]
    pub fn response_header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The subprotocol that the server chose.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.response_header("sec-websocket-protocol")
    }

    /// What went over the connection so far.
    #[must_use]
    pub fn transcript(&self) -> String {
        self.connection.transcript()
    }

    pub(crate) fn patience(&self) -> Duration {
        self.within
    }

    pub(crate) fn inbox(&mut self) -> &mut VecDeque<Frame> {
        &mut self.inbox
    }

    pub(crate) fn closed(&self) -> Option<&Closed> {
        self.closed.as_ref()
    }

    /// Waits until `pick` finds a frame in the inbox, and takes it. Where `pick` says that the wrong one is there, or
    /// nothing comes in time, the test fails.
    pub(crate) async fn take_frame(
        &mut self,
        at: Place,
        within: Duration,
        expected: &str,
        pick: impl Fn(&VecDeque<Frame>) -> Result<Option<usize>, String>,
    ) -> Frame {
        let deadline = Instant::now() + within;
        self.collect(at);
        loop {
            match pick(&self.inbox) {
                Ok(found) => {
                    if let Some(frame) = found.and_then(|index| self.inbox.remove(index)) {
                        return frame;
                    }
                }
                Err(arrived) => self.fail(at, expected, &arrived),
            }
            match self.wait(at, deadline).await {
                Waited::Frame => {}
                Waited::Closed => self.fail(at, expected, &self.ending()),
                Waited::TimedOut => self.fail(at, expected, &self.silence()),
            }
        }
    }

    /// Waits for one more frame in the inbox.
    pub(crate) async fn wait(&mut self, at: Place, deadline: Instant) -> Waited {
        if self.closed.is_some() {
            return Waited::Closed;
        }
        match tokio::time::timeout_at(deadline, self.connection.events.recv()).await {
            Err(_) => Waited::TimedOut,
            Ok(event) => self.accept(at, event),
        }
    }

    /// Puts what has arrived into the inbox.
    pub(crate) fn collect(&mut self, at: Place) {
        loop {
            match self.connection.events.try_recv() {
                Ok(event) => {
                    self.accept(at, Some(event));
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return self.fail_on_fault(at),
            }
        }
    }

    /// Fails the test.
    pub(crate) fn fail(&self, at: Place, expected: &str, arrived: &str) -> ! {
        Failure {
            at,
            expected: expected.to_owned(),
            arrived: arrived.to_owned(),
            transcript: self.connection.transcript(),
        }
        .raise()
    }

    /// How the connection ended, in words.
    pub(crate) fn ending(&self) -> String {
        self.closed.as_ref().map_or_else(|| "nothing".to_owned(), Closed::to_string)
    }

    /// What there is where the awaited frame is not.
    pub(crate) fn silence(&self) -> String {
        match self.inbox.len() {
            0 => "nothing".to_owned(),
            1 => format!("only {}", self.inbox[0]),
            count => format!("{count} other frames, the first of them {}", self.inbox[0]),
        }
    }

    fn accept(&mut self, at: Place, event: Option<Event>) -> Waited {
        match event {
            Some(Event::Frame(frame)) => {
                self.inbox.push_back(frame);
                Waited::Frame
            }
            Some(Event::Closed(closed)) => {
                self.closed = Some(closed);
                Waited::Closed
            }
            Some(Event::Fault) => {
                self.fail_on_fault(at);
                Waited::Frame
            }
            None => {
                self.closed = Some(Closed { code: None, reason: "the reading task is gone".to_owned() });
                Waited::Closed
            }
        }
    }

    fn fail_on_fault(&self, at: Place) {
        if let Some(fault) = self.connection.take_fault() {
            self.fail(at, "every frame of the server to follow the contract", &fault);
        }
    }

    async fn send_prepared(&mut self, at: Place, (id, message): (Uuid, Message)) -> Uuid {
        self.send_message(at, message).await;
        id
    }

    fn prepare(&self, at: Place, wire_type: &str, topic: &str, data: &impl Serialize, check: bool) -> (Uuid, Message) {
        let data = match serde_json::to_value(data) {
            Ok(data) => data,
            Err(error) => self.fail(at, "data that is JSON", &error.to_string()),
        };
        let (id, frame) = frame::envelope(wire_type, topic, data);
        if check && let Err(found) = self.contract.check(Direction::ToServer, &frame) {
            let arrived = violations(&frame.to_string(), &found);
            self.fail(at, "the test to send a frame that follows the contract (or use send_unchecked)", &arrived);
        }
        (id, Message::text(frame.to_string()))
    }

    async fn send_message(&mut self, at: Place, message: Message) {
        self.collect(at);
        let within = self.within;
        let arrived = match tokio::time::timeout(within, self.connection.send(message)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => match &self.closed {
                Some(closed) => format!("{error} ({closed})"),
                None => error,
            },
            Err(_) => "it did not: its buffers are full".to_owned(),
        };
        self.fail(at, &format!("the server to take a frame within {within:?}"), &arrived)
    }
}

impl Drop for WsClient {
    /// A frame that violates the contract fails the test even where the test never looked at it. No line of the test is to
    /// blame then, so the message names the one that connected.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.fail_on_fault(self.connected_at);
        }
    }
}
