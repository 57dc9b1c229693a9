//! What a server owes its clients, and whether it keeps to it: the oracle of the fuzzer.
//!
//! Pure: it is told what is sent and received, by which client and when, and says at the first thing that is wrong what
//! was expected. Where the order in which things are done on the server cannot be known from outside, everything that may
//! be right is.
//!
//! ```text
//! sent ──► what is owed (a reply, a sequence, an error, a close) ──► received / closed ──► done
//!                     └── overdue: no reply, no end, no close
//! ```

mod answers;
mod client;
mod errors;
mod subscriptions;
mod topics;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use tightwire_spec::ir::SessionRole;

use self::client::{Client, Debt, Life, Owed};
use self::topics::{Novelty, Topics};
use super::finding::{Class, Finding};
use super::plan::Intent;
use super::protocol::{Message, Protocol};
use crate::contract::{Direction, Violation};
use crate::json;

/// How long a text is that findings show.
const SHOWN: usize = 600;

/// What the model holds a server to, beside the document.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// How soon a reply, or the first frame of a sequence, has to come.
    pub reply_within: Duration,
    /// How long a reply is waited for that is late already.
    pub give_up: Duration,
    /// How long the next frame of a sequence may take.
    pub next_within: Duration,
    /// Whether a frame that violates the contract ends the connection, or is only answered with an error.
    pub closes_on_violation: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            reply_within: Duration::from_millis(100),
            give_up: Duration::from_secs(5),
            next_within: Duration::from_secs(10),
            closes_on_violation: true,
        }
    }
}

/// The model of all connections of a plan.
#[derive(Debug)]
pub struct Model<'p> {
    protocol: &'p Protocol,
    bounds: Bounds,
    clients: Vec<Option<Client<'p>>>,
    connections: usize,
    topics: Topics,
    /// Who has sent the frames that answers refer to: the connection.
    askers: HashMap<String, (usize, Option<&'p Message>)>,
}

/// What a client sends, as it goes over the wire.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The message's key, if it is one.
    pub message: Option<&'a str>,
    /// What the server is to make of it.
    pub intent: &'a Intent,
    /// How many bytes of text; none for what is no text message.
    pub text: Option<usize>,
    /// Its value, where it is JSON.
    pub value: Option<&'a Value>,
    /// The payload of a ping of WebSocket.
    pub ping: Option<&'a [u8]>,
}

/// A frame that follows the contract, as far as the model knows.
#[derive(Debug)]
pub struct Received<'p> {
    /// Which message it is.
    pub message: &'p Message,
    /// All of it.
    pub value: Value,
    /// Which connection of the plan it came over.
    pub connection: usize,
    /// The message that it answers, if anybody has sent that.
    pub asked: Option<&'p Message>,
    /// Whether nobody has seen it before.
    pub is_new: bool,
    /// Whether this connection has had it before.
    pub is_repeated: bool,
}

/// A finding, boxed because it is large and rare.
pub type Verdict<T = ()> = Result<T, Box<Finding>>;

impl<'p> Model<'p> {
    /// A model in which nobody is connected.
    #[must_use]
    pub fn new(protocol: &'p Protocol, bounds: Bounds) -> Self {
        let (clients, topics) = (Vec::new(), Topics::default());
        Self { protocol, bounds, clients, connections: 0, topics, askers: HashMap::new() }
    }

    /// A client has a connection, whatever it had before.
    pub fn connected(&mut self, client: usize, now: Duration) {
        if self.clients.len() <= client {
            self.clients.resize_with(client + 1, || None);
        }
        self.clients[client] = Some(Client::new(self.protocol, self.connections, now));
        self.connections += 1;
    }

    /// Whether a client has a connection on which it may send.
    #[must_use]
    pub fn is_open(&self, client: usize) -> bool {
        self.client(client).is_some_and(|client| client.life == Life::Open)
    }

    /// Whether the connection's first frame has come, or the connection is over.
    #[must_use]
    pub fn is_greeted(&self, client: usize) -> bool {
        self.client(client).is_none_or(|client| client.greeted || client.life == Life::Over)
    }

    /// Which connection of the plan a client has.
    #[must_use]
    pub fn connection(&self, client: usize) -> usize {
        self.client(client).map_or(0, |client| client.connection)
    }

