//! Does what a plan says to a server, and judges what comes back.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tightwire_proto::websocket::{Event, Reader, Role};
use tightwire_spec::ir::MessageId;
use tightwire_testkit::fuzz::{Class, Payload, Plan, Sent, Step};
use tightwire_testkit::raw::RawFrame;
use tokio::time::{Instant, sleep};

use super::closing;
use super::contract::{Contract, Known};
use super::conversation::{Conversation, MISSING, Remark, Rules};
use super::coverage::Coverage;
use super::link::{End, Heard, Link};
use super::modelled::Modelled;
use super::pace::{Bucket, Pace};
use super::target::{Refusal, Target};

/// What is sent to see whether anybody is there.
const PROBE: &[u8] = b"still there?";

/// How long the goodbye of a server is waited for.
const GOODBYE: Duration = Duration::from_millis(500);

/// How often a server that is gone is looked for again, a quarter of a second apart.
const LOOKS: usize = 12;

/// The longest line of a transcript.
const LINE: usize = 400;

/// Talks to one server.
pub(super) struct Player<'c, 'ir> {
    pub(super) target: &'c Target,
    pub(super) contract: &'c Contract<'ir>,
    /// The judge of a protocol with an envelope.
    pub(super) model: Option<Modelled>,
    pub(super) rules: Rules,
    pub(super) pace: Pace,
    /// The pace of all connections together.
    pub(super) all: Bucket,
    pub(super) coverage: RefCell<Coverage>,
    pub(super) frames: Cell<u64>,
    pub(super) connections: Cell<u64>,
    /// Messages that were not answered although they should have been.
    pub(super) silent: RefCell<BTreeSet<MessageId>>,
    /// Whether a reply that is late is not waited for: it is something else that is looked for.
    pub(super) is_hurried: Cell<bool>,
    /// How often the server put a handshake off.
    pub(super) put_off: Cell<u64>,
    /// Whether somebody has asked to end.
    pub(super) is_stopped: &'c dyn Fn() -> bool,
}

/// What came of a plan.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// What there is to say, each with the client that saw it.
    pub(super) remarks: Vec<(usize, Remark)>,
    /// What went over each client's connections.
    pub(super) transcripts: Vec<Vec<String>>,
    /// The server does not let us in any more.
    pub(super) refused: Option<String>,
}

impl Played {
    /// What was found, without what is only worth a note.
    pub(super) fn findings(&self) -> impl Iterator<Item = (usize, Class, &Remark)> {
        self.remarks.iter().filter_map(|(client, remark)| Some((*client, remark.class?, remark)))
    }
}

impl<'c, 'ir> Player<'c, 'ir> {
    /// Does what the plan says, and lets the one who knows more judge it.
    pub(super) async fn attempt(&self, plan: &Plan) -> Played {
        match &self.model {
            Some(model) => model.play(plan, self).await,
            None => self.play(plan).await,
        }
    }

    /// Does what the plan says.
    async fn play(&self, plan: &Plan) -> Played {
        let count = plan.steps.iter().filter_map(client_of).max().map_or(0, |last| last + 1);
        let mut clients: Vec<_> = (0..count).map(|_| Client::new(self)).collect();
        let mut refused = None;
        for (number, step) in plan.steps.iter().enumerate() {
            if (self.is_stopped)() {
                break;
            }
            match step {
                Step::Send { client, sent } => {
                    if let Err(why) = clients[*client].send(number, sent).await {
                        refused = Some(why);
                        break;
                    }
                }
                Step::Settle { .. } => drop(join_all(clients.iter_mut().map(Client::settle)).await),
                Step::Wait { ms } => sleep(Duration::from_millis(*ms)).await,
                Step::Close { client } => clients[*client].close().await,
                Step::Vanish { client } => clients[*client].leave(),
            }
        }
        join_all(clients.iter_mut().map(Client::finish)).await;
        let mut played = Played { refused, ..Played::default() };
        for (number, client) in clients.into_iter().enumerate() {
            played.remarks.extend(client.remarks.into_iter().map(|remark| (number, remark)));
            played.transcripts.push(client.transcript);
        }
        if let Some(why) = &played.refused {
            let step = plan.steps.iter().rposition(|step| matches!(step, Step::Send { .. }));
            let detail = ["the server cannot be reached any more".to_owned(), "a connection".to_owned(), why.clone()];
            played.remarks.push((0, Remark::new(Class::Unreachable, step, detail)));
        }
        played
    }

