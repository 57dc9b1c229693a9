//! What is sent: plans for each phase, first those that follow from the document, then those of chance.

use std::collections::HashMap;

use fastrand::Rng;
use serde_json::Value;
use tightwire_codegen::cases::Examples;
use tightwire_codegen::schema_bundle;
use tightwire_spec::ir::{Channel, Message, MessageId, Segment, SessionRole};
use tightwire_strategies::negative::Negative;
use tightwire_strategies::text::{self, MutationKind};
use tightwire_strategies::{Direction, Frames};
use tightwire_testkit::fuzz::plan::MARKER;
use tightwire_testkit::fuzz::{Intent, Payload, Plan, Sent, Step};

use super::contract::Contract;

/// The most frames of a sequence.
const LONGEST: usize = 30;

/// How many frames share a connection in the other phases.
const SHARE: usize = 20;

/// Keywords of violations that a JSON parser without care cannot see.
const SUBTLE: &str = "duplicate-key";

/// Texts that many parsers take although they are no JSON, or that only some see something wrong with.
const SUBTLE_TEXTS: [MutationKind; 4] = [
    MutationKind::DuplicateKey,
    MutationKind::LoneSurrogate,
    MutationKind::ByteOrderMark,
    // Python reads `NaN`.
    MutationKind::UnknownWord,
];

/// Makes plans.
pub(super) struct Corpus<'c, 'ir> {
    contract: &'c Contract<'ir>,
    examples: &'c Examples<'ir>,
    frames: Frames,
    rng: Rng,
    /// How to give a frame of each message an identity of its own.
    identities: HashMap<&'ir MessageId, Identity>,
    count: u32,
    is_strict: bool,
    /// The most frames that a connection takes at once.
    burst: usize,
    /// What the server lets us in with.
    token: Option<String>,
}

/// What the identity of a frame looks like.
#[derive(Clone, Copy, Debug)]
enum Identity {
    Number,
    Uuid,
    Text,
}

/// A frame at the edge of a constraint, or a violation of one.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) keyword: String,
    pub(super) sent: Sent,
    /// Whether it needs a connection of its own: what it is about is its identity, and others may have the same.
    pub(super) is_alone: bool,
}

impl Edge {
    /// A frame like any other.
    fn plain(sent: Sent) -> Self {
        Self { keyword: String::new(), sent, is_alone: false }
    }
}

impl<'c, 'ir> Corpus<'c, 'ir> {
    pub(super) fn new(
        (contract, examples): (&'c Contract<'ir>, &'c Examples<'ir>),
        seed: u64,
        (is_strict, burst): (bool, usize),
        token: Option<String>,
    ) -> Result<Self, String> {
        let bundle = schema_bundle::text(contract.ir);
        let frames = Frames::from_bundle(&bundle).map_err(|error| error.to_string())?;
        let mut corpus = Self {
            contract,
            examples,
            frames,
            rng: Rng::with_seed(seed),
            identities: HashMap::new(),
            count: 0,
            is_strict,
            burst,
            token,
        };
        for message in contract.sendable() {
            if let Some(identity) = corpus.identity_of(message) {
                corpus.identities.insert(&message.id, identity);
            }
        }
        if contract.sendable().next().is_none() {
            return Err("the document has no message that clients send there: there is nothing to try".to_owned());
        }
        Ok(corpus)
    }

    /// The kind of identity that frames of a message take.
    fn identity_of(&mut self, message: &'ir Message) -> Option<Identity> {
        let pointer = self.contract.correlation(message)?;
        for frame in self.examples.frames(message) {
            for identity in [Identity::Number, Identity::Uuid, Identity::Text] {
                let mut frame = frame.clone();
                let fresh = self.fresh(identity);
                if let Some(place) = frame.pointer_mut(pointer) {
                    *place = fresh;
                    if self.contract.accepts(&message.id, &frame) {
                        return Some(identity);
                    }
                }
            }
        }
        None
    }

