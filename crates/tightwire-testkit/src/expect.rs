//! Expectations that can be narrowed before they are awaited.
//!
//! They are strict: the next frame has to be the expected one, so that a frame too many fails the test that did not
//! expect it. [`Expect::on`] and [`Expect::answering`] look only at the frames of one topic or request and leave the
//! others for later; [`Expect::anywhere`] also lets other types come first.

use std::collections::VecDeque;
use std::fmt::{self, Display};
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::Instant;
use uuid::Uuid;

use crate::client::{Place, Waited, WsClient};
use crate::frame::Frame;
use crate::sequence::Sequence;

/// Which frames an expectation looks at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) topic: Option<String>,
    pub(crate) answering: Option<Uuid>,
}

/// Waits for one frame; `.await` gives it. Made by [`WsClient::expect`].
#[must_use = "an expectation only looks when it is awaited"]
#[derive(Debug)]
pub struct Expect<'a> {
    at: Place,
    client: &'a mut WsClient,
    wire_type: String,
    within: Duration,
    filter: Filter,
    anywhere: bool,
}

/// Waits for one frame; `.await` gives its payload. Made by [`Expect::data`].
#[must_use = "an expectation only looks when it is awaited"]
#[derive(Debug)]
pub struct ExpectData<'a, T> {
    expect: Expect<'a>,
    data: PhantomData<fn() -> T>,
}

/// Waits for several frames; `.await` gives them. Made by [`WsClient::expect_sequence`].
#[must_use = "an expectation only looks when it is awaited"]
#[derive(Debug)]
pub struct ExpectSequence<'a> {
    at: Place,
    client: &'a mut WsClient,
    sequence: Sequence,
    within: Duration,
    filter: Filter,
}

/// Waits for the end of the connection; `.await` gives the reason of the close frame. Made by
/// [`WsClient::expect_close`].
#[must_use = "an expectation only looks when it is awaited"]
#[derive(Debug)]
pub struct ExpectClose<'a> {
    at: Place,
    client: &'a mut WsClient,
    code: u16,
    within: Duration,
    anywhere: bool,
}

type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl<'a> Expect<'a> {
    pub(crate) fn new(at: Place, client: &'a mut WsClient, wire_type: &str) -> Self {
        let within = client.patience();
        Self { at, client, wire_type: wire_type.to_owned(), within, filter: Filter::default(), anywhere: false }
    }

    /// Waits that long. Default: the harness's `within`.
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Looks only at frames on that topic.
    pub fn on(mut self, topic: impl Display) -> Self {
        self.filter.topic = Some(topic.to_string());
        self
    }

    /// Looks only at frames whose `correlation_id` is that id.
    pub fn answering(mut self, id: Uuid) -> Self {
        self.filter.answering = Some(id);
        self
    }

    /// Lets frames of other types come first. They stay for later expectations.
    pub fn anywhere(mut self) -> Self {
        self.anywhere = true;
        self
    }

    /// Gives the payload instead of the frame.
    pub fn data<T: DeserializeOwned>(self) -> ExpectData<'a, T> {
        ExpectData { expect: self, data: PhantomData }
    }

    async fn frame(&mut self) -> Frame {
        let Self { at, wire_type, within, filter, anywhere, .. } = self;
        let expected = format!("`{wire_type}`{filter} within {within:?}");
        let pick = |inbox: &VecDeque<Frame>| {
            let mut candidates = inbox.iter().enumerate().filter(|(_, frame)| filter.lets_through(frame));
            if *anywhere {
                return Ok(candidates.find(|(_, frame)| frame.wire_type == *wire_type).map(|(index, _)| index));
            }
            match candidates.next() {
                Some((_, frame)) if frame.wire_type != *wire_type => Err(frame.to_string()),
                next => Ok(next.map(|(index, _)| index)),
            }
        };
        self.client.take_frame(at, *within, &expected, pick).await
    }
}

impl<T> ExpectData<'_, T> {
    /// As [`Expect::within`].
    pub fn within(self, within: Duration) -> Self {
        Self { expect: self.expect.within(within), ..self }
    }

    /// As [`Expect::on`].
    pub fn on(self, topic: impl Display) -> Self {
        Self { expect: self.expect.on(topic), ..self }
    }

    /// As [`Expect::answering`].
    pub fn answering(self, id: Uuid) -> Self {
        Self { expect: self.expect.answering(id), ..self }
    }

    /// As [`Expect::anywhere`].
    pub fn anywhere(self) -> Self {
        Self { expect: self.expect.anywhere(), ..self }
    }
}

impl<'a> IntoFuture for Expect<'a> {
    type Output = Frame;
    type IntoFuture = Waiting<'a, Frame>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { self.frame().await })
    }
}