    /// A new connection; waits where the server says so, and looks again where it is gone.
    pub(super) async fn connect(&self) -> Result<Link, String> {
        let mut looks = 0;
        loop {
            match self.target.connect().await {
                Ok(link) => {
                    self.connections.set(self.connections.get() + 1);
                    return Ok(link);
                }
                Err(Refusal::Later(after)) => {
                    self.put_off.set(self.put_off.get() + 1);
                    sleep(after).await;
                }
                Err(refusal @ Refusal::Refused(_)) => return Err(refusal.to_string()),
                Err(refusal @ Refusal::Unreachable(_)) => {
                    looks += 1;
                    if looks > LOOKS {
                        return Err(refusal.to_string());
                    }
                    sleep(Duration::from_millis(250)).await;
                }
            }
            if (self.is_stopped)() {
                return Err("interrupted".to_owned());
            }
        }
    }
}

fn client_of(step: &Step) -> Option<usize> {
    match step {
        Step::Send { client, .. } | Step::Close { client } | Step::Vanish { client } => Some(*client),
        Step::Settle { .. } | Step::Wait { .. } => None,
    }
}

/// One client of a plan.
struct Client<'p, 'c, 'ir> {
    player: &'p Player<'c, 'ir>,
    link: Option<Link>,
    bucket: Bucket,
    conversation: Conversation<'c, 'ir>,
    remarks: Vec<Remark>,
    transcript: Vec<String>,
    began: Instant,
}

impl<'p, 'c, 'ir> Client<'p, 'c, 'ir> {
    fn new(player: &'p Player<'c, 'ir>) -> Self {
        Self {
            player,
            link: None,
            bucket: player.pace.connection(),
            conversation: Conversation::new(player.contract, player.rules),
            remarks: Vec::new(),
            transcript: Vec::new(),
            began: Instant::now(),
        }
    }

    fn record(&mut self, line: &str) {
        let at = self.began.elapsed().as_millis();
        let mut line = format!("{at:>6} ms  {line}");
        if let Some((cut, _)) = line.char_indices().nth(LINE) {
            line.truncate(cut);
            line.push('…');
        }
        self.transcript.push(line);
    }

    async fn send(&mut self, step: usize, sent: &Sent) -> Result<(), String> {
        let player = self.player;
        self.listen(Instant::now()).await;
        if self.link.is_none() {
            self.link = Some(player.connect().await?);
            self.bucket = player.pace.connection();
            self.record("connected");
        }
        player.all.take().await;
        self.bucket.take().await;
        let (bytes, value) = wire(&sent.payload);
        self.record(&format!("→ {sent}"));
        // Who is known not to answer is not waited for as long again.
        let is_silent = sent.message.as_ref().is_some_and(|message| player.silent.borrow().contains(message));
        let patience = player.rules.deadline * if is_silent || player.is_hurried.get() { 1 } else { MISSING };
        self.conversation.sent(step, sent, value.as_ref(), (Instant::now(), patience));
        player.frames.set(player.frames.get() + 1);
        if let Some(link) = &mut self.link {
            link.send(&bytes).await;
        }
        Ok(())
    }

    /// Waits until nothing is owed any more.
    async fn settle(&mut self) {
        loop {
            let now = Instant::now();
            self.remarks.extend(self.conversation.overdue(now));
            let Some(until) = self.conversation.waits_until(now) else { return };
            if self.link.is_none() {
                return;
            }
            self.listen(until).await;
        }
    }

    /// Takes what there is, or the first that comes in time.
    async fn listen(&mut self, until: Instant) {
        let mut until = until;
        while let Some(link) = &mut self.link {
            let Some(heard) = link.next(until).await else { return };
            self.heard(&heard);
            until = Instant::now();
        }
    }

    fn heard(&mut self, heard: &Heard) {
        match heard {
            Heard::Text(text) => {
                self.record(&format!("← {text}"));
                self.count(text);
            }
            Heard::Binary(bytes) => self.record(&format!("← binary, {} bytes", bytes.len())),
            Heard::Pong(_) => self.record("← a WebSocket pong"),
            Heard::End(end) => return self.ended(end),
        }
        self.remarks.extend(self.conversation.heard(heard, Instant::now()));
    }

