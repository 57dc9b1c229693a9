//! One connection: what it is owed, and what it is subscribed to.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use serde_json::Value;
use tightwire::proto::close::CloseReason;
use tightwire_spec::ir::SessionRole;

use super::Bounds;
use super::topics::Place;
use crate::fuzz::finding::Class;
use crate::fuzz::protocol::{Message, Operation, Protocol};
use crate::sequence::Progress;

#[derive(Debug)]
pub(super) struct Client<'p> {
    /// Which connection of the plan it is.
    pub(super) connection: usize,
    pub(super) life: Life,
    /// Whether its first frame has come.
    pub(super) greeted: bool,
    /// What it is owed, in the order in which it was asked for.
    pub(super) debts: Vec<Debt<'p>>,
    /// What was answered: the step, and the operation.
    pub(super) answered: HashMap<String, (usize, Option<&'p Operation>)>,
    /// The pongs of WebSocket that it is owed: step, payload, and when it asked.
    pub(super) pongs: VecDeque<(usize, Vec<u8>, Duration)>,
    /// Why the server has to end the connection.
    pub(super) doom: Option<Doom>,
    pub(super) subscriptions: BTreeSet<String>,
    /// The topics that it has left.
    pub(super) left: BTreeSet<String>,
    pub(super) places: HashMap<String, Place>,
    /// The ids of frames that only it has got.
    pub(super) ids: HashSet<String>,
    pub(super) rate: Rate,
    /// Whether it was told that a topic is forbidden. Who goes on asking is sent away.
    pub(super) is_forbidden: bool,
    opened_at: Duration,
    max_message: Option<u64>,
    max_frame: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Open,
    /// It has closed, and the server has not answered yet.
    Closing {
        since: Duration,
    },
    Over,
}

/// Something that the client has sent after which the server has to close.
#[derive(Clone, Debug)]
pub(super) struct Doom {
    pub(super) step: usize,
    pub(super) code: u16,
    /// Whether an error has to come first.
    pub(super) wants_error: bool,
    since: Duration,
}

/// How many text messages were sent, and how many of them the rate allows.
#[derive(Debug)]
pub(super) struct Rate {
    /// How many the server has to take at once, at least. None where the protocol has no such limit.
    tokens: Option<f64>,
    burst: f64,
    per_second: f64,
    /// How many were answered.
    pub(super) taken: u64,
    /// How many errors say that the rate was not kept.
    pub(super) errors: u64,
}

/// Something that was sent, and what is owed for it.
#[derive(Debug)]
pub(super) struct Debt<'p> {
    pub(super) step: usize,
    /// What an answer refers to.
    pub(super) key: Option<String>,
    pub(super) role: Option<SessionRole>,
    pub(super) message: String,
    pub(super) topic: Option<String>,
    /// `data`, for the session's own messages.
    pub(super) data: Value,
    pub(super) owed: Owed<'p>,
    /// Whether the first answer has come.
    pub(super) is_replied: bool,
    pub(super) progress: Option<Progress<'p>>,
    /// Topics that an error has named, and whether it may have left some out.
    pub(super) refused: BTreeSet<String>,
    pub(super) refused_more: bool,
    pub(super) has_error: bool,
    /// Whether the rate does not allow it for certain.
    pub(super) may_be_dropped: bool,
    /// Whether it need not come any more.
    pub(super) is_excused: bool,
    pub(super) sent_at: Duration,
    pub(super) last_at: Duration,
}

#[derive(Debug)]
pub(super) enum Owed<'p> {
    /// The reply of an operation.
    Reply(&'p Operation),
    /// An error that says that it is too large.
    TooLarge,
    /// An error that names the violation.
    Violation { keyword: String, pointer: String },
    /// Nothing.
    Nothing,
}

/// What did not come: kind, step, in words, and what was expected.
pub(super) type Missed = (Class, usize, String, String);

impl<'p> Client<'p> {
    pub(super) fn new(protocol: &Protocol, connection: usize, now: Duration) -> Self {
        Self {
            connection,
            life: Life::Open,
            greeted: false,
            debts: Vec::new(),
            answered: HashMap::new(),
            pongs: VecDeque::new(),
            doom: None,
            subscriptions: BTreeSet::new(),
            left: BTreeSet::new(),
            places: HashMap::new(),
            ids: HashSet::new(),
            rate: Rate::new(protocol.limit("message_burst"), protocol.limit("messages_per_second")),
            is_forbidden: false,
            opened_at: now,
            max_message: protocol.limit("max_message_bytes"),
            max_frame: protocol.limit("max_frame_bytes"),
        }
    }

