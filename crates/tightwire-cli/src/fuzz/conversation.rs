//! What one connection owes us, and whether what comes is that. For protocols without an envelope, whose documents say
//! little of what a server may do: what cannot be told for sure is no finding.

use std::time::Duration;

use serde_json::Value;
use tightwire_spec::ir::{Message, MessageId};
use tightwire_testkit::fuzz::{Class, Intent, Payload, Sent};
use tokio::time::Instant;

use super::contract::{Contract, Known};
use super::link::Heard;

/// How long a frame that is owed nothing is waited for: an error may come, or a close.
const QUIET: Duration = Duration::from_millis(40);

/// How often the deadline has to pass before a reply counts as missing.
pub(super) const MISSING: u32 = 5;

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// How long a reply may take.
    pub(super) deadline: Duration,
    /// Whether to report what many servers do and few of their users mind.
    pub(super) is_strict: bool,
}

/// A connection, as far as what was said over it is concerned.
pub(super) struct Conversation<'c, 'ir> {
    contract: &'c Contract<'ir>,
    rules: Rules,
    pub(super) asked: Vec<Asked<'ir>>,
}

/// Something that we have sent.
#[derive(Debug)]
pub(super) struct Asked<'ir> {
    /// The step of the plan.
    pub(super) step: usize,
    /// What it is, or was before it was broken.
    pub(super) message: Option<&'ir Message>,
    pub(super) intent: Intent,
    /// By what its answer is known, if it says that.
    correlation: Option<Value>,
    /// What may answer it.
    replies: Vec<&'ir MessageId>,
    /// A ping of WebSocket, by its payload.
    ping: Option<Vec<u8>>,
    at: Instant,
    /// How long an answer that is owed is waited for.
    patience: Duration,
    /// What has answered it.
    pub(super) answer: Option<Answer>,
}

/// What came of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// This reply.
    Reply(MessageId),
    /// This message that says no.
    Error(MessageId),
    /// A pong of WebSocket.
    Pong,
    /// Something that was wrong itself, and told already.
    Wrong,
}

/// Something that is wrong, or that is worth a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    /// What it is; none for what is only worth knowing.
    pub(super) class: Option<Class>,
    /// The step of the plan that it is about.
    pub(super) step: Option<usize>,
    pub(super) message: String,
    pub(super) expected: String,
    pub(super) actual: String,
}

impl Remark {
    pub(super) fn new(class: Class, step: Option<usize>, [message, expected, actual]: [String; 3]) -> Self {
        Self { class: Some(class), step, message, expected, actual }
    }

    pub(super) fn note(step: Option<usize>, message: String) -> Self {
        Self { class: None, step, message, expected: String::new(), actual: String::new() }
    }
}

impl Asked<'_> {
    fn is_owed(&self) -> bool {
        self.answer.is_none() && self.intent.is_valid() && (!self.replies.is_empty() || self.ping.is_some())
    }

    /// The message, for people.
    pub(super) fn name(&self) -> String {
        match (self.message, &self.ping) {
            (Some(message), _) => format!("`{}`", message.id),
            (None, Some(_)) => "a WebSocket ping".to_owned(),
            (None, None) => "what is no message".to_owned(),
        }
    }

    fn takes(&self, message: &Message) -> bool {
        self.replies.contains(&&message.id)
    }

    fn promised(&self) -> String {
        if self.ping.is_some() {
            return "a pong with its payload".to_owned();
        }
        let names: Vec<_> = self.replies.iter().map(|id| format!("`{id}`")).collect();
        if names.is_empty() { "no answer".to_owned() } else { names.join(" or ") }
    }
}

impl<'c, 'ir> Conversation<'c, 'ir> {
    pub(super) fn new(contract: &'c Contract<'ir>, rules: Rules) -> Self {
        Self { contract, rules, asked: Vec::new() }
    }

    /// We have sent something.
    pub(super) fn sent(
        &mut self,
        step: usize,
        sent: &Sent,
        value: Option<&Value>,
        (at, patience): (Instant, Duration),
    ) {
        let message = sent.message.as_ref().and_then(|key| self.contract.to_server(key));
        let pointer = message.and_then(|message| self.contract.correlation(message));
        let correlation = pointer.and_then(|pointer| value?.pointer(pointer)).filter(|it| !it.is_null()).cloned();
        let replies = message.map(|message| self.contract.replies(&message.id).into_iter().collect());
        let replies = replies.unwrap_or_default();
        let intent = sent.intent.clone();
        let ping = if let Payload::Ping(payload) = &sent.payload { Some(payload.clone()) } else { None };
        self.asked.push(Asked { step, message, intent, correlation, replies, ping, at, patience, answer: None });
    }

