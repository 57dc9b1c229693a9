//! Carries plans out: connects, sends, reads, and shows the model what went over the wire.
//!
//! One task drives all clients of a plan, so that a run on a paused clock is the same every time. On a running clock it
//! waits for what is owed and no longer.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use serde_json::{Value, json};
use tightwire_spec::ir::SessionRole;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::check::{Check, Observed};
use super::coverage::Coverage;
use super::endpoint::Endpoint;
use super::finding::{Class, Finding};
use super::model::{Bounds, Model, Outgoing, Verdict};
use super::plan::{Intent, MARKER, Payload, Plan, Sent, Step};
use super::protocol::Protocol;
use super::wire::{Arrived, Wire};
use crate::contract::Direction;
use crate::transcript::{Content, Entry, Transcript};

/// How much is read at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// How often a handshake is tried again that the server wants later, and how long after.
const HANDSHAKES: usize = 60;
const HANDSHAKE_PAUSE: Duration = Duration::from_millis(500);

/// How often it is asked whether everybody has got what the others have.
const CATCH_UP: Duration = Duration::from_millis(20);

/// How plans are carried out.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the model holds the server to.
    pub bounds: Bounds,
    /// How long nothing may come at the end of a plan.
    pub silence: Duration,
    /// How long a connection and its handshake may take.
    pub connect_within: Duration,
    /// Whether a new connection is tried after every plan.
    pub probe: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bounds: Bounds::default(),
            silence: Duration::from_millis(20),
            connect_within: Duration::from_secs(10),
            probe: true,
        }
    }
}

/// What came of a plan.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The first thing that was wrong, if anything was.
    pub finding: Option<Finding>,
    /// What was sent and received.
    pub coverage: Coverage,
}

/// Makes a [`Check`] for each run of a plan.
pub type MakeCheck = Arc<dyn Fn() -> Box<dyn Check> + Send + Sync>;

/// Carries plans out at one server.
#[derive(Clone)]
pub struct Driver {
    protocol: Arc<Protocol>,
    endpoint: Endpoint,
    options: Options,
    checks: Vec<MakeCheck>,
    /// What the names of the next run carry.
    runs: Arc<AtomicU64>,
}

impl Driver {
    /// A driver for that protocol and server.
    #[must_use]
    pub fn new(protocol: Arc<Protocol>, endpoint: Endpoint, options: Options) -> Self {
        // Other drivers may have been at the server before.
        let runs = Arc::new(AtomicU64::new(u64::from(Uuid::new_v4().as_fields().0)));
        Self { protocol, endpoint, options, checks: Vec::new(), runs }
    }

    /// Checks this too, in every run.
    #[must_use]
    pub fn checking<C: Check + 'static>(mut self, check: impl Fn() -> C + Send + Sync + 'static) -> Self {
        self.checks.push(Arc::new(move || Box::new(check())));
        self
    }

    /// The same for another server.
    #[must_use]
    pub fn at(&self, endpoint: Endpoint) -> Self {
        Self { endpoint, ..self.clone() }
    }

    /// The same, carried out otherwise.
    #[must_use]
    pub fn with(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// The protocol.
    #[must_use]
    pub fn protocol(&self) -> &Arc<Protocol> {
        &self.protocol
    }

    /// How plans are carried out.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Carries a plan out, to its end or to the first finding, and closes all connections.
    pub async fn run(&self, plan: &Plan) -> Outcome {
        let mut run = Run::new(self);
        let mut result = run.plan(plan).await;
        if result.is_ok() && self.options.probe {
            run.hang_up();
            result = self.probe(&mut run).await;
        }
        run.hang_up();
        let finding = result.err().map(|finding| {
            let transcript = run.transcript.to_string();
            Finding { transcript, ..*finding }
        });
        Outcome { finding, coverage: run.coverage() }
    }

    /// Whether a new connection works: a ping, and the first operation that answers with one frame and subscribes.
    async fn probe(&self, run: &mut Run<'_>) -> Verdict {
        let client = run.wires.len();
        let mut steps = Vec::new();
        let protocol = &self.protocol;
        let ping = protocol.role(Direction::ToServer, SessionRole::Ping);
        let asks = protocol.operations().iter().find(|operation| {
            operation.subscribes && operation.reply.as_ref().is_some_and(|reply| reply.sequence.is_none())
        });
        let asks = asks.and_then(|operation| protocol.message(Direction::ToServer, operation.messages.first()?));
        for message in ping.into_iter().chain(asks) {
            if let Some(example) = message.examples.first() {
                let mut frame = example.clone();
                if protocol.has_envelope() {
                    frame["id"] = json!(Uuid::new_v4());
                }
                steps.push(Step::Send { client, sent: Sent::valid(&message.key, frame) });
            }
        }
        steps.push(Step::Settle { sequences: false });
        let base = run.step;
        let probed = run.steps(&steps).await;
        probed.map_err(|mut finding| {
            // What is answered, and wrongly, is wrong for another reason than that nothing works.
            if is_outage(finding.class) {
                finding.message =
                    format!("a new connection does not work any more: {} ({})", finding.message, finding.class);
                finding.class = Class::ProbeFailed;
            }
            finding.step = base.checked_sub(1);
            finding
        })
    }
}