    /// What the server says of the limits that the connection lives under goes before the document.
    pub(super) fn learn_limits(&mut self, greeting: &Value) {
        let limits = &greeting["data"]["limits"];
        let limit = |name: &str| limits.get(name).and_then(Value::as_u64);
        if let Some(max) = limit("max_message_bytes") {
            self.max_message = Some(max);
        }
        if let (Some(burst), Some(per_second)) = (limit("message_burst"), limit("messages_per_second")) {
            let used = self.rate.tokens.map_or(0.0, |tokens| self.rate.burst - tokens);
            self.rate = Rate::new(Some(burst), Some(per_second));
            self.rate.tokens = self.rate.tokens.map(|tokens| tokens - used);
        }
    }

    pub(super) fn is_too_large(&self, bytes: usize) -> bool {
        self.max_message.is_some_and(|max| bytes as u64 > max)
    }

    pub(super) fn is_beyond_transport(&self, bytes: usize) -> bool {
        self.max_frame.is_some_and(|max| bytes as u64 > max)
    }

    /// Counts a text message. Whether the rate allows it for certain.
    pub(super) fn count_text(&mut self) -> bool {
        match &mut self.rate.tokens {
            Some(tokens) if *tokens < 1.0 => false,
            Some(tokens) => {
                *tokens -= 1.0;
                true
            }
            None => true,
        }
    }

    pub(super) fn refill(&mut self, time: Duration) {
        let Rate { burst, per_second, tokens, .. } = &mut self.rate;
        *tokens = tokens.map(|tokens| burst.min(tokens.max(0.0) + time.as_secs_f64() * *per_second));
    }

    /// How many text messages the server may have taken by now.
    pub(super) fn most_taken(&self, now: Duration) -> f64 {
        match self.rate.tokens {
            Some(_) => self.rate.burst + 1.0 + now.saturating_sub(self.opened_at).as_secs_f64() * self.rate.per_second,
            None => f64::INFINITY,
        }
    }

    /// Whether the server has to end the connection, so that nothing that is sent counts any more.
    pub(super) fn is_doomed(&self) -> bool {
        self.doom.is_some() || self.life != Life::Open
    }

    /// The server has to close with that code. What it owes besides it may owe for ever.
    pub(super) fn doom(&mut self, step: usize, code: u16, wants_error: bool, now: Duration) {
        self.doom = Some(Doom { step, code, wants_error, since: now });
        self.excuse();
    }

    /// The connection ends: what it is owed may still come, or not.
    pub(super) fn excuse(&mut self) {
        self.debts.iter_mut().for_each(|debt| debt.is_excused = true);
        self.pongs.clear();
    }

    /// Whether the violation was named by an error.
    pub(super) fn has_refused_violation(&self) -> bool {
        self.debts.iter().any(|debt| matches!(debt.owed, Owed::Violation { .. }) && debt.has_error)
    }

    /// The codes with which the server may end the connection for what the client has asked for.
    pub(super) fn may_end_with(&self) -> Vec<u16> {
        let mut codes = Vec::new();
        if self.debts.iter().any(|debt| debt.role == Some(SessionRole::Authenticate)) {
            codes.push(CloseReason::Unauthorized.code());
        }
        if self.is_forbidden {
            codes.push(CloseReason::TopicForbidden.code());
        }
        codes
    }

    pub(super) fn end(&mut self) {
        self.life = Life::Over;
        self.doom = None;
        self.debts.clear();
        self.pongs.clear();
        self.subscriptions.clear();
        self.places.clear();
    }

    pub(super) fn is_settled(&self, sequences: bool) -> bool {
        match self.life {
            Life::Over => true,
            Life::Closing { .. } => false,
            Life::Open if self.doom.is_some() => false,
            Life::Open => {
                self.pongs.is_empty() && !self.debts.iter().any(|debt| debt.is_open(sequences, self.rate.errors > 0))
            }
        }
    }

    pub(super) fn deadline(&self, bounds: &Bounds) -> Option<Duration> {
        let life = match (self.life, &self.doom) {
            (Life::Over, _) => return None,
            (Life::Closing { since }, _) => return Some(since + bounds.give_up),
            (Life::Open, Some(doom)) => return Some(doom.since + bounds.give_up),
            (Life::Open, None) => self.pongs.front().map(|(_, _, asked)| *asked + bounds.give_up),
        };
        let is_limited = self.rate.errors > 0;
        let open = self.debts.iter().filter(|debt| debt.is_open(true, is_limited));
        open.map(|debt| debt.deadline(bounds)).chain(life).min()
    }