impl<'a, T: DeserializeOwned + 'a> IntoFuture for ExpectData<'a, T> {
    type Output = T;
    type IntoFuture = Waiting<'a, T>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { mut expect, .. } = self;
        Box::pin(async move {
            let frame = expect.frame().await;
            match frame.try_data_as() {
                Ok(data) => data,
                Err(error) => {
                    let expected = format!("`{}` that can be read", expect.wire_type);
                    expect.client.fail(expect.at, &expected, &format!("{frame}\n{error}"))
                }
            }
        })
    }
}

impl<'a> ExpectSequence<'a> {
    #[track_caller]
    pub(crate) fn new(at: Place, client: &'a mut WsClient, pattern: &str) -> Self {
        let sequence = match pattern.parse() {
            Ok(sequence) => sequence,
            Err(error) => panic!("{error}"),
        };
        let within = client.patience();
        Self { at, client, sequence, within, filter: Filter::default() }
    }

    /// Waits that long for the whole sequence. Default: the harness's `within`. Where the pattern's last step may repeat
    /// or be absent, this is also how long silence has to last to end it.
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Looks only at frames on that topic.
    pub fn on(mut self, topic: impl Display) -> Self {
        self.filter.topic = Some(topic.to_string());
        self
    }

    /// Looks only at frames whose `correlation_id` is that id.
    pub fn answering(mut self, id: Uuid) -> Self {
        self.filter.answering = Some(id);
        self
    }

    async fn frames(self) -> Vec<Frame> {
        let Self { at, client, sequence, within, filter } = self;
        let deadline = Instant::now() + within;
        let mut progress = sequence.progress();
        let mut frames: Vec<Frame> = Vec::new();
        client.collect(at);
        loop {
            if progress.must_end() {
                return frames;
            }
            let arrived = match client.inbox().iter().position(|frame| filter.lets_through(frame)) {
                Some(index) if progress.take(&client.inbox()[index].wire_type) => {
                    frames.extend(client.inbox().remove(index));
                    continue;
                }
                Some(index) => client.inbox()[index].to_string(),
                None => match client.wait(at, deadline).await {
                    Waited::Frame => continue,
                    Waited::Closed => client.ending(),
                    Waited::TimedOut => client.silence(),
                },
            };
            if progress.may_end() {
                return frames;
            }
            let next = progress.expected().iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
            let taken = frames.len();
            client.fail(at, &format!("{sequence}{filter} within {within:?}; after {taken} frames {next}"), &arrived);
        }
    }
}

impl<'a> IntoFuture for ExpectSequence<'a> {
    type Output = Vec<Frame>;
    type IntoFuture = Waiting<'a, Vec<Frame>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.frames())
    }
}

impl<'a> ExpectClose<'a> {
    pub(crate) fn new(at: Place, client: &'a mut WsClient, code: u16) -> Self {
        let within = client.patience();
        Self { at, client, code, within, anywhere: false }
    }

    /// Waits that long. Default: the harness's `within`.
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Lets frames come before the close. They stay for later expectations.
    pub fn anywhere(mut self) -> Self {
        self.anywhere = true;
        self
    }

    async fn reason(self) -> String {
        let Self { at, client, code, within, anywhere } = self;
        let expected = format!("close {code} within {within:?}");
        let deadline = Instant::now() + within;
        client.collect(at);
        loop {
            if !anywhere && let Some(frame) = client.inbox().front() {
                let arrived = frame.to_string();
                client.fail(at, &expected, &arrived);
            }
            match client.wait(at, deadline).await {
                Waited::Frame => {}
                Waited::TimedOut => client.fail(at, &expected, "the connection is still open"),
                Waited::Closed => match client.closed() {
                    Some(closed) if closed.code == Some(code) => return closed.reason.clone(),
                    _ => client.fail(at, &expected, &client.ending()),
                },
            }
        }
    }
}

impl<'a> IntoFuture for ExpectClose<'a> {
    type Output = String;
    type IntoFuture = Waiting<'a, String>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.reason())
    }
}

impl Filter {
    pub(crate) fn lets_through(&self, frame: &Frame) -> bool {
        self.topic.as_ref().is_none_or(|topic| *topic == frame.topic)
            && self.answering.is_none_or(|id| frame.correlation_id == Some(id))
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(topic) = &self.topic {
            write!(f, " on {topic}")?;
        }
        if let Some(id) = self.answering {
            write!(f, " answering {id}")?;
        }
        Ok(())
    }
}

/// Expects the next frames to match a sequence: `expect_seq!(client, [stream_start, stream_chunk+, stream_end]).await`.
///
/// A step is a message type, with `+` (once or more), `*` (any number) or `?` (once or not at all) after it. Gives an
/// [`ExpectSequence`](crate::expect::ExpectSequence), whose `.on(topic)`, `.answering(id)` and `.within(duration)` narrow
/// it; awaited, it gives the frames.
#[macro_export]
macro_rules! expect_seq {
    ($client:expr, [$($step:tt)*]) => {
        $client.expect_sequence(::core::stringify!($($step)*))
    };
}