    /// The first frame has been waited for.
    ///
    /// # Errors
    /// If it has not come.
    pub fn ungreeted(&self, client: usize) -> Verdict {
        if self.is_greeted(client) {
            return Ok(());
        }
        let actual = format!("nothing for {:?}", self.bounds.give_up);
        let expected = "the first frame of the connection";
        self.fault(Class::NoReply, client, None, "the connection was not greeted", expected, actual)
    }

    /// A client has sent something.
    pub fn sent(&mut self, client: usize, step: usize, outgoing: &Outgoing<'_>, now: Duration) {
        let (protocol, bounds) = (self.protocol, &self.bounds);
        let Some(Some(sender)) = self.clients.get_mut(client) else { return };
        let message = outgoing.message.and_then(|key| protocol.message(Direction::ToServer, key));
        let key = outgoing.value.zip(message).and_then(|(value, message)| protocol.correlation(message, value));
        if let Some(key) = &key {
            self.askers.insert(key.clone(), (sender.connection, message));
        }
        let may_be_dropped = outgoing.text.is_some() && !sender.count_text();
        if sender.is_doomed() {
            // The server listens no longer, or may not.
            return;
        }
        if let Some(payload) = outgoing.ping {
            sender.pongs.push_back((step, payload.to_vec(), now));
            return;
        }
        let owed = match (outgoing.intent, outgoing.text) {
            (Intent::Breach { code }, _) => return sender.doom(step, *code, false, now),
            (_, Some(bytes)) if sender.is_beyond_transport(bytes) => return sender.doom(step, 1009, false, now),
            (_, Some(bytes)) if sender.is_too_large(bytes) => Owed::TooLarge,
            (Intent::Invalid { keyword, pointer }, _) => {
                if bounds.closes_on_violation && !may_be_dropped {
                    sender.doom(step, 1002, protocol.has_envelope(), now);
                }
                Owed::Violation { keyword: keyword.clone(), pointer: pointer.clone() }
            }
            (Intent::Valid, _) => {
                let Some(message) = message else { return };
                match protocol.operation_of(&message.key) {
                    Some(operation) if operation.reply.is_some() => Owed::Reply(operation),
                    _ => Owed::Nothing,
                }
            }
        };
        sender.debts.push(Debt::new(step, key, message, outgoing.value, owed, may_be_dropped, now));
    }

    /// A client has closed its connection, and waits for the server to say so too.
    pub fn closing(&mut self, client: usize, now: Duration) {
        if let Some(Some(client)) = self.clients.get_mut(client) {
            client.life = Life::Closing { since: now };
            client.excuse();
        }
    }

    /// A client has gone without a word.
    pub fn vanished(&mut self, client: usize) {
        if let Some(Some(client)) = self.clients.get_mut(client) {
            client.end();
        }
    }

    /// Time has passed in which nothing was owed.
    pub fn waited(&mut self, time: Duration) {
        for client in self.clients.iter_mut().flatten().filter(|client| client.is_settled(false)) {
            client.refill(time);
        }
    }

