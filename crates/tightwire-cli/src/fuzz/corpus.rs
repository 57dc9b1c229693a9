//! What is sent: plans for each phase, first those that follow from the document, then those of chance.

use std::collections::HashMap;

use fastrand::Rng;
use serde_json::Value;
use tightwire_codegen::cases::Examples;
use tightwire_codegen::schema_bundle;
use tightwire_spec::ir::{Message, MessageId};
use tightwire_strategies::text::{self, MutationKind};
use tightwire_strategies::{Direction, Frames};
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
    examples: Examples<'ir>,
    frames: Frames,
    rng: Rng,
    /// How to give a frame of each message an identity of its own.
    identities: HashMap<&'ir MessageId, Identity>,
    count: u32,
    is_strict: bool,
    /// The most frames that a connection takes at once.
    burst: usize,
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
}

impl<'c, 'ir> Corpus<'c, 'ir> {
    pub(super) fn new(contract: &'c Contract<'ir>, seed: u64, is_strict: bool, burst: usize) -> Result<Self, String> {
        let bundle = schema_bundle::text(contract.ir);
        let frames = Frames::from_bundle(&bundle).map_err(|error| error.to_string())?;
        let examples = Examples::of(contract.ir).map_err(|error| error.to_string())?;
        let mut corpus = Self {
            contract,
            examples,
            frames,
            rng: Rng::with_seed(seed),
            identities: HashMap::new(),
            count: 0,
            is_strict,
            burst,
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

    /// Gives a frame an identity of its own, unless what is at `but` is what it is about.
    fn renew(&mut self, message: &Message, frame: &mut Value, but: &str) {
        let (Some(pointer), Some(identity)) = (self.contract.correlation(message), self.identities.get(&message.id))
        else {
            return;
        };
        if but.starts_with(pointer) || pointer.starts_with(&format!("{but}/")) && !but.is_empty() {
            return;
        }
        let identity = *identity;
        if frame.pointer(pointer).is_some_and(|value| value.is_number() || value.is_string()) {
            let fresh = self.fresh(identity);
            if let Some(place) = frame.pointer_mut(pointer) {
                *place = fresh;
            }
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
            _ => frames.sample(Direction::ToServer, self.key(message), &mut self.rng),
        };
        if !self.contract.accepts(&message.id, &frame) {
            frame = self.examples.frames(message).into_iter().next().unwrap_or(frame);
        }
        self.renew(message, &mut frame, "");
        Sent::valid(&message.id, self.written(frame))
    }

    /// What the schema bundle calls a message.
    fn key<'m>(&self, message: &'m Message) -> &'m str {
        message.wire_type.as_deref().filter(|_| self.contract.ir.envelope.is_some()).unwrap_or(&message.id)
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
                all.push(Edge { keyword: String::new(), sent: Sent::valid(&message.id, frame) });
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
                if edge.is_subtle && !self.is_strict {
                    continue;
                }
                let value = serde_json::from_str::<Value>(&edge.text).ok();
                // A frame of another message is no violation.
                if !valid && !edge.is_subtle && value.as_ref().is_some_and(|value| self.contract.is_sendable(value)) {
                    continue;
                }
                let compact = value.as_ref().map(Value::to_string);
                let payload = match value {
                    Some(mut value) if compact.as_ref() == Some(&edge.text) => {
                        self.renew(message, &mut value, &edge.pointer);
                        Payload::Json(self.written(value))
                    }
                    _ => Payload::Text(edge.text),
                };
                let keyword = if edge.is_subtle { SUBTLE.to_owned() } else { edge.keyword };
                let intent = if valid {
                    Intent::Valid
                } else {
                    Intent::Invalid { keyword: keyword.clone(), pointer: edge.pointer }
                };
                all.push(Edge { keyword, sent: Sent { message: Some(message.id.clone()), payload, intent } });
            }
        }
        all
    }

    /// A frame as servers expect it: to JSON Schema `1.0` is an integer, and to many languages it is not.
    fn written(&self, value: Value) -> Value {
        if self.is_strict || self.contract.ir.envelope.is_some() { value } else { plain(value) }
    }

    /// A valid frame of any message.
    pub(super) fn any(&mut self) -> Option<Edge> {
        let messages = self.messages();
        let message = *self.rng.choice(&messages)?;
        Some(Edge { keyword: String::new(), sent: self.frame(message) })
    }

    /// A frame that is no JSON any more.
    pub(super) fn any_violation(&mut self) -> Option<Edge> {
        let messages = self.messages();
        let message = *self.rng.choice(&messages)?;
        let Payload::Json(frame) = self.frame(message).payload else { return None };
        let mutation = text::sample(&frame, &mut self.rng);
        if mutation.same_value || !self.is_strict && SUBTLE_TEXTS.contains(&mutation.kind) {
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
        Some(Edge { keyword, sent: Sent { message: Some(message.id.clone()), payload, intent } })
    }

    /// Puts them into random order.
    pub(super) fn shuffle(&mut self, edges: &mut [Edge]) {
        self.rng.shuffle(edges);
    }

    /// A frame that is answered, if there is such a message, with the message's key.
    pub(super) fn example(&mut self) -> Option<(MessageId, Value)> {
        let messages = self.messages();
        let answered = messages.iter().find(|message| !self.contract.replies(&message.id).is_empty());
        let message = *answered.or(messages.first())?;
        let mut frame = self.examples.frames(message).into_iter().next()?;
        self.renew(message, &mut frame, "");
        Some((message.id.clone(), frame))
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
        let plan = |edges: &[Edge]| {
            let send =
                |edge: &Edge| [Step::Send { client: 0, sent: edge.sent.clone() }, Step::Settle { sequences: false }];
            Plan { steps: edges.iter().flat_map(send).collect() }
        };
        edges.chunks(size).map(plan).collect()
    }
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
