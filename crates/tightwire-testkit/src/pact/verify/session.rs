//! A connection as one interaction sees it: frames with the names of their messages, held against the contract; the session's
//! greeting, heartbeat and subscriptions.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::finding::Finding;
use super::link::{Arrival, Link};
use super::names::{self, Names};
use crate::connection::Closed;
use crate::contract::Direction;
use crate::frame::{self, Frame};
use crate::json as text;
use crate::positions::Positions;
use crate::session;

/// A connection.
pub(super) struct Session<'a> {
    link: Link,
    names: &'a Names,
    is_enveloped: bool,
    positions: Positions,
    /// A frame was missing, repeated or out of order: what follows are consequences.
    is_out_of_order: bool,
    /// What is wrong with frames whatever the interaction expects.
    findings: Vec<Finding>,
    received: usize,
}

/// A frame of the server.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) at: Instant,
    /// The message that it is, if anybody can say.
    pub(super) name: Option<String>,
    pub(super) frame: Value,
}

/// What came of waiting.
#[derive(Debug)]
pub(super) enum Came {
    Frame(Received),
    Closed(Instant, Closed),
    Nothing,
}

impl<'a> Session<'a> {
    pub(super) fn new(link: Link, names: &'a Names, is_enveloped: bool) -> Self {
        Self {
            link,
            names,
            is_enveloped,
            positions: Positions::default(),
            is_out_of_order: false,
            findings: Vec::new(),
            received: 0,
        }
    }

    /// Waits for the server's greeting, where it has one.
    pub(super) async fn greeting(&mut self, patience: Duration) -> Result<Option<Received>, Finding> {
        if !self.is_enveloped || !self.names.has_greeting() {
            return Ok(None);
        }
        let expected = "`connection_established`";
        match self.next(Instant::now() + patience).await {
            Came::Frame(received) if received.name.as_deref() == Some("connection_established") => Ok(Some(received)),
            Came::Frame(received) => {
                Err(Finding::new("session", expected, text::one_line(&received.frame)).of("the first frame"))
            }
            Came::Closed(_, closed) => {
                Err(Finding::new("connection", expected, closed.to_string()).of("the first frame"))
            }
            Came::Nothing => {
                let expected = format!("{expected} within {patience:?}");
                Err(Finding::new("session", expected, "nothing").of("the first frame"))
            }
        }
    }

    /// Subscribes to topics, and gives what came beside the answer.
    pub(super) async fn subscribe(&mut self, topics: &[String], patience: Duration) -> Result<Vec<Received>, Finding> {
        let mut beside = Vec::new();
        if topics.is_empty() {
            return Ok(beside);
        }
        let (id, request) = frame::envelope("subscribe", "system", json!({"topics": topics}));
        let expected = format!("`subscription_updated` with {}", topics.join(", "));
        let failed =
            |rule: &str, actual: String| Finding::new(rule, expected.clone(), actual).of("the answer to `subscribe`");
        self.send(&request).await?;
        let until = Instant::now() + patience;
        loop {
            match self.next(until).await {
                Came::Frame(received) if received.answers(id) => {
                    let told = received.frame.pointer("/data/topics").and_then(Value::as_array);
                    let is_told = |topic: &String| told.is_some_and(|told| told.iter().any(|told| told == topic));
                    if received.name.as_deref() == Some("subscription_updated") && topics.iter().all(is_told) {
                        return Ok(beside);
                    }
                    return Err(failed("session", text::one_line(&received.frame)));
                }
                Came::Frame(received) => beside.push(received),
                Came::Closed(_, closed) => return Err(failed("connection", closed.to_string())),
                Came::Nothing => return Err(failed("session", format!("nothing within {patience:?}"))),
            }
        }
    }

    /// Sends a frame.
    pub(super) async fn send(&mut self, frame: &Value) -> Result<(), Finding> {
        let failed = |error| Finding::new("connection", "the server to take a frame", error);
        self.link.send(frame).await.map_err(failed)
    }

    /// The next frame, until then. Pings are answered and not told of.
    pub(super) async fn next(&mut self, until: Instant) -> Came {
        loop {
            let Some((at, arrival)) = self.link.next(until).await else { return Came::Nothing };
            let text = match arrival {
                Arrival::Text(text) => text,
                Arrival::Binary(length) => {
                    self.received += 1;
                    let actual = format!("a binary frame of {length} bytes");
                    self.findings.push(Finding::new("session", "frames of JSON text", actual).of(&self.about(None)));
                    continue;
                }
                Arrival::Closed(closed) => return Came::Closed(at, closed),
                Arrival::Broken(why) => return Came::Closed(at, Closed { code: None, reason: why }),
            };
            self.received += 1;
            let received = match text::parse(&text) {
                Ok(frame) => Received { at, name: self.names.of(Direction::ToClient, &frame), frame },
                Err(violation) => {
                    let finding = Finding::new("session", "frames of JSON text", violation.message);
                    self.findings.push(finding.at(&self.about(None), &violation.pointer));
                    continue;
                }
            };
            self.inspect(&received);
            if !self.is_enveloped {
                return Came::Frame(received);
            }
            match serde_json::from_value::<Frame>(received.frame.clone()).ok().as_ref().and_then(session::pong_for) {
                // A server that does not read is found out by what it does not answer.
                Some(pong) => drop(self.link.send(&pong).await),
                None => return Came::Frame(received),
            }
        }
    }

    /// Ends the connection. What is wrong with its frames, and what went over it.
    pub(super) async fn end(mut self) -> (Vec<Finding>, String) {
        let transcript = self.link.transcript();
        self.link.close().await;
        (self.findings, transcript)
    }

    pub(super) fn note(&self, note: &str) {
        self.link.note(note);
    }

    /// Holds the frame against the contract and against those before it.
    fn inspect(&mut self, received: &Received) {
        let about = self.about(received.name.as_deref());
        let violations = self.names.violations(&received.frame);
        self.findings.extend(violations.iter().map(|violation| Finding::violation(&about, violation)));
        if !self.is_enveloped {
            return;
        }
        let frame = match serde_json::from_value::<Frame>(received.frame.clone()) {
            Ok(frame) => frame,
            Err(error) => {
                let finding = Finding::new("session", "a frame with the envelope", error.to_string());
                return self.findings.push(finding.of(&about));
            }
        };
        session::release(&frame, &mut self.positions);
        if let Err(error) = self.positions.observe(&frame)
            && !self.is_out_of_order
        {
            self.is_out_of_order = true;
            self.findings.push(Finding::new("position", "every frame once and in order", error).of(&about));
        }
    }

    fn about(&self, name: Option<&str>) -> String {
        let number = self.received;
        name.map_or_else(
            || format!("frame {number} of the connection"),
            |name| format!("`{name}`, frame {number} of the connection"),
        )
    }
}

impl Received {
    /// Whether it says that it answers the frame of this id.
    pub(super) fn answers(&self, id: Uuid) -> bool {
        self.frame["correlation_id"].as_str().and_then(|answered| answered.parse().ok()) == Some(id)
    }

    pub(super) fn topic(&self) -> Option<&str> {
        self.frame["topic"].as_str()
    }

    pub(super) fn is_uncorrelated(&self) -> bool {
        self.frame.get("correlation_id").is_none_or(|id| id.as_str().is_none_or(|id| id.parse::<Uuid>().is_err()))
    }
}

/// The id of a request, which its answers carry.
pub(super) fn correlation(request: &Value) -> Option<Uuid> {
    names::id(request)
}