    fn count(&self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return };
        if let Known::OneOf(messages) = self.player.contract.identify(&frame) {
            self.player.coverage.borrow_mut().received(&messages[0].id, 1);
        }
    }

    fn ended(&mut self, end: &End) {
        self.link = None;
        let shown = match end {
            End::Closed { code, reason } if reason.is_empty() => format!("close {code}"),
            End::Closed { code, reason } => format!("close {code} {reason:?}"),
            End::Dropped(how) => how.clone(),
            End::Broken(violation) => format!("the server breaks the rules of WebSocket: {violation}"),
        };
        self.record(&format!("← {shown}"));
        self.remarks.extend(closing::judge(end, &self.conversation.asked, self.player.contract));
        let code = if let End::Closed { code, .. } = end { *code } else { 1006 };
        self.player.coverage.borrow_mut().closed(code, 1);
        self.forget(true);
    }

    /// The connection is over, and with it all that was owed.
    fn forget(&mut self, is_over: bool) {
        let mut coverage = self.player.coverage.borrow_mut();
        for asked in self.conversation.asked.drain(..) {
            coverage.asked(&asked, is_over);
        }
    }

    /// Ends the connection without a word.
    fn leave(&mut self) {
        self.link = None;
        self.record("gone without a word");
        self.forget(false);
    }

    /// Ends the connection as one should.
    async fn close(&mut self) {
        let Some(link) = self.link.take() else { return };
        self.record("→ close 1000");
        let heard = link.close(GOODBYE).await;
        for heard in &heard {
            match heard {
                Heard::End(End::Closed { code, .. }) => self.record(&format!("← close {code}")),
                Heard::End(_) => {}
                other => self.heard(other),
            }
        }
        self.forget(false);
    }

    /// Waits for what is owed, sees whether the server is still there, and says goodbye.
    async fn finish(&mut self) {
        self.settle().await;
        self.probe().await;
        self.close().await;
    }

    async fn probe(&mut self) {
        let Some(link) = &mut self.link else { return };
        link.send(&RawFrame::ping(PROBE).to_bytes()).await;
        let until = Instant::now() + self.player.rules.deadline * 5;
        while let Some(link) = &mut self.link {
            match link.next(until).await {
                Some(Heard::Pong(payload)) if payload == PROBE => return,
                Some(heard) => self.heard(&heard),
                None => {
                    let step = self.conversation.asked.last().map(|asked| asked.step);
                    let why = "the server does not answer a WebSocket ping any more".to_owned();
                    let expected = "a pong with the ping's payload".to_owned();
                    let actual = format!("nothing within {} ms", self.player.rules.deadline.as_millis() * 5);
                    return self.remarks.push(Remark::new(Class::ProbeFailed, step, [why, expected, actual]));
                }
            }
        }
    }
}

/// The message that a server finds in bytes, if it is one and JSON.
fn said(bytes: &[u8]) -> Option<Value> {
    let mut bytes = bytes.to_vec();
    let mut reader = Reader::new(Role::Server, bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let step = reader.read(&mut bytes[at..]).ok()?;
        at += step.consumed;
        if let Some(Event::Text(text)) = step.event {
            return serde_json::from_slice(&text).ok();
        }
    }
    None
}

/// The bytes of a payload, and its value where it has one.
pub(super) fn wire(payload: &Payload) -> (Vec<u8>, Option<Value>) {
    match payload {
        Payload::Json(value) => (RawFrame::text(value.to_string()).to_bytes(), Some(value.clone())),
        Payload::Text(text) => (RawFrame::text(text).to_bytes(), serde_json::from_str(text).ok()),
        Payload::Bytes(bytes) => (RawFrame::text(bytes).to_bytes(), None),
        Payload::Fragments { json, pieces } => {
            let text = json.to_string();
            let length = text.len().div_ceil((*pieces).max(1)).max(1);
            let chunks: Vec<_> = text.as_bytes().chunks(length).collect();
            let mut bytes = Vec::new();
            for (index, chunk) in chunks.iter().enumerate() {
                let frame = if index == 0 { RawFrame::text(chunk) } else { RawFrame::continuation(chunk) };
                let is_last = index + 1 == chunks.len();
                bytes.extend(if is_last { frame } else { frame.unfinished() }.to_bytes());
                if !is_last {
                    bytes.extend(RawFrame::ping([]).to_bytes());
                }
            }
            (bytes, Some(json.clone()))
        }
        Payload::Binary(bytes) => (RawFrame::binary(bytes).to_bytes(), None),
        Payload::Ping(bytes) => (RawFrame::ping(bytes).to_bytes(), None),
        Payload::Raw(bytes) => (bytes.clone(), said(bytes)),
        Payload::Large { bytes } => {
            (RawFrame::text(format!("\"{}\"", "x".repeat(bytes.saturating_sub(2)))).to_bytes(), None)
        }
        // Only protocols with an envelope resume.
        Payload::Resume { .. } => (Vec::new(), None),
    }
}
