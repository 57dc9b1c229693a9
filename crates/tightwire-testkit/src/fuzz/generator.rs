//! Makes plans: random, and always the same from a seed.
//!
//! Frames come from `tightwire-strategies`. What they say of topics is mostly replaced by topics of a small pool, so that
//! clients meet; ids are replaced too, so that no two frames have the same and answers can be told apart, also those to other plans.

mod below;
mod pool;

use std::sync::Arc;

use fastrand::Rng;
use serde_json::{Value, json};
use tightwire_spec::ir::SessionRole;
use tightwire_strategies::negative::Target;
use tightwire_strategies::text;
use tightwire_strategies::{BundleError, Frames};

use self::pool::Pool;
use super::plan::{Intent, Payload, Plan, Sent, Step};
use super::protocol::{Message, Protocol};
use crate::contract::Direction;

/// A frame of more bytes is made another time, mostly: large frames cost much and find little.
const LARGE: usize = 2048;

/// What kinds of plans there are, in the order in which a server is best shown them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// The document's own examples.
    Examples,
    /// One frame after the other, each answered before the next.
    Boundaries,
    /// Sequences of valid frames of several clients.
    Valid,
    /// The same with frames that violate the contract, and other texts of frames.
    Negatives,
    /// The same with what is wrong below the contract: fragments, sizes, rates, and breaches of WebSocket.
    Frames,
    /// Many clients on few topics, who do not wait for each other.
    Concurrency,
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Self; 6] =
        [Self::Examples, Self::Boundaries, Self::Valid, Self::Negatives, Self::Frames, Self::Concurrency];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Examples => "examples",
            Self::Boundaries => "boundaries",
            Self::Valid => "valid",
            Self::Negatives => "negatives",
            Self::Frames => "frames",
            Self::Concurrency => "concurrency",
        }
    }
}

/// How large plans are.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The most clients of a plan; twice as many where many are the point.
    pub clients: usize,
    /// The most frames of a plan.
    pub frames: usize,
    /// The longest wait between two frames, in milliseconds. On a paused clock longer than a heartbeat.
    pub wait_ms: u64,
}

impl Default for Shape {
    fn default() -> Self {
        Self { clients: 4, frames: 30, wait_ms: 5 }
    }
}

/// Makes plans for a protocol.
#[derive(Clone, Debug)]
pub struct Generator {
    protocol: Arc<Protocol>,
    frames: Frames,
    shape: Shape,
    pool: Pool,
    /// What can be broken of which message.
    breakable: Arc<[(String, Target)]>,
}

impl Generator {
    /// Makes plans of that shape. `bundle` is the protocol's schema bundle.
    ///
    /// # Errors
    /// If no frames can be made from it.
    pub fn new(protocol: Arc<Protocol>, bundle: &str, shape: Shape) -> Result<Self, BundleError> {
        let pool = Pool::of(&protocol);
        let frames = Frames::from_bundle(bundle)?;
        let breakable = protocol.messages(Direction::ToServer).flat_map(|message| {
            let broken = frames.negatives(tightwire_strategies::Direction::ToServer, &message.key).examples;
            broken.into_keys().map(|target| (message.key.clone(), target))
        });
        let breakable = breakable.collect();
        Ok(Self { frames, protocol, shape, pool, breakable })
    }

    /// A plan. The same every time for the same seed.
    #[must_use]
    pub fn plan(&self, phase: Phase, seed: u64) -> Plan {
        let rng = Rng::with_seed(seed ^ (phase as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // One after the other in a plan; where plans begin is spread evenly over all seeds.
        let begin = u128::from(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)) * self.breakable.len() as u128;
        let next = (begin >> 64) as usize;
        // Not those of other plans at the same server, whose answers may still be on their way.
        let ids = Rng::with_seed(rng.clone().u64(..).rotate_left(32));
        let mut making = Making { generator: self, rng, ids, steps: Vec::new(), next };
        making.steps(phase);
        Plan { steps: making.steps }
    }
}

/// A plan in the making.
struct Making<'g> {
    generator: &'g Generator,
    rng: Rng,
    ids: Rng,
    steps: Vec<Step>,
    /// Which keyword is broken next.
    next: usize,
}

