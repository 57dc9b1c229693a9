//! One test's view of the provider: what it expects, who is connected, what happened. Decides; what is to be sent goes to the
//! connections' tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tightwire_spec::ir::{Direction, SessionRole};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use super::answers;
use super::draft::Draft;
use super::envelope;
use super::protocol::Protocol;
use super::scenario::Scenario;
use super::state::{Line, Out, Part, State, text};
use crate::contract;
use crate::frame::summary;
use crate::pact::Interaction;
use crate::pact::ws::{Frames, Place};

/// How long a frame that is to be pushed waits for somebody who has subscribed to its topic.
const SUBSCRIBED_WITHIN: Duration = Duration::from_secs(5);

/// What one test expects, and what came of it.
#[derive(Debug)]
pub(super) struct Session {
    protocol: Protocol,
    /// Written by the connections of the session and by the test; never held across an await.
    state: Mutex<State>,
    /// Told of every connection that comes, and of every subscription.
    changed: Notify,
}

impl Session {
    pub(super) fn new(protocol: Protocol) -> Self {
        Self { protocol, state: Mutex::default(), changed: Notify::new() }
    }

    /// Adds an interaction; the answer is its number.
    pub(super) fn expect(&self, draft: &Draft) -> Result<usize, Vec<String>> {
        let scenario = Scenario::read(&self.protocol, draft)?;
        let mut state = self.lock();
        for response in scenario.exchange().into_iter().flat_map(|(_, responses)| responses).map(envelope::example) {
            if let Some(position) = told_position(&response) {
                // So everything says where the topic is, and live frames go on behind it.
                state.positions.insert(text(&response, "topic").to_owned(), position);
            }
        }
        state.parts.push(Part { scenario, played: 0, nearly: Vec::new() });
        Ok(state.parts.len() - 1)
    }

    /// A client has connected: what it is to be sent goes to `out`. The answer is the connection's number.
    pub(super) fn connect(&self, out: mpsc::UnboundedSender<Out>) -> u64 {
        let mut state = self.lock();
        state.connections += 1;
        let connection = state.connections;
        state.lines.insert(connection, Line { topics: BTreeSet::new(), out });
        let greets = |part: &&mut Part| {
            part.played == 0
                && part.scenario.push().is_some_and(|contents| {
                    self.role_of(&envelope::example(contents)) == Some(SessionRole::ConnectionEstablished)
                })
        };
        let greeting = state.parts.iter_mut().find(greets).map(|part| {
            part.played += 1;
            part.scenario.push().map(envelope::example)
        });
        let greeting = greeting.flatten().or_else(|| answers::greeting(&self.protocol));
        if let Some(frame) = greeting {
            state.send(connection, envelope::sent(&frame, Uuid::new_v4(), None));
        }
        drop(state);
        self.changed.notify_waiters();
        connection
    }

    /// A client has gone.
    pub(super) fn disconnect(&self, connection: u64) {
        self.lock().lines.remove(&connection);
    }

