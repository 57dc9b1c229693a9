//! What comes back: bytes, messages, frames, and what each means for the figures.

use std::ops::ControlFlow;
use std::time::Instant;

use tightwire_proto::websocket::{Event, Reader, Role};

use super::connection::State;
use super::flight::Sent;
use super::incoming::Frame;
use super::load::{Load, since_epoch};
use super::template::{Fresh, control};

impl Load<'_> {
    /// Reads what came on a connection.
    pub(super) fn receive(&mut self, index: usize) -> Result<(), String> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = loop {
            let count = match self.connections[index].read(&mut buffer) {
                Ok(None) => break Ok(()),
                Ok(Some(0)) | Err(_) => break self.ended(index, 1006, ""),
                Ok(Some(count)) => count,
            };
            self.figures.received_bytes += count as u64;
            match self.take(index, &mut buffer[..count]) {
                // Less than there was room for: whatever comes next is a new event.
                Ok(()) if cfg!(unix) && count < buffer.len() => break Ok(()),
                Ok(()) if self.connections[index].is_alive() => {}
                result => break result,
            }
        };
        self.buffer = buffer;
        result
    }

    /// Bytes of a connection.
    pub(super) fn take(&mut self, index: usize, mut bytes: &mut [u8]) -> Result<(), String> {
        if let State::Handshake(_) = self.connections[index].state {
            return self.answered(index, bytes);
        }
        // Away from the connection, so that both can be changed.
        let mut reader = std::mem::replace(&mut self.connections[index].reader, Reader::new(Role::Client, 0));
        let result = loop {
            let step = match reader.read(bytes) {
                Ok(step) => step,
                Err(_) => {
                    self.figures.unknown += 1;
                    break self.ended(index, 1002, "");
                }
            };
            let consumed = step.consumed;
            let Some(event) = step.event else { break Ok(()) };
            if let ControlFlow::Break(result) = self.event(index, event) {
                break result;
            }
            bytes = &mut bytes[consumed..];
        };
        self.connections[index].reader = reader;
        result
    }

    fn event(&mut self, index: usize, event: Event<'_>) -> ControlFlow<Result<(), String>> {
        match event {
            Event::Text(text) => {
                if let Err(complaint) = self.frame(index, &text) {
                    return ControlFlow::Break(Err(complaint));
                }
            }
            Event::Binary(_) => self.figures.unknown += 1,
            Event::Ping(payload) => {
                let mask = self.random.u32(..).to_ne_bytes();
                control(0xa, &payload, mask, &mut self.connections[index].out);
                if self.connections[index].flush().is_err() {
                    self.gone(index, 1006);
                }
            }
            Event::Pong(_) => {}
            Event::Close { code, reason } => {
                let reason = String::from_utf8_lossy(&reason).into_owned();
                return ControlFlow::Break(self.ended(index, code.unwrap_or(1005), &reason));
            }
        }
        ControlFlow::Continue(())
    }

    fn frame(&mut self, index: usize, text: &[u8]) -> Result<(), String> {
        self.figures.received += 1;
        let traffic = self.traffic;
        match traffic.incoming.read(text, since_epoch(), |id| self.number_of(id).is_some()) {
            Frame::Correlated(id) => {
                let number = self.number_of(&id).unwrap_or_default();
                if self.connections[index].state == State::Greeting {
                    self.connections[index].state = State::Open;
                } else if let Some(sent) = self.connections[index].flight.answered(number) {
                    self.connections[index].heard_of = number;
                    self.reply(&sent);
                } else {
                    self.published(index, number);
                }
            }
            Frame::Error { code, .. } if self.connections[index].state == State::Greeting => {
                return Err(format!("the server refused the subscription to --topics: {code}"));
            }
            Frame::Error { code, of } => {
                *self.figures.errors.entry(code).or_default() += 1;
                let number = of.and_then(|id| self.number_of(&id));
                let sent = number.and_then(|number| self.connections[index].flight.answered(number));
                if let Some(sent) = sent {
                    self.figures.kinds[sent.kind].refused += 1;
                }
            }
            Frame::Ping => self.pong(index),
            Frame::Established => self.greeted(index),
            Frame::Broadcast(lag) => {
                self.figures.broadcasts += 1;
                if let Some(lag) = lag {
                    self.figures.lag.record(lag);
                }
            }
            Frame::OneOf(candidates) => {
                let may_be = |sent: &Sent| candidates.iter().any(|id| traffic.kinds[sent.kind].replies.contains(*id));
                match self.connections[index].flight.answered_by(may_be) {
                    Some(sent) => self.reply(&sent),
                    None => self.figures.broadcasts += 1,
                }
            }
            Frame::Unknown => self.figures.unknown += 1,
        }
        Ok(())
    }

    /// A frame to many, because of one of ours that another connection has sent, or one more because of our own.
    fn published(&mut self, index: usize, number: u64) {
        self.figures.broadcasts += 1;
        let heard_of = &mut self.connections[index].heard_of;
        // What a server sends later because of the same frame says nothing about how fast it is.
        if *heard_of < number {
            *heard_of = number;
            let place = number.checked_sub(self.first_recent);
            if let Some(intended) = place.and_then(|place| self.recent.get(place as usize)) {
                self.figures.lag.record(intended.elapsed());
            }
        }
    }

    fn reply(&mut self, sent: &Sent) {
        let latency = sent.intended.elapsed();
        let kind = &mut self.figures.kinds[sent.kind];
        kind.answered += 1;
        kind.latency.record(latency);
        self.figures.latency.record(latency);
    }

    fn pong(&mut self, index: usize) {
        let Some(pong) = &self.traffic.pong else { return };
        let number = self.next_number(Instant::now());
        let fresh = Fresh { id: self.id(number), ts: since_epoch().as_millis() as u64, topic: "\"\"" };
        let mask = self.random.u32(..).to_ne_bytes();
        pong.write(&fresh, mask, &mut self.connections[index].out);
        if self.connections[index].flush().is_err() {
            self.gone(index, 1006);
        }
    }

    /// The session has said hello: now topics can be subscribed to.
    fn greeted(&mut self, index: usize) {
        if self.traffic.subscriptions.is_empty() {
            self.connections[index].state = State::Open;
            return;
        }
        let number = self.next_number(Instant::now());
        let fresh = Fresh { id: self.id(number), ts: since_epoch().as_millis() as u64, topic: "\"\"" };
        let mask = self.random.u32(..).to_ne_bytes();
        let subscription = &self.traffic.subscriptions[index % self.traffic.subscriptions.len()];
        subscription.write(&fresh, mask, &mut self.connections[index].out);
        if self.connections[index].flush().is_err() {
            self.gone(index, 1006);
        }
    }

    /// A connection has ended. Before the measurement that is the end of everything.
    fn ended(&mut self, index: usize, code: u16, reason: &str) -> Result<(), String> {
        let was_open = self.connections[index].state == State::Open;
        self.gone(index, code);
        if was_open {
            return Ok(());
        }
        let hint = if code == 4401 { "; --token gives it a token" } else { "" };
        Err(format!("the server closed a new connection with {code} ({reason}){hint}"))
    }

    pub(super) fn gone(&mut self, index: usize, code: u16) {
        if self.connections[index].is_alive() {
            self.connections[index].state = State::Gone;
            *self.figures.closes.entry(code).or_default() += 1;
        }
    }
}