impl<'g> Making<'g> {
    fn steps(&mut self, phase: Phase) {
        let shape = &self.generator.shape;
        let most = shape.clients.max(1);
        let clients = match phase {
            Phase::Examples => return self.examples(),
            Phase::Boundaries => 1,
            Phase::Concurrency => 2 * most,
            // Two are enough for most of what can go wrong between clients.
            _ => 1 + self.rng.usize(..most).min(self.rng.usize(..most).max(1)),
        };
        for _ in 0..1 + self.rng.usize(..shape.frames.max(1)) {
            let client = self.rng.usize(..clients);
            let choice = self.rng.u8(..);
            let oddly = choice < 90;
            let sent = match phase {
                Phase::Negatives if choice < 160 => {
                    if let Some(sent) = self.negative() {
                        self.push(client, sent);
                        // What comes behind a violation mostly goes nowhere: the connection ends.
                        self.settle(false);
                    }
                    continue;
                }
                Phase::Negatives if choice < 200 => self.other_text(),
                Phase::Frames if oddly => {
                    self.below(client);
                    continue;
                }
                _ if self.rng.u8(..) < 10 => self.resume(),
                _ => self.valid(),
            };
            if let Some(sent) = sent {
                self.push(client, sent);
                self.pause(phase, client);
            }
        }
    }

    /// Each example of the document, answered before the next.
    fn examples(&mut self) {
        for message in self.generator.protocol.messages(Direction::ToServer) {
            for example in &message.examples {
                let mut frame = example.clone();
                self.own_id(&mut frame);
                self.push(0, Sent::valid(&message.key, frame));
                self.settle(false);
            }
        }
    }

    fn push(&mut self, client: usize, sent: Sent) {
        self.steps.push(Step::Send { client, sent });
    }

    fn settle(&mut self, sequences: bool) {
        self.steps.push(Step::Settle { sequences });
    }

    /// What happens between two frames: often nothing.
    fn pause(&mut self, phase: Phase, client: usize) {
        if phase == Phase::Boundaries {
            return self.settle(false);
        }
        let settles = if phase == Phase::Concurrency { 20 } else { 90 };
        let longest = self.generator.shape.wait_ms;
        match self.rng.u8(..) {
            number if number < settles => self.settle(false),
            150..165 => self.settle(true),
            165..175 => self.steps.push(Step::Close { client }),
            175..180 => self.steps.push(Step::Vanish { client }),
            180..195 => {
                let ms = self.rng.u64(..=longest.min(20));
                self.steps.push(Step::Wait { ms });
            }
            // Long enough for a heartbeat, where that costs nothing.
            195..197 => {
                let ms = self.rng.u64(..=longest);
                self.steps.push(Step::Wait { ms });
            }
            _ => {}
        }
    }

    /// A valid frame of any message.
    fn valid(&mut self) -> Option<Sent> {
        let (message, frame) = self.frame()?;
        Some(Sent::valid(&message.key, frame))
    }

    /// A frame with one thing wrong.
    fn negative(&mut self) -> Option<Sent> {
        let (frames, direction) = (&self.generator.frames, tightwire_strategies::Direction::ToServer);
        let breakable = &self.generator.breakable;
        let (message, target) = breakable.get(self.next % breakable.len().max(1))?;
        self.next += 1;
        let message = self.generator.protocol.message(Direction::ToServer, message)?;
        let negative = frames.sample_negative_of(direction, &message.key, target, &mut self.rng)?;
        let (mut frame, named) = (negative.frame.clone(), negative.named());
        // What is wrong must stay so.
        if !named.pointer.starts_with("/id") && frame.get("id").is_some_and(Value::is_string) {
            self.own_id(&mut frame);
        }
        Some(Sent::invalid(&message.key, frame, named.keyword, named.pointer))
    }

    /// A frame whose text says the same in another way, or is broken.
    fn other_text(&mut self) -> Option<Sent> {
        let (message, frame) = self.frame()?;
        let mutation = text::sample(&frame, &mut self.rng);
        // What is cut off in the middle of a character is no text either.
        let (payload, intent) = match String::from_utf8(mutation.bytes) {
            Ok(text) if mutation.same_value => (Payload::Text(text), Intent::Valid),
            Ok(text) => {
                let keyword = mutation.kind.as_str().to_owned();
                (Payload::Text(text), Intent::Invalid { keyword, pointer: String::new() })
            }
            Err(error) => (Payload::Bytes(error.into_bytes()), Intent::Breach { code: 1007 }),
        };
        Some(Sent { message: Some(message.key.clone()), payload, intent })
    }