/// Whether a client that finds this cannot use the server.
fn is_outage(class: Class) -> bool {
    matches!(class, Class::Unreachable | Class::NoReply | Class::Panic | Class::CloseCode | Class::RejectedValid)
}

/// A plan in the making.
struct Run<'d> {
    driver: &'d Driver,
    began: Instant,
    model: Model<'d>,
    wires: Vec<Option<Wire>>,
    checks: Vec<Box<dyn Check>>,
    transcript: Transcript,
    sent: u64,
    received: u64,
    connections: u64,
    asked: HashMap<&'d str, u64>,
    answers: HashMap<(&'d str, &'d str), u64>,
    closes: HashMap<u16, u64>,
    buffer: Vec<u8>,
    /// What stands for [`MARKER`].
    salt: String,
    step: usize,
}

impl<'d> Run<'d> {
    fn new(driver: &'d Driver) -> Self {
        let number = driver.runs.fetch_add(1, Ordering::Relaxed);
        // As long as the marker, so that frames have the length that was planned.
        let salt = format!("fuzz-{:07x}", number & 0xfff_ffff);
        Self {
            driver,
            began: Instant::now(),
            model: Model::new(&driver.protocol, driver.options.bounds.clone()),
            wires: Vec::new(),
            checks: driver.checks.iter().map(|check| check()).collect(),
            transcript: Transcript::new(),
            sent: 0,
            received: 0,
            connections: 0,
            asked: HashMap::new(),
            answers: HashMap::new(),
            closes: HashMap::new(),
            buffer: vec![0; BUFFER_BYTES],
            salt,
            step: 0,
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    async fn plan(&mut self, plan: &Plan) -> Verdict {
        self.steps(&plan.steps).await?;
        self.settle(true).await?;
        let until = Instant::now() + self.driver.options.silence;
        self.pump(until, |_| false).await?;
        // What the others have got may still be on its way to somebody.
        let until = Instant::now() + self.driver.options.bounds.give_up;
        while let Err(finding) = self.model.finish() {
            if Instant::now() >= until {
                return Err(finding);
            }
            let arrived = self.received;
            self.pump((Instant::now() + CATCH_UP).min(until), |_| false).await?;
            if arrived != self.received {
                self.settle(true).await?;
            }
        }
        for index in 0..self.checks.len() {
            if let Err(flaw) = self.checks[index].finish() {
                return Err(self.flawed(0, flaw));
            }
        }
        Ok(())
    }

    async fn steps(&mut self, steps: &[Step]) -> Verdict {
        for step in steps {
            match step {
                Step::Send { client, sent } => {
                    self.connect(*client).await?;
                    self.send(*client, sent);
                    self.pump(Instant::now(), |_| false).await?;
                }
                Step::Settle { sequences } => self.settle(*sequences).await?,
                Step::Wait { ms } => {
                    let time = Duration::from_millis(*ms);
                    self.pump(Instant::now() + time, |_| false).await?;
                    self.model.waited(time);
                }
                Step::Close { client } => {
                    if self.model.is_open(*client)
                        && let Some(Some(wire)) = self.wires.get_mut(*client)
                    {
                        wire.close(1000);
                        let now = self.began.elapsed();
                        self.model.closing(*client, now);
                        self.note(*client, Entry::Sent(Content::Close(Some(1000), String::new())));
                        self.settle(false).await?;
                    }
                }
                Step::Vanish { client } => {
                    self.model.vanished(*client);
                    if let Some(wire) = self.wires.get_mut(*client) {
                        *wire = None;
                        self.note(*client, Entry::Note("vanishes".to_owned()));
                    }
                }
            }
            self.step += 1;
        }
        Ok(())
    }

    /// Connects a client, unless it is.
    async fn connect(&mut self, client: usize) -> Verdict {
        if self.wires.len() <= client {
            self.wires.resize_with(client + 1, || None);
        }
        if self.wires[client].is_some() {
            return Ok(());
        }
        let within = self.driver.options.connect_within;
        let mut opened;
        let mut tries = 0;
        loop {
            opened = tokio::time::timeout(within, Wire::open(&self.driver.endpoint)).await;
            tries += 1;
            match &opened {
                Ok(Err(error)) if error.kind() == ErrorKind::WouldBlock && tries < HANDSHAKES => {
                    self.pump(Instant::now() + HANDSHAKE_PAUSE, |_| false).await?;
                }
                _ => break,
            }
        }
        let wire = match opened {
            Ok(Ok(wire)) => wire,
            Ok(Err(error)) => return Err(self.unreachable(client, error.to_string())),
            Err(_) => return Err(self.unreachable(client, format!("nothing for {within:?}"))),
        };
        self.wires[client] = Some(wire);
        self.connections += 1;
        let now = self.now();
        self.model.connected(client, now);
        self.note(client, Entry::Note("connected".to_owned()));
        // The first frame says the limits.
        let greets = self.driver.protocol.role(Direction::ToClient, SessionRole::ConnectionEstablished).is_some();
        if greets && self.driver.protocol.has_envelope() {
            let deadline = Instant::now() + self.driver.options.bounds.give_up;
            self.pump(deadline, |model| model.is_greeted(client)).await?;
            self.model.ungreeted(client)?;
        }
        Ok(())
    }

    fn unreachable(&self, client: usize, actual: String) -> Box<Finding> {
        Box::new(Finding {
            class: Class::Unreachable,
            message: "no connection can be had".to_owned(),
            client,
            step: Some(self.step),
            expected: "a handshake that succeeds".to_owned(),
            actual,
            transcript: String::new(),
        })
    }

    fn send(&mut self, client: usize, sent: &Sent) {
        let now = self.now();
        let key = sent.message.as_deref();
        let json = |value: &Value| value.to_string().replace(MARKER, &self.salt);
        let text = match &sent.payload {
            Payload::Json(value) | Payload::Fragments { json: value, .. } => Some(json(value).into_bytes()),
            Payload::Text(text) => Some(text.replace(MARKER, &self.salt).into_bytes()),
            Payload::Bytes(bytes) => Some(bytes.clone()),
            Payload::Large { bytes } => Some([b"0".as_slice(), &vec![b' '; bytes.saturating_sub(1)]].concat()),
            Payload::Resume { topic, back, by_id } => {
                let topic = topic.replace(MARKER, &self.salt);
                Some(self.resume(&topic, *back, *by_id).to_string().into_bytes())
            }
            Payload::Binary(_) | Payload::Ping(_) | Payload::Raw(_) => None,
        };
        let value = text.as_ref().and_then(|text| serde_json::from_slice::<Value>(text).ok());
        let key = match &sent.payload {
            Payload::Resume { .. } => {
                let subscribe = self.driver.protocol.role(Direction::ToServer, SessionRole::Subscribe);
                subscribe.map(|message| message.key.as_str())
            }
            _ => key,
        };
        let ping = match &sent.payload {
            Payload::Ping(payload) => Some(payload.as_slice()),
            _ => None,
        };
        if let Some(message) = key.and_then(|key| self.driver.protocol.message(Direction::ToServer, key)) {
            *self.asked.entry(&message.key).or_default() += 1;
        }
        let binary = Intent::Breach { code: 1003 };
        let intent = match &sent.payload {
            Payload::Binary(_) if sent.intent.is_valid() => &binary,
            _ => &sent.intent,
        };
        let outgoing =
            Outgoing { message: key, intent, text: text.as_ref().map(Vec::len), value: value.as_ref(), ping };
        self.model.sent(client, self.step, &outgoing, now);
        self.sent += 1;
        let content = match (&sent.payload, &text) {
            (_, Some(text)) => Content::Text(String::from_utf8_lossy(text).into_owned()),
            (Payload::Ping(_), None) => Content::Ping,
            (Payload::Binary(bytes) | Payload::Raw(bytes), None) => Content::Binary(bytes.len()),
            _ => Content::Binary(0),
        };
        self.note(client, Entry::Sent(content));
        if let (Some(key), Some(value), true) = (key, &value, sent.intent.is_valid()) {
            let connection = self.model.connection(client);
            let observed =
                Observed { client, connection, message: key, frame: value, is_new: true, is_repeated: false };
            self.checks.iter_mut().for_each(|check| check.sent(&observed));
        }
        let Some(Some(wire)) = self.wires.get_mut(client) else { return };
        match (&sent.payload, text) {
            (Payload::Fragments { pieces, .. }, Some(text)) => wire.text(&text, *pieces),
            (_, Some(text)) => wire.text(&text, 1),
            (Payload::Binary(bytes), None) => wire.raw(&crate::RawFrame::binary(bytes).to_bytes()),
            (Payload::Ping(bytes), None) => wire.raw(&crate::RawFrame::ping(bytes).to_bytes()),
            (Payload::Raw(bytes), None) => wire.raw(bytes),
            _ => {}
        }
    }

    /// A subscription that is resumed after a frame that somebody has seen; from the beginning where nobody has.
    fn resume(&self, topic: &str, back: usize, by_id: bool) -> Value {
        let key = self.driver.protocol.role(Direction::ToServer, SessionRole::Subscribe);
        let key = key.map_or("subscribe", |message| message.key.as_str());
        let mut data = json!({"topics": [topic]});
        if let Some((epoch, seq, id)) = self.model.position(topic, back) {
            let after = if by_id { json!(id) } else { json!({"epoch": epoch, "seq": seq}) };
            data["after"] = json!({topic: after});
        }
        crate::frame::envelope(key, "system", data).1
    }

    /// Waits until nothing is owed.
    async fn settle(&mut self, sequences: bool) -> Verdict {
        while !self.model.is_settled(sequences) {
            let now = self.now();
            let deadline = self.model.deadline().unwrap_or(now);
            self.pump(self.began + deadline, |model| model.is_settled(sequences)).await?;
            let now = self.now();
            self.model.overdue(now)?;
        }
        Ok(())
    }

    /// Writes and reads until then, or until enough has come. Before anything else, what is there already.
    async fn pump(&mut self, until: Instant, enough: impl Fn(&Model<'_>) -> bool) -> Verdict {
        let mut sleep = pin!(sleep_until(until));
        loop {
            let mut events = Vec::new();
            let in_time = poll_fn(|cx| {
                for (client, wire) in self.wires.iter_mut().enumerate() {
                    if let Some(wire) = wire {
                        let _ = wire.poll(cx, &mut self.buffer, |arrived| events.push((client, Event::from(arrived))));
                    }
                }
                if !events.is_empty() {
                    return Poll::Ready(true);
                }
                sleep.as_mut().poll(cx).map(|()| false)
            })
            .await;
            for (client, event) in events {
                self.arrived(client, event)?;
            }
            if !in_time || enough(&self.model) {
                return Ok(());
            }
        }
    }

    fn arrived(&mut self, client: usize, event: Event) -> Verdict {
        let now = self.now();
        match event {
            Event::Text(text) => {
                self.received += 1;
                let received = self.model.received(client, &text, now);
                self.note(client, Entry::Received(Content::Text(String::from_utf8_lossy(&text).into_owned())));
                let received = received?;
                let (message, frame) = (received.message, &received.value);
                let asked = received.asked.map_or("", |asked| asked.key.as_str());
                *self.answers.entry((asked, &message.key)).or_default() += 1;
                let (connection, is_new, is_repeated) = (received.connection, received.is_new, received.is_repeated);
                let observed = Observed { client, connection, message: &message.key, frame, is_new, is_repeated };
                for check in &mut self.checks {
                    if let Err(flaw) = check.received(&observed) {
                        return Err(self.flawed(client, flaw));
                    }
                }
                if message.role == Some(SessionRole::Ping) {
                    self.pong(client, frame);
                }
                Ok(())
            }
            Event::Binary(bytes) => {
                self.note(client, Entry::Received(Content::Binary(bytes)));
                self.model.received_binary(client, bytes)
            }
            Event::Pong(payload) => {
                self.note(client, Entry::Received(Content::Pong));
                self.model.received_pong(client, &payload, now)
            }
            Event::Close(code) => {
                if let Some(code) = code {
                    *self.closes.entry(code).or_default() += 1;
                }
                self.note(client, Entry::Received(Content::Close(code, String::new())));
                self.wires[client] = None;
                self.model.closed(client, code)
            }
            Event::Gone(how) => {
                self.note(client, Entry::Note(how.clone()));
                self.wires[client] = None;
                self.model.lost(client, &how)
            }
        }
    }

    /// Answers a ping of the server.
    fn pong(&mut self, client: usize, ping: &Value) {
        let Some(message) = self.driver.protocol.role(Direction::ToServer, SessionRole::Pong) else { return };
        let topic = ping["topic"].as_str().unwrap_or("system");
        let (_, frame) = crate::frame::envelope(&message.key, topic, ping["data"].clone());
        self.send(client, &Sent::valid(&message.key, frame));
    }

    fn flawed(&self, client: usize, flaw: super::Flaw) -> Box<Finding> {
        let super::Flaw { class, message, expected, actual } = flaw;
        Box::new(Finding { class, message, client, step: None, expected, actual, transcript: String::new() })
    }

    /// Ends all connections, without another word.
    fn hang_up(&mut self) {
        for client in 0..self.wires.len() {
            self.model.vanished(client);
            self.wires[client] = None;
        }
    }

    fn coverage(&self) -> Coverage {
        let mut coverage = Coverage {
            plans: 1,
            sent: self.sent,
            received: self.received,
            connections: self.connections,
            asked: self.asked.iter().map(|(message, count)| ((*message).to_owned(), *count)).collect(),
            closes: self.closes.iter().map(|(code, count)| (*code, *count)).collect(),
            ..Coverage::default()
        };
        for ((asked, answer), count) in &self.answers {
            let answers = coverage.answers.entry((*asked).to_owned()).or_default();
            *answers.entry((*answer).to_owned()).or_default() += count;
        }
        coverage
    }

    fn note(&mut self, client: usize, entry: Entry) {
        self.transcript.record_for(client, entry);
    }
}

/// What came, kept until the model is asked.
enum Event {
    Text(Vec<u8>),
    Binary(usize),
    Pong(Vec<u8>),
    Close(Option<u16>),
    Gone(String),
}

impl From<Arrived<'_>> for Event {
    fn from(arrived: Arrived<'_>) -> Self {
        match arrived {
            Arrived::Text(text) => Self::Text(text.to_vec()),
            Arrived::Binary(data) => Self::Binary(data.len()),
            Arrived::Pong(payload) => Self::Pong(payload.to_vec()),
            Arrived::Close(code) => Self::Close(code),
            Arrived::Broken(how) => Self::Gone(format!("the server broke WebSocket: {how}")),
            Arrived::Gone => Self::Gone("the end of the stream".to_owned()),
        }
    }
}