    fn fresh(&mut self, identity: Identity) -> Value {
        self.count += 1;
        match identity {
            Identity::Number => self.count.into(),
            Identity::Text => format!("f{}", self.count).into(),
            Identity::Uuid => {
                let bits = self.rng.u128(..) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
                let hex = format!("{bits:032x}");
                format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]).into()
            }
        }
    }

    /// Gives a frame an identity and a topic of its own, unless what is at `but` is what it is about.
    /// False if it has the one that it had.
    fn renew(&mut self, message: &Message, frame: &mut Value, but: &str) -> bool {
        self.move_away(message, frame, but);
        let (Some(pointer), Some(identity)) = (self.contract.correlation(message), self.identities.get(&message.id))
        else {
            return true;
        };
        if but.starts_with(pointer) || pointer.starts_with(&format!("{but}/")) && !but.is_empty() {
            return false;
        }
        let identity = *identity;
        if frame.pointer(pointer).is_some_and(|value| value.is_number() || value.is_string()) {
            let fresh = self.fresh(identity);
            if let Some(place) = frame.pointer_mut(pointer) {
                *place = fresh;
            }
        }
        true
    }

    /// Gives a frame a topic that nobody else uses, where topics have parameters, and the credentials that we have.
    fn move_away(&self, message: &Message, frame: &mut Value, but: &str) {
        if self.contract.ir.envelope.is_none() || !frame.is_object() {
            return;
        }
        let channel = self.contract.operations(&message.id).next().map(|operation| &operation.channel);
        let channel = channel.and_then(|id| self.contract.ir.channels.get(id));
        let is_free = |channel: &&Channel| channel.parameters.values().all(|parameter| parameter.values.is_empty());
        if let Some(channel) = channel.filter(is_free)
            && !channel.parameters.is_empty()
            && but != "/topic"
            && frame["topic"].is_string()
        {
            let part = |segment: &Segment| match segment {
                Segment::Literal(text) => text.clone(),
                Segment::Parameter(_) => MARKER.to_owned(),
            };
            frame["topic"] = channel.segments.iter().map(part).collect::<String>().into();
        }
        if message.session == Some(SessionRole::Authenticate)
            && !but.starts_with("/data")
            && let Some(token) = &self.token
            && frame["data"]["token"].is_string()
        {
            frame["data"]["token"] = token.as_str().into();
        }
    }

    /// Gives the text of a frame an identity of its own, where that can be found in it.
    fn renew_text(&mut self, message: &Message, text: String) -> String {
        let Some(Identity::Uuid) = self.identities.get(&message.id) else { return text };
        let (pointer, value) = (self.contract.correlation(message), serde_json::from_str::<Value>(&text).ok());
        // What is not JSON has the identity of the frame that it was made from.
        let before = match (pointer, &value) {
            (Some(pointer), Some(value)) => value.pointer(pointer).and_then(Value::as_str).map(str::to_owned),
            (Some(_), None) => text.split(['"', '\\']).find(|part| is_uuid(part)).map(str::to_owned),
            (None, _) => None,
        };
        match (before, self.fresh(Identity::Uuid).as_str()) {
            (Some(before), Some(fresh)) if is_uuid(&before) => text.replace(&before, fresh),
            _ => text,
        }
    }

    /// A frame of a message, with an identity of its own.
    fn frame(&mut self, message: &'ir Message) -> Sent {
        let frames = &self.frames;
        let mut frame = match self.rng.u8(..8) {
            // What the document shows is nearest to what the server expects, and gets furthest into it.
            0 | 1 => {
                let mut frames = self.examples.frames(message);
                if frames.is_empty() { Value::Null } else { frames.swap_remove(self.rng.usize(..frames.len())) }
            }
            _ => frames.sample(Direction::ToServer, self.contract.name(message), &mut self.rng),
        };
        if !self.contract.accepts(&message.id, &frame) {
            frame = self.examples.frames(message).into_iter().next().unwrap_or(frame);
        }
        self.renew(message, &mut frame, "");
        Sent::valid(self.contract.name(message), self.written(frame))
    }

    /// Messages of which there are frames.
    fn messages(&self) -> Vec<&'ir Message> {
        let has_frames = |message: &&Message| !self.examples.frames(message).is_empty();
        self.contract.sendable().filter(has_frames).collect()
    }

    /// The document's examples, or else the simplest frames that can be made.
    pub(super) fn examples(&mut self) -> Vec<Edge> {
        let mut all = Vec::new();
        for message in self.messages() {
            let given: Vec<_> = message.examples.iter().map(|example| example.payload.clone()).collect();
            let given: Vec<_> = given.into_iter().filter(|frame| self.contract.accepts(&message.id, frame)).collect();
            let frames = if given.is_empty() { self.examples.frames(message) } else { given };
            for mut frame in frames {
                self.renew(message, &mut frame, "");
                all.push(Edge::plain(Sent::valid(self.contract.name(message), frame)));
            }
        }
        all
    }

    /// Frames on that side of each constraint.
    pub(super) fn edges(&mut self, valid: bool) -> Vec<Edge> {
        let mut all = Vec::new();
        for message in self.messages() {
            let Ok(edges) = self.examples.edges(message) else { continue };
            for edge in edges.into_iter().filter(|edge| edge.is_valid == valid) {
                if edge.is_subtle && !self.is_exact() {
                    continue;
                }
                let value = serde_json::from_str::<Value>(&edge.text).ok();
                // A frame of another message is no violation.
                if !valid && !edge.is_subtle && value.as_ref().is_some_and(|value| self.contract.is_sendable(value)) {
                    continue;
                }
                let compact = value.as_ref().map(Value::to_string);
                let (payload, is_renewed) = match value {
                    Some(mut value) if compact.as_ref() == Some(&edge.text) => {
                        let is_renewed = self.renew(message, &mut value, &edge.pointer);
                        (Payload::Json(self.written(value)), is_renewed)
                    }
                    _ => {
                        let text = self.renew_text(message, edge.text.clone());
                        let is_renewed = text != edge.text;
                        (Payload::Text(text), is_renewed)
                    }
                };
                let is_alone = !is_renewed && self.contract.ir.envelope.is_some();
                let keyword = if edge.is_subtle { SUBTLE.to_owned() } else { edge.keyword };
                let intent = if valid {
                    Intent::Valid
                } else {
                    Intent::Invalid { keyword: keyword.clone(), pointer: edge.pointer }
                };
                let sent = Sent { message: Some(self.contract.name(message).to_owned()), payload, intent };
                all.push(Edge { keyword, sent, is_alone });
            }
        }
        all
    }

    /// Whether the server has to see everything that is wrong. The envelope asks for it.
    fn is_exact(&self) -> bool {
        self.is_strict || self.contract.ir.envelope.is_some()
    }

    /// A frame as servers expect it: to JSON Schema `1.0` is an integer, and to many languages it is not.
    fn written(&self, value: Value) -> Value {
        if self.is_exact() { value } else { plain(value) }
    }

    /// A valid frame of any message.
    pub(super) fn any(&mut self) -> Option<Edge> {
        let messages = self.messages();
        let message = *self.rng.choice(&messages)?;
        Some(Edge::plain(self.frame(message)))
    }

    /// A frame with one thing wrong.
    pub(super) fn any_violation(&mut self) -> Option<Edge> {
        let messages = self.messages();
        let message = *self.rng.choice(&messages)?;
        if self.rng.u8(..4) == 0 { self.broken_text(message) } else { self.violation(message) }
    }

    /// A frame that breaks one keyword.
    fn violation(&mut self, message: &'ir Message) -> Option<Edge> {
        let name = self.contract.name(message);
        let Negative { mut frame, keyword, pointer, .. } =
            self.frames.sample_negative(Direction::ToServer, name, &mut self.rng)?;
        let is_alone = !self.renew(message, &mut frame, &pointer) && self.contract.ir.envelope.is_some();
        let frame = self.written(frame);
        if self.contract.is_sendable(&frame) {
            return None;
        }
        let intent = Intent::Invalid { keyword: keyword.clone(), pointer };
        Some(Edge {
            keyword,
            sent: Sent { message: Some(name.to_owned()), payload: Payload::Json(frame), intent },
            is_alone,
        })
    }

    /// A frame that is no JSON any more.
    fn broken_text(&mut self, message: &'ir Message) -> Option<Edge> {
        let Payload::Json(frame) = self.frame(message).payload else { return None };
        let mutation = text::sample(&frame, &mut self.rng);
        if mutation.same_value || !self.is_exact() && SUBTLE_TEXTS.contains(&mutation.kind) {
            return None;
        }
        let keyword = mutation.kind.as_str().to_owned();
        let (payload, intent) = match String::from_utf8(mutation.bytes) {
            Ok(text) => {
                let is_proper = serde_json::from_str(&text).is_ok_and(|value| self.contract.is_sendable(&value));
                if is_proper && !SUBTLE_TEXTS.contains(&mutation.kind) {
                    return None;
                }
                (Payload::Text(text), Intent::Invalid { keyword: keyword.clone(), pointer: String::new() })
            }
            Err(error) => (Payload::Bytes(error.into_bytes()), Intent::Breach { code: 1007 }),
        };
        let sent = Sent { message: Some(self.contract.name(message).to_owned()), payload, intent };
        Some(Edge { keyword, sent, is_alone: false })
    }

    /// What chance begins with somewhere else.
    pub(super) fn seed(&mut self) -> u64 {
        self.rng.u64(..)
    }

    /// Puts them into random order.
    pub(super) fn shuffle(&mut self, edges: &mut [Edge]) {
        self.rng.shuffle(edges);
    }

    /// A frame that is answered, if there is such a message, with the message's key.
    pub(super) fn example(&mut self) -> Option<(String, Value)> {
        let messages = self.messages();
        let answered = messages.iter().find(|message| !self.contract.replies(&message.id).is_empty());
        let message = *answered.or(messages.first())?;
        let mut frame = self.examples.frames(message).into_iter().next()?;
        self.renew(message, &mut frame, "");
        Some((self.contract.name(message).to_owned(), frame))
    }

    /// Valid frames in random order, of so many clients.
    pub(super) fn sequence(&mut self, clients: usize) -> Plan {
        let messages = self.messages();
        let count = self.rng.usize(2..=LONGEST).min(self.burst.max(2)) * clients;
        let mut steps = Vec::new();
        for _ in 0..count {
            let Some(message) = self.rng.choice(&messages) else { break };
            let client = self.rng.usize(..clients);
            let is_named = self.identities.contains_key(&message.id);
            let sent = self.frame(message);
            steps.push(Step::Send { client, sent });
            // Without an identity nobody knows which of two frames an answer belongs to.
            if !is_named || self.rng.u8(..4) == 0 {
                steps.push(Step::Settle { sequences: false });
            }
        }
        Plan { steps }
    }

    /// One frame after the other on one connection, as many as may share one.
    pub(super) fn batches(&self, edges: &[Edge]) -> Vec<Plan> {
        let size = SHARE.min(self.burst).max(1);
        let mut batches: Vec<Vec<&Edge>> = Vec::new();
        for edge in edges {
            match batches.last_mut() {
                Some(last) if last.len() < size && !edge.is_alone && !last[0].is_alone => last.push(edge),
                _ => batches.push(vec![edge]),
            }
        }
        let send =
            |edge: &&Edge| [Step::Send { client: 0, sent: edge.sent.clone() }, Step::Settle { sequences: false }];
        batches.iter().map(|edges| Plan { steps: edges.iter().flat_map(send).collect() }).collect()
    }
}

/// Whether a text is a UUID.
fn is_uuid(text: &str) -> bool {
    let is_at = |at: usize, byte: u8| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(|(at, byte)| is_at(at, byte))
}

/// The same value with whole numbers written as such.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => Value::from(float as i64),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, plain(member))).collect(),
        other => other,
    }
}