    /// A subscription that goes on after a frame that was seen.
    fn resume(&mut self) -> Option<Sent> {
        self.generator.protocol.role(Direction::ToServer, SessionRole::Subscribe)?;
        let topic = self.generator.pool.any(&mut self.rng)?.to_owned();
        let payload = Payload::Resume { topic, back: self.rng.usize(..12), by_id: self.rng.bool() };
        Some(Sent { message: None, payload, intent: Intent::Valid })
    }

    /// Any message to the server; those more often that do something to topics.
    fn message(&mut self) -> Option<&'g Message> {
        let generator = self.generator;
        let messages: Vec<_> = generator.protocol.messages(Direction::ToServer).collect();
        let weights: Vec<_> = messages.iter().map(|message| weight(&generator.protocol, message)).collect();
        let mut choice = self.rng.usize(..weights.iter().sum::<usize>().max(1));
        let index = weights.iter().position(|weight| {
            let found = choice < *weight;
            choice = choice.saturating_sub(*weight);
            found
        })?;
        Some(messages[index])
    }

    /// A valid frame of any message, about topics of the pool.
    fn frame(&mut self) -> Option<(&'g Message, Value)> {
        let message = self.message()?;
        let mut frame = self.sample(message);
        // Large frames cost much and find little.
        for _ in 0..4 {
            if self.rng.u8(..) < 8 || frame.to_string().len() <= LARGE {
                break;
            }
            frame = self.sample(message);
        }
        self.own_id(&mut frame);
        if self.generator.protocol.has_envelope() {
            self.meet(message, &mut frame);
        }
        Some((message, frame))
    }

    fn sample(&mut self, message: &Message) -> Value {
        self.generator.frames.sample(tightwire_strategies::Direction::ToServer, &message.key, &mut self.rng)
    }

    /// Gives the frame an id that no other frame has.
    fn own_id(&mut self, frame: &mut Value) {
        if !self.generator.protocol.has_envelope() {
            return;
        }
        let mut id = uuid::Builder::from_random_bytes(self.ids.u128(..).to_be_bytes()).into_uuid().to_string();
        if self.ids.u8(..) < 16 {
            id = id.to_ascii_uppercase();
        }
        frame["id"] = json!(id);
    }

    /// Mostly puts topics of the pool where the frame has topics.
    fn meet(&mut self, message: &Message, frame: &mut Value) {
        let (pool, rng) = (&self.generator.pool, &mut self.rng);
        if let Some(operation) = self.generator.protocol.operation_of(&message.key)
            && let Some(topic) = pool.of_channel(&operation.channel, rng)
            && rng.u8(..) < 235
        {
            frame["topic"] = json!(topic);
        }
        if !matches!(message.role, Some(SessionRole::Subscribe | SessionRole::Unsubscribe)) {
            return;
        }
        let data = &mut frame["data"];
        if rng.u8(..) < 220 {
            let count = 1 + rng.usize(..4);
            let topics: Vec<_> = (0..count).filter_map(|_| pool.any(rng)).collect();
            if !topics.is_empty() {
                data["topics"] = json!(topics);
            }
        }
        // Positions of topics that nobody is subscribed to say nothing; those that nobody has ever been at make gaps.
        let Some(data) = data.as_object_mut() else { return };
        if rng.u8(..) < 200 {
            data.remove("after");
        }
        if message.role == Some(SessionRole::Subscribe)
            && rng.u8(..) < 30
            && let Some(topic) = data.get("topics").and_then(|topics| topics[0].as_str()).map(str::to_owned)
        {
            let id = uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid().to_string();
            let position = json!({"epoch": "fuzzed", "seq": rng.u32(..1000)});
            data.insert("after".to_owned(), json!({topic: if rng.bool() { json!(id) } else { position }}));
        }
    }
}

/// How often a message is chosen: those more often that do something to topics.
fn weight(protocol: &Protocol, message: &Message) -> usize {
    match message.role {
        Some(SessionRole::Subscribe) => 4,
        Some(SessionRole::Unsubscribe) => 3,
        Some(_) => 1,
        None if protocol.operation_of(&message.key).is_some_and(|operation| operation.subscribes) => 5,
        None => 3,
    }
}