    pub(super) fn take_overdue(&mut self, bounds: &Bounds, now: Duration) -> Option<Missed> {
        if self.deadline(bounds).is_none_or(|deadline| now < deadline) {
            return None;
        }
        if let Life::Closing { .. } = self.life {
            return Some((Class::NoReply, 0, "a close was not answered".to_owned(), "close 1000".to_owned()));
        }
        if let Some(doom) = &self.doom {
            let expected = format!("close {}", doom.code);
            let taken = doom.wants_error && !self.has_refused_violation();
            let (class, what) = if taken {
                (Class::AcceptedInvalid, "a frame that violates the contract was taken, or passed over")
            } else {
                (Class::CloseCode, "the connection was not closed")
            };
            return Some((class, doom.step, what.to_owned(), expected));
        }
        if let Some((step, _, asked)) = self.pongs.front()
            && now >= *asked + bounds.give_up
        {
            let what = "a ping of WebSocket was not answered".to_owned();
            return Some((Class::NoReply, *step, what, "a pong with its payload".to_owned()));
        }
        let is_limited = self.rate.errors > 0;
        let debt = self.debts.iter().find(|it| it.is_open(true, is_limited) && now >= it.deadline(bounds))?;
        Some(debt.missed())
    }
}

impl Rate {
    fn new(burst: Option<u64>, per_second: Option<u64>) -> Self {
        let (burst, per_second) = burst.zip(per_second).unzip();
        let number = |value: Option<u64>| value.map_or(0.0, |value| value as f64);
        let tokens = burst.map(|burst| burst as f64);
        Self { tokens, burst: number(burst), per_second: number(per_second), taken: 0, errors: 0 }
    }
}

impl<'p> Debt<'p> {
    pub(super) fn new(
        step: usize,
        key: Option<String>,
        message: Option<&Message>,
        value: Option<&Value>,
        owed: Owed<'p>,
        may_be_dropped: bool,
        now: Duration,
    ) -> Self {
        let progress = match &owed {
            Owed::Reply(operation) => operation
                .reply
                .as_ref()
                .and_then(|reply| reply.sequence.as_ref())
                .map(crate::sequence::Sequence::progress),
            _ => None,
        };
        let role = message.and_then(|message| message.role);
        let is_session = matches!(role, Some(SessionRole::Subscribe | SessionRole::Unsubscribe));
        let data = value.filter(|_| is_session).and_then(|value| value.get("data")).cloned().unwrap_or_default();
        Self {
            step,
            key,
            role,
            message: message.map_or_else(String::new, |message| message.key.clone()),
            topic: value.and_then(|value| value.get("topic")).and_then(Value::as_str).map(str::to_owned),
            data,
            owed,
            is_replied: false,
            progress,
            refused: BTreeSet::new(),
            refused_more: false,
            has_error: false,
            may_be_dropped,
            is_excused: false,
            sent_at: now,
            last_at: now,
        }
    }

    /// Whether the server has to refuse it.
    pub(super) fn is_violation(&self) -> bool {
        matches!(self.owed, Owed::TooLarge | Owed::Violation { .. })
    }

    pub(super) fn operation(&self) -> Option<&'p Operation> {
        match self.owed {
            Owed::Reply(operation) => Some(operation),
            _ => None,
        }
    }

    /// The topics that a frame of the session names.
    pub(super) fn topics(&self) -> impl Iterator<Item = &str> {
        self.data.get("topics").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// Whether something is owed.
    fn is_open(&self, sequences: bool, is_limited: bool) -> bool {
        match self.owed {
            Owed::Nothing => false,
            _ if self.is_excused => false,
            _ if self.may_be_dropped && is_limited && !self.is_replied => false,
            Owed::Reply(_) => !self.is_replied || (sequences && self.progress.as_ref().is_some_and(|it| !it.may_end())),
            Owed::TooLarge | Owed::Violation { .. } => !self.has_error,
        }
    }

    fn deadline(&self, bounds: &Bounds) -> Duration {
        if self.is_replied { self.last_at + bounds.next_within } else { self.sent_at + bounds.give_up }
    }

    fn missed(&self) -> Missed {
        let (step, message) = (self.step, &self.message);
        match &self.owed {
            Owed::Violation { keyword, pointer } => {
                let what = "a frame that violates the contract was taken, or passed over".to_owned();
                (Class::AcceptedInvalid, step, what, format!("an error that names {keyword} at {pointer:?}"))
            }
            Owed::TooLarge => {
                let what = "a frame that is too large was taken, or passed over".to_owned();
                (Class::AcceptedInvalid, step, what, "an error that says so".to_owned())
            }
            Owed::Reply(operation) => {
                let what = format!("`{message}` was not answered");
                let expected = match &self.progress {
                    Some(progress) => progress.expected().join(" or "),
                    None => operation.reply.as_ref().map_or(String::new(), |reply| reply.messages.join(" or ")),
                };
                let what = if self.is_replied { format!("the answer to `{message}` did not end") } else { what };
                (Class::NoReply, step, what, expected)
            }
            Owed::Nothing => (Class::NoReply, step, String::new(), String::new()),
        }
    }
}