    /// A client has received a text frame.
    ///
    /// # Errors
    /// What is wrong with that.
    pub fn received(&mut self, client: usize, text: &[u8], now: Duration) -> Verdict<Received<'p>> {
        let protocol = self.protocol;
        let shown = || json::shorten(&String::from_utf8_lossy(text), SHOWN);
        // Duplicate keys are looked for where nobody has done so.
        let is_accepted = protocol.accepts_fast(text);
        let value = if is_accepted {
            serde_json::from_slice(text).ok().map(Ok)
        } else {
            std::str::from_utf8(text).ok().map(json::parse)
        };
        let value = match value {
            Some(Ok(value)) => value,
            Some(Err(violation)) => {
                return self.fault(Class::InvalidFrame, client, None, &violation.message, "JSON", shown());
            }
            None => return self.fault(Class::InvalidFrame, client, None, "a frame is no text", "UTF-8", shown()),
        };
        let Some(message) = protocol.identify(Direction::ToClient, &value) else {
            let known: Vec<_> = protocol.messages(Direction::ToClient).map(|message| message.key.as_str()).collect();
            let expected = format!("one of {}", known.join(", "));
            return self.fault(Class::InvalidFrame, client, None, "no message of the contract", expected, shown());
        };
        if !is_accepted && let Err(violations) = protocol.contract().check_as(Direction::ToClient, &message.key, &value)
        {
            let what = format!("`{}` does not follow its schema", message.key);
            let violations: Vec<_> = violations.iter().map(Violation::to_string).collect();
            let actual = format!("{}\n            {}", violations.join("; "), shown());
            return self.fault(Class::InvalidFrame, client, None, what, "a frame that the schema accepts", actual);
        }
        let novelty = if protocol.has_envelope() {
            self.enveloped(client, message, &value, text, now)?
        } else {
            self.answered(client, message, &value, now)?;
            Novelty::New
        };
        let (is_new, is_repeated) = (novelty == Novelty::New, novelty == Novelty::Known);
        let connection = self.client(client).map_or(0, |client| client.connection);
        let key = protocol.correlation(message, &value);
        let asked = key.and_then(|key| self.askers.get(&key)).and_then(|(_, asked)| *asked);
        Ok(Received { message, value, connection, asked, is_new, is_repeated })
    }

    /// A frame with an envelope.
    fn enveloped(
        &mut self,
        client: usize,
        message: &'p Message,
        value: &Value,
        text: &[u8],
        now: Duration,
    ) -> Verdict<Novelty> {
        let shown = || json::one_line(value);
        let protocol = self.protocol;
        let greets = message.role == Some(SessionRole::ConnectionEstablished);
        let expects_greeting = protocol.role(Direction::ToClient, SessionRole::ConnectionEstablished);
        if let (Some(greeting), Some(Some(reader))) = (expects_greeting, self.clients.get_mut(client)) {
            if reader.greeted == greets {
                let (what, expected) = if greets {
                    ("the first frame came again", "it once".to_owned())
                } else {
                    ("something came before the first frame", format!("`{}`", greeting.key))
                };
                return self.fault(Class::Order, client, None, what, expected, shown());
            }
            if greets {
                reader.greeted = true;
                reader.learn_limits(value);
            }
        }
        if value.get("seq").is_some() {
            let novelty = self.published(client, message, value, text)?;
            // What is replayed was an answer once.
            if novelty != Novelty::Known {
                self.answered(client, message, value, now)?;
            }
            return Ok(novelty);
        }
        let id = value["id"].as_str().unwrap_or_default().to_owned();
        if let Some(Some(reader)) = self.clients.get_mut(client)
            && !reader.ids.insert(id)
        {
            return self.fault(Class::DuplicateReply, client, None, "a frame came twice", "ids of their own", shown());
        }
        self.answered(client, message, value, now)?;
        Ok(Novelty::New)
    }

    /// A client has received a binary message.
    ///
    /// # Errors
    /// Where the protocol has none.
    pub fn received_binary(&mut self, client: usize, bytes: usize) -> Verdict {
        let actual = format!("a binary message of {bytes} bytes");
        self.fault(Class::InvalidFrame, client, None, "the protocol is text", "a text frame", actual)
    }

    /// A client has received a pong of WebSocket.
    ///
    /// # Errors
    /// Where it is not the one that is owed.
    pub fn received_pong(&mut self, client: usize, payload: &[u8], now: Duration) -> Verdict {
        let Some(Some(reader)) = self.clients.get_mut(client) else { return Ok(()) };
        // RFC 6455, section 5.5.3: only the most recent ping has to be answered. Unasked pongs are allowed.
        let Some(at) = reader.pongs.iter().position(|(_, expected, _)| expected == payload) else { return Ok(()) };
        let (step, _, asked) = reader.pongs.drain(..=at).next_back().unwrap_or_default();
        self.in_time(client, step, asked, now, "a pong of WebSocket")
    }

    /// The server has closed a client's connection.
    ///
    /// # Errors
    /// Where there was no reason for it, or another code was expected.
    pub fn closed(&mut self, client: usize, code: Option<u16>) -> Verdict {
        let Some(Some(reader)) = self.clients.get_mut(client) else { return Ok(()) };
        let (life, doom) = (reader.life, reader.doom.clone());
        let refused = reader.has_refused_violation();
        let may_end = reader.may_end_with();
        reader.end();
        let actual = code.map_or_else(|| "close without a code".to_owned(), |code| format!("close {code}"));
        match (life, doom) {
            (Life::Over, _) => Ok(()),
            (Life::Closing { .. }, _) if code == Some(1000) => Ok(()),
            (Life::Closing { .. }, None) => {
                let class = if code == Some(1011) { Class::Panic } else { Class::CloseCode };
                let what = "a close was answered with another code";
                self.fault(class, client, None, what, "close 1000", actual)
            }
            (_, Some(doom)) if code == Some(doom.code) => {
                if doom.wants_error && !refused {
                    let what = "the connection was closed without the error that says why";
                    let expected = "an error that names the violation, then close";
                    return self.fault(Class::NoReply, client, Some(doom.step), what, expected, actual);
                }
                Ok(())
            }
            (_, Some(doom)) => {
                let expected = format!("close {}", doom.code);
                let class = if code == Some(1011) { Class::Panic } else { Class::CloseCode };
                self.fault(class, client, Some(doom.step), "closed with another code", expected, actual)
            }
            (_, None) if code.is_some_and(|code| may_end.contains(&code)) => Ok(()),
            (_, None) => {
                let class = if code == Some(1011) { Class::Panic } else { Class::CloseCode };
                let known = code.is_some_and(|code| self.protocol.knows_close_code(code));
                let what = if known {
                    "the connection was closed for no reason"
                } else {
                    "the connection was closed with a code that the document does not list"
                };
                self.fault(class, client, None, what, "the connection to live", actual)
            }
        }
    }

    /// A client's connection has ended without a close.
    ///
    /// # Errors
    /// Where the server should have closed it, or had no reason.
    pub fn lost(&mut self, client: usize, how: &str) -> Verdict {
        let Some(Some(reader)) = self.clients.get_mut(client) else { return Ok(()) };
        let (life, doom) = (reader.life, reader.doom.clone());
        reader.end();
        match life {
            Life::Over | Life::Closing { .. } => Ok(()),
            Life::Open => {
                let step = doom.as_ref().map(|doom| doom.step);
                let expected = doom.map_or("the connection to live".to_owned(), |doom| format!("close {}", doom.code));
                self.fault(Class::Panic, client, step, "the connection was lost without a close code", expected, how)
            }
        }
    }

    /// Whether nothing is owed: no reply, no close, and no end of a sequence where those count.
    #[must_use]
    pub fn is_settled(&self, sequences: bool) -> bool {
        self.clients.iter().flatten().all(|client| client.is_settled(sequences))
    }

    /// When something is overdue next.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.clients.iter().flatten().filter_map(|client| client.deadline(&self.bounds)).min()
    }

    /// Looks whether anything is overdue.
    ///
    /// # Errors
    /// What did not come.
    pub fn overdue(&mut self, now: Duration) -> Verdict {
        for (client, reader) in self.clients.iter_mut().enumerate() {
            if let Some(reader) = reader
                && let Some(missed) = reader.take_overdue(&self.bounds, now)
            {
                let (class, step, what, expected) = missed;
                let actual = format!("nothing for {:?}", self.bounds.give_up);
                return self.fault(class, client, Some(step), what, expected, actual);
            }
        }
        Ok(())
    }

    /// The plan is at its end, and everything that may still come has come.
    ///
    /// # Errors
    /// What subscribers did not get.
    pub fn finish(&mut self) -> Verdict {
        for client in 0..self.clients.len() {
            self.finish_topics(client)?;
        }
        Ok(())
    }

    fn client(&self, client: usize) -> Option<&Client<'p>> {
        self.clients.get(client)?.as_ref()
    }

    /// That an answer came in time.
    fn in_time(&self, client: usize, step: usize, asked: Duration, now: Duration, what: &str) -> Verdict {
        let (taken, within) = (now.saturating_sub(asked), self.bounds.reply_within);
        if taken <= within {
            return Ok(());
        }
        let (expected, actual) = (format!("{what} within {within:?}"), format!("after {taken:?}"));
        self.fault(Class::LateReply, client, Some(step), "an answer was late", expected, actual)
    }

    fn fault<T>(
        &self,
        class: Class,
        client: usize,
        step: Option<usize>,
        message: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Verdict<T> {
        let (message, expected, actual) = (message.into(), expected.into(), actual.into());
        Err(Box::new(Finding { class, message, client, step, expected, actual, transcript: String::new() }))
    }
}