    /// A client has sent something.
    pub(super) fn receive(&self, connection: u64, text: &str) {
        let contract = self.protocol.document.contract();
        let checked = contract.check_text(contract::Direction::ToServer, text);
        let mut state = self.lock();
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            state.transcript.push(format!("→ {text}"));
            state.problems.push(format!("the client sent what is not JSON: {text}"));
            return;
        };
        state.transcript.push(format!("→ {}", summary(&frame).unwrap_or_else(|| text.to_owned())));
        let part = state.find(&frame);
        // A client that is to be refused breaks the contract, and no other does.
        let may_break = part.is_some_and(|number| state.parts[number].scenario.breaks(contract));
        match (part, checked) {
            (_, Err(violations)) if !may_break => {
                let violations: Vec<String> = violations.iter().map(ToString::to_string).collect();
                let problem = format!("the client sent a frame that the contract forbids: {}", violations.join("; "));
                self.refuse(&mut state, connection, &frame, problem);
            }
            (Some(number), _) => self.play(&mut state, connection, number, &frame),
            (None, _) => self.answer(&mut state, connection, &frame),
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// A client has sent what is no frame at all.
    pub(super) fn receive_other(&self, what: &str) {
        let mut state = self.lock();
        state.transcript.push(format!("→ {what}"));
        state.problems.push(format!("the client sent {what}, and frames are text"));
    }

    /// Sends the frame of an interaction to everybody who has subscribed to its topic, and waits until somebody has.
    pub(super) async fn push(&self, number: usize) -> Result<(), String> {
        let (contents, close) = {
            let state = self.lock();
            let part = state.parts.get(number).ok_or_else(|| format!("there is no interaction {number}"))?;
            let contents = part
                .scenario
                .push()
                .ok_or_else(|| format!("nothing is pushed in `{}`", part.scenario.description()))?;
            (contents.clone(), part.scenario.close())
        };
        let frame = envelope::example(&contents);
        let topic = text(&frame, "topic").to_owned();
        let deadline = tokio::time::Instant::now() + SUBSCRIBED_WITHIN;
        loop {
            let changed = self.changed.notified();
            if self.send_to_subscribers(&frame, &topic, close) {
                break;
            }
            if tokio::time::timeout_at(deadline, changed).await.is_err() {
                let mut state = self.lock();
                let problem =
                    format!("a `{}` cannot be pushed: nobody has subscribed to `{topic}`", text(&frame, "type"));
                state.problems.push(problem.clone());
                return Err(problem);
            }
        }
        if let Some(part) = self.lock().parts.get_mut(number) {
            part.played += 1;
        }
        Ok(())
    }

    /// Everything that is wrong when the test is over; empty for nothing.
    pub(super) fn problems(&self) -> Vec<String> {
        let state = self.lock();
        let mut problems = state.problems.clone();
        for part in state.parts.iter().filter(|part| part.played == 0) {
            let mut problem = format!("`{}` was not exercised", part.scenario.description());
            if part.scenario.push().is_none() && part.nearly.is_empty() {
                problem += ": no frame like its request came";
            }
            for nearly in &part.nearly {
                problem += &format!("\n  {}", nearly.replace('\n', "\n  "));
            }
            problems.push(problem);
        }
        problems
    }

    /// What went by, oldest first: `→` to the provider, `←` to the client.
    pub(super) fn transcript(&self) -> Vec<String> {
        self.lock().transcript.clone()
    }

    /// The interactions, for the file.
    pub(super) fn interactions(&self) -> Vec<Interaction> {
        self.lock().parts.iter().map(|part| part.scenario.interaction.clone()).collect()
    }

    /// Plays an interaction's answer.
    fn play(&self, state: &mut State, connection: u64, number: usize, frame: &Value) {
        let Some(part) = state.parts.get_mut(number) else { return };
        part.played += 1;
        let close = part.scenario.close();
        let responses: Vec<Value> = part
            .scenario
            .exchange()
            .map(|(_, responses)| responses.iter().map(envelope::example).collect())
            .unwrap_or_default();
        let bind = part.scenario.interaction.about().map(|about| about.comments.ws.bind.clone()).unwrap_or_default();
        let wire_type = text(frame, "type");
        let subscribes = self.protocol.operation(Direction::ToServer, wire_type).is_some_and(|found| found.subscribes);
        if subscribes && let Some(line) = state.lines.get_mut(&connection) {
            line.topics.insert(text(frame, "topic").to_owned());
        }
        self.follow(state, connection, frame);
        let correlation = text(frame, "id").parse().unwrap_or_else(|_| Uuid::new_v4());
        for mut response in responses {
            repeat(&mut response, &bind, frame);
            let response = self.stamp(state, &response, correlation);
            state.send(connection, response);
        }
        if let Some(code) = close {
            state.close(connection, code);
        }
    }

    /// Answers what is the session's own affair; anything else is unexpected.
    fn answer(&self, state: &mut State, connection: u64, frame: &Value) {
        let role = self.protocol.role(Direction::ToServer, text(frame, "type"));
        self.follow(state, connection, frame);
        let topics = state.lines.get(&connection).map(|line| line.topics.clone()).unwrap_or_default();
        let answer = match role {
            Some(SessionRole::Pong) => return,
            Some(SessionRole::Ping) => answers::pong(&self.protocol, frame),
            Some(SessionRole::Subscribe | SessionRole::Unsubscribe) => {
                answers::subscriptions(&self.protocol, frame, &topics, &state.positions)
            }
            _ => None,
        };
        if let Some(answer) = answer {
            let correlation = text(frame, "id").parse().unwrap_or_else(|_| Uuid::new_v4());
            state.send(connection, envelope::sent(&answer, correlation, None));
        } else {
            let problem = state.unexpected(frame);
            self.refuse(state, connection, frame, problem);
        }
    }

    /// Notes to which topics the client is subscribed from now on.
    fn follow(&self, state: &mut State, connection: u64, frame: &Value) {
        let Some(line) = state.lines.get_mut(&connection) else { return };
        let topics = frame.pointer("/data/topics").and_then(Value::as_array).into_iter().flatten();
        let topics = topics.filter_map(Value::as_str).map(str::to_owned);
        match self.protocol.role(Direction::ToServer, text(frame, "type")) {
            Some(SessionRole::Subscribe) => line.topics.extend(topics),
            Some(SessionRole::Unsubscribe) => topics.for_each(|topic| {
                line.topics.remove(&topic);
            }),
            _ => {}
        }
    }

    fn refuse(&self, state: &mut State, connection: u64, frame: &Value, problem: String) {
        let correlation = text(frame, "id").parse().unwrap_or_else(|_| Uuid::new_v4());
        if let Some(error) = answers::error(&self.protocol, &problem) {
            state.send(connection, envelope::sent(&error, correlation, None));
        }
        state.problems.push(problem);
    }

    fn send_to_subscribers(&self, frame: &Value, topic: &str, close: Option<u16>) -> bool {
        let mut state = self.lock();
        let is_session = self.protocol.session_topic() == Some(topic);
        let subscribed: Vec<u64> = state
            .lines
            .iter()
            .filter(|(_, line)| is_session || line.topics.contains(topic))
            .map(|(&connection, _)| connection)
            .collect();
        if subscribed.is_empty() {
            return false;
        }
        let frame = self.stamp(&mut state, frame, Uuid::new_v4());
        for connection in subscribed {
            state.send(connection, frame.clone());
            if let Some(code) = close {
                state.close(connection, code);
            }
        }
        true
    }

    /// The frame with an envelope of its own.
    fn stamp(&self, state: &mut State, example: &Value, correlation: Uuid) -> Value {
        let position = self.protocol.is_kept(text(example, "type")).then(|| {
            let position = state.positions.entry(text(example, "topic").to_owned()).or_default();
            *position += 1;
            *position
        });
        envelope::sent(example, correlation, position)
    }

    fn role_of(&self, frame: &Value) -> Option<SessionRole> {
        self.protocol.role(Direction::ToClient, text(frame, "type"))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts what the request holds where the answer has to repeat it.
fn repeat(response: &mut Value, bind: &BTreeMap<String, Vec<Place>>, request: &Value) {
    for places in bind.values() {
        let asked = places.iter().filter(|place| place.frames == Frames::Request);
        let Some(value) = asked.filter_map(|place| request.pointer(&place.pointer)).next() else { continue };
        for place in places {
            if place.frames.answers(text(response, "type"))
                && let Some(bound) = response.pointer_mut(&place.pointer)
            {
                *bound = value.clone();
            }
        }
    }
}

/// Where a reply says that its topic is (`epoch` and `seq` in its payload), if it does.
fn told_position(frame: &Value) -> Option<u64> {
    frame.pointer("/data/epoch")?.as_str()?;
    frame.pointer("/data/seq")?.as_u64()
}