    /// When there is nothing to wait for any more, as far as is known now; none where that is so already.
    pub(super) fn waits_until(&self, now: Instant) -> Option<Instant> {
        let ends = self.asked.iter().filter(|asked| asked.answer.is_none()).map(|asked| match asked.intent {
            Intent::Breach { .. } => asked.at + asked.patience,
            _ if asked.is_owed() => asked.at + asked.patience,
            _ => asked.at + QUIET,
        });
        ends.max().filter(|end| *end > now)
    }

    /// What should have come by now and has not.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<Remark> {
        let missing = self.asked.iter_mut().filter(|asked| asked.is_owed() && asked.at + asked.patience <= now);
        let remarks = missing.map(|asked| {
            asked.answer = Some(Answer::Wrong);
            let why = format!("{} was not answered within {} ms", asked.name(), asked.patience.as_millis());
            Remark::new(Class::NoReply, Some(asked.step), [why, asked.promised(), "nothing".to_owned()])
        });
        let mut remarks: Vec<_> = remarks.collect();
        let breaches = self.asked.iter_mut().filter(|asked| asked.answer.is_none() && asked.at + asked.patience <= now);
        for asked in breaches {
            let Intent::Breach { code } = asked.intent else { continue };
            asked.answer = Some(Answer::Wrong);
            let why = if code == 1000 || code >= 3000 {
                "the server does not answer a close frame".to_owned()
            } else {
                "the server goes on after a frame that breaks the rules of WebSocket".to_owned()
            };
            let detail = [why, format!("the end of the connection, with close {code}"), "nothing".to_owned()];
            remarks.push(Remark::new(Class::AcceptedInvalid, Some(asked.step), detail));
        }
        remarks
    }

    /// A message came.
    pub(super) fn heard(&mut self, heard: &Heard, now: Instant) -> Vec<Remark> {
        match heard {
            Heard::Text(text) => match serde_json::from_str::<Value>(text) {
                Ok(frame) => self.heard_frame(&frame, now),
                Err(_) if !self.is_all_json() => Vec::new(),
                Err(error) => {
                    let step = self.blame();
                    let why = "the server sends text that is not JSON".to_owned();
                    vec![Remark::new(Class::InvalidFrame, step, [why, "JSON".to_owned(), error.to_string()])]
                }
            },
            Heard::Binary(bytes) if self.is_all_json() => {
                let why = "the server sends a binary message".to_owned();
                let actual = format!("{} bytes", bytes.len());
                let step = self.blame();
                vec![Remark::new(Class::InvalidFrame, step, [why, "JSON in a text message".to_owned(), actual])]
            }
            Heard::Pong(payload) => {
                // RFC 6455 lets a server answer the last of several pings only.
                for asked in self.asked.iter_mut().filter(|asked| asked.ping.as_ref() == Some(payload)) {
                    asked.answer = Some(Answer::Pong);
                }
                Vec::new()
            }
            Heard::Binary(_) | Heard::End(_) => Vec::new(),
        }
    }

    /// Whether all that the server may send is JSON.
    fn is_all_json(&self) -> bool {
        self.contract.receivable().all(|message| {
            let is_json = |kind: &String| kind.contains("json");
            message.unsupported.is_none() && message.content_type.as_ref().is_none_or(is_json)
        })
    }

    /// The step that something without a correlation may have to do with: the last one, and what it was waits no longer.
    fn blame(&mut self) -> Option<usize> {
        let owed = self.asked.iter_mut().find(|asked| asked.is_owed());
        if let Some(asked) = owed {
            asked.answer = Some(Answer::Wrong);
            return Some(asked.step);
        }
        self.asked.last().map(|asked| asked.step)
    }

    fn heard_frame(&mut self, frame: &Value, now: Instant) -> Vec<Remark> {
        let messages = match self.contract.identify(frame) {
            Known::OneOf(messages) => messages,
            Known::Wrong { meant, pointer, keyword, why } => {
                let step = self.belongs(frame, meant);
                let name = meant.map_or_else(|| "what is no message".to_owned(), |id| format!("`{id}`"));
                let message = format!("the server sends {name} that does not follow the contract");
                let expected = format!("what `{keyword}` asks for at \"{pointer}\"");
                return vec![Remark::new(Class::InvalidFrame, step, [message, expected, why])];
            }
        };
        // Where a frame can be several messages, it is the one that somebody waits for.
        let waited =
            messages.iter().find(|message| self.asked.iter().any(|asked| asked.is_owed() && asked.takes(message)));
        let message = *waited.unwrap_or(&messages[0]);
        let pointer = self.contract.correlation(message);
        let named = pointer.and_then(|pointer| frame.pointer(pointer)).filter(|value| !value.is_null());
        match (named, pointer) {
            (Some(named), _) => self.heard_named(message, named, now),
            (None, pointer) => self.heard_unnamed(message, pointer.is_some(), now),
        }
    }

    /// Which step a wrong frame has to do with; that one waits no longer.
    fn belongs(&mut self, frame: &Value, meant: Option<&MessageId>) -> Option<usize> {
        let message = meant.and_then(|id| self.contract.ir.messages.get(id));
        let pointer = message.and_then(|message| self.contract.correlation(message));
        let named = pointer.and_then(|pointer| frame.pointer(pointer));
        let found = self.asked.iter_mut().find(|asked| match (&asked.correlation, named) {
            (Some(correlation), Some(named)) => is_same(correlation, named),
            _ => asked.is_owed() && message.is_none_or(|message| asked.takes(message)),
        });
        match found {
            Some(asked) => {
                asked.answer = Some(Answer::Wrong);
                Some(asked.step)
            }
            None => self.blame(),
        }
    }

    /// A message came that says what it belongs to.
    fn heard_named(&mut self, message: &'ir Message, named: &Value, now: Instant) -> Vec<Remark> {
        let is_named = |asked: &Asked<'_>| asked.correlation.as_ref().is_some_and(|it| is_same(it, named));
        // The same number may have been used twice: the one that waits is meant.
        let at = self.asked.iter().position(|asked| is_named(asked) && asked.answer.is_none());
        if let Some(at) = at.or_else(|| self.asked.iter().rposition(is_named)) {
            return self.answered(at, message, now);
        }
        if self.contract.is_error(&message.id) {
            // What was wrong may have been that very number.
            if let Some(asked) = self.asked.iter_mut().find(|it| !it.intent.is_valid() && it.answer.is_none()) {
                asked.answer = Some(Answer::Error(message.id.clone()));
                return Vec::new();
            }
        }
        if self.contract.is_unasked(&message.id) {
            return Vec::new();
        }
        let owed = self.asked.iter_mut().find(|asked| asked.is_owed() && asked.takes(message));
        let expected = match owed {
            Some(asked) => {
                asked.answer = Some(Answer::Wrong);
                let expected = asked.correlation.as_ref().map(ToString::to_string).unwrap_or_default();
                Some((asked.step, expected))
            }
            None => self.asked.last().map(|asked| (asked.step, "the identity of a frame that was sent".to_owned())),
        };
        let (step, expected) = expected.map_or((None, String::new()), |(step, expected)| (Some(step), expected));
        let why = format!("`{}` names a frame that was not sent on this connection", message.id);
        vec![Remark::new(Class::WrongCorrelation, step, [why, expected, named.to_string()])]
    }

    /// A message came that answers that frame, by what both say.
    fn answered(&mut self, at: usize, message: &'ir Message, now: Instant) -> Vec<Remark> {
        let is_several = self.asked[at].message.is_some_and(|it| self.contract.is_answered_by_several(&it.id));
        let asked = &mut self.asked[at];
        let (name, step) = (asked.name(), Some(asked.step));
        let remark = |class, why: String, expected: String, actual: &str| {
            vec![Remark::new(class, step, [why, expected, actual.to_owned()])]
        };
        let is_error = self.contract.is_error(&message.id);
        if asked.answer.is_some() && !is_several {
            if self.contract.is_unasked(&message.id) {
                return Vec::new();
            }
            let named = asked.correlation.as_ref().map(ToString::to_string).unwrap_or_default();
            // One that waits for such an answer was meant, and got the identity of another.
            if let Some(owed) = self.asked.iter_mut().find(|asked| asked.is_owed() && asked.takes(message)) {
                owed.answer = Some(Answer::Wrong);
                let why = format!("`{}` names a frame that was answered already, while another waits", message.id);
                let expected = owed.correlation.as_ref().map(ToString::to_string).unwrap_or_default();
                return vec![Remark::new(Class::WrongCorrelation, Some(owed.step), [why, expected, named])];
            }
            let why = format!("{name} was answered twice");
            return remark(Class::DuplicateReply, why, "one answer".to_owned(), &format!("another `{}`", message.id));
        }
        if is_error {
            asked.answer = Some(Answer::Error(message.id.clone()));
            if !asked.intent.is_valid() {
                return Vec::new();
            }
            let why = format!("{name} follows the contract and was answered with `{}`", message.id);
            return if self.rules.is_strict {
                remark(Class::RejectedValid, why, asked.promised(), &format!("`{}`", message.id))
            } else {
                vec![Remark::note(step, why)]
            };
        }
        if !asked.takes(message) {
            if self.contract.is_unasked(&message.id) {
                return Vec::new();
            }
            let promised = asked.promised();
            asked.answer = Some(Answer::Wrong);
            let why = format!("{name} was answered with a message that the contract does not allow as its answer");
            return remark(Class::WrongType, why, promised, &format!("`{}`", message.id));
        }
        asked.answer = Some(Answer::Reply(message.id.clone()));
        let took = now - asked.at;
        match &asked.intent {
            Intent::Invalid { keyword, pointer } => {
                let why = format!(
                    "{name} with a violation of `{keyword}` at \"{pointer}\" was answered as if it followed the contract"
                );
                if self.contract.has_errors() {
                    let errors: Vec<_> =
                        self.contract.receivable().filter(|it| self.contract.is_error(&it.id)).collect();
                    let errors: Vec<_> = errors.iter().map(|it| format!("`{}`", it.id)).collect();
                    let expected = format!("{}, or a close with a code that says no", errors.join(" or "));
                    remark(Class::AcceptedInvalid, why, expected, &format!("`{}`", message.id))
                } else {
                    vec![Remark::note(step, why)]
                }
            }
            _ if took > self.rules.deadline => {
                let why = format!("{name} was answered late");
                let expected = format!("within {} ms", self.rules.deadline.as_millis());
                remark(Class::LateReply, why, expected, &format!("after {} ms", took.as_millis()))
            }
            _ => Vec::new(),
        }
    }

    /// A message came that does not say what it belongs to. `could`: the contract has a place where it could.
    fn heard_unnamed(&mut self, message: &'ir Message, could: bool, now: Instant) -> Vec<Remark> {
        let is_error = self.contract.is_error(&message.id);
        let open = |asked: &Asked<'_>| asked.answer.is_none();
        if is_error {
            // A frame that cannot be read has no identity that an error could name.
            let invalid = self.asked.iter().position(|asked| open(asked) && !asked.intent.is_valid());
            let at = invalid.or_else(|| self.asked.iter().position(Asked::is_owed));
            return at.map_or_else(Vec::new, |at| self.answered(at, message, now));
        }
        let takes = |asked: &Asked<'_>| open(asked) && asked.takes(message);
        let Some(at) = self.asked.iter().position(|asked| takes(asked) && asked.intent.is_valid()) else {
            let mut invalid = self.asked.iter().enumerate().filter(|(_, asked)| takes(asked));
            // With two of them nobody knows which one it is.
            return match (invalid.next(), invalid.next()) {
                (Some((at, _)), None) => self.answered(at, message, now),
                _ if self.contract.is_unasked(&message.id) => Vec::new(),
                _ => vec![Remark::note(
                    None,
                    format!("`{}` came although nothing was asked that it answers", message.id),
                )],
            };
        };
        if could && let Some(correlation) = self.asked[at].correlation.clone() {
            if self.contract.is_unasked(&message.id) {
                return Vec::new();
            }
            let asked = &mut self.asked[at];
            asked.answer = Some(Answer::Wrong);
            let why = format!("`{}` does not say which frame it answers", message.id);
            let detail = [why, correlation.to_string(), "nothing there".to_owned()];
            return vec![Remark::new(Class::WrongCorrelation, Some(asked.step), detail)];
        }
        self.answered(at, message, now)
    }
}

/// Whether two identities are the same: a number may be written as `1` or `1.0`.
fn is_same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|one| other.as_f64() == Some(one))
}
