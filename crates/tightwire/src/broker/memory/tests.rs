//! The broker beside a naive model of it, and what its bounds are worth.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tightwire_proto::contract::{Contract, Delivery};
use tightwire_proto::inbound::StreamPosition;
use tightwire_proto::log::Gap;

use super::*;
use crate::fixture::publication;

const RETENTION: Retention = Retention { frames: 4, age: Duration::from_millis(100), bytes: 2500 };
const BOUNDS: Bounds = Bounds { bytes: 9000, topics: 5 };

fn broker(retention: Retention, bounds: Bounds) -> (MemoryBroker, Arc<Counters>) {
    let counters = Arc::new(Counters::new(&Contract::EMPTY));
    let hub = Arc::new(Hub::new(Arc::clone(&counters)));
    (MemoryBroker::new(hub, retention, bounds, Arc::clone(&counters)), counters)
}

fn publish(broker: &MemoryBroker, publication: Publication) -> Position {
    broker.publish_now(publication, None).expect("there is no fence")
}

/// What is done to the broker. Topics and starts are numbers, taken modulo how many there are.
#[derive(Clone, Debug)]
enum Step {
    Publish { topic: u8, replayable: bool, length: usize },
    After { topic: u8, start: Start },
    Position { topic: u8 },
    Pass { ms: u64 },
}

#[derive(Clone, Debug)]
enum Start {
    /// A position that the topic had, or was said to have.
    Seen(usize),
    /// The same, from its beginning on or beyond its end.
    Moved(usize, i64),
    /// A frame that the topic had.
    Frame(usize),
    Unknown,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let topic = 0..8_u8;
    let start = prop_oneof![
        4 => any::<usize>().prop_map(Start::Seen),
        2 => (any::<usize>(), -5..5_i64).prop_map(|(index, by)| Start::Moved(index, by)),
        3 => any::<usize>().prop_map(Start::Frame),
        1 => Just(Start::Unknown),
    ];
    let publish = (topic.clone(), prop::bool::weighted(0.9), prop_oneof![8 => 0..600_usize, 1 => 2500..3000_usize]);
    let step = prop_oneof![
        6 => publish.prop_map(|(topic, replayable, length)| Step::Publish { topic, replayable, length }),
        4 => (topic.clone(), start).prop_map(|(topic, start)| Step::After { topic, start }),
        2 => topic.prop_map(|topic| Step::Position { topic }),
        1 => (1..150_u64).prop_map(|ms| Step::Pass { ms }),
    ];
    prop::collection::vec(step, 1..150)
}

/// A topic as anyone would write it down.
struct Model {
    memory: Memory,
    /// In the order of their last publication.
    topics: Vec<(String, Topic)>,
    /// Epochs in which a topic had frames before it was forgotten.
    former: HashMap<String, HashSet<String>>,
}

struct Topic {
    epoch: Arc<str>,
    /// Every id it ever had; the last is that of the newest frame.
    ids: Vec<Uuid>,
    /// Sequence number, time and memory.
    frames: Vec<(u64, Instant, u64)>,
}

/// What things take, found out by asking a log of its own.
struct Memory {
    topic: u64,
    /// A frame without the length of its text.
    frame: u64,
}

impl Memory {
    fn measured() -> Self {
        let mut logs = Logs::new("0123456789abcdef".into(), Retention { bytes: usize::MAX, ..RETENTION });
        let mut append = |turn| {
            logs.append(publication("room:0", Delivery::Durable, ""), turn, clock::now());
            logs.totals().bytes as u64
        };
        let (one, two) = (append(0), append(1));
        Self { topic: 2 * one - two, frame: two - one }
    }
}

impl Model {
    fn topic(&mut self, name: &str) -> Option<&mut Topic> {
        self.topics.iter_mut().find(|(known, _)| known == name).map(|(_, topic)| topic)
    }

    fn publish(&mut self, name: &str, text: &str, id: Uuid, position: &Position, now: Instant) {
        let index = self.topics.iter().position(|(known, _)| known == name);
        let mut topic = match index {
            Some(index) => self.topics.remove(index).1,
            None => {
                let former = self.former.get(name).is_some_and(|former| former.contains(&*position.epoch));
                assert!(!former, "a topic that was forgotten came back in a former epoch");
                Topic { epoch: Arc::clone(&position.epoch), ids: Vec::new(), frames: Vec::new() }
            }
        };
        topic.ids.push(id);
        topic.frames.push((topic.ids.len() as u64, now, self.memory.frame + text.len() as u64));
        assert_eq!((&position.epoch, position.seq), (&topic.epoch, topic.ids.len() as u64));
        self.topics.push((name.to_owned(), topic));
        self.expire(now);
        while self.topics.len() as u64 > BOUNDS.topics {
            self.forget(0);
        }
        while self.bytes() > BOUNDS.bytes {
            match self.topics.iter_mut().find(|(_, topic)| !topic.frames.is_empty()) {
                Some((_, topic)) => drop(topic.frames.remove(0)),
                None => self.forget(0),
            }
        }
    }

    /// Only what is published to or asked for is known to be free of what is too old; the rest may be a little late. So
    /// the model and the broker are both swept before they are compared.
    fn expire(&mut self, now: Instant) {
        for (_, topic) in &mut self.topics {
            let bytes = |topic: &Topic| topic.frames.iter().map(|(_, _, memory)| *memory).sum::<u64>();
            while topic.frames.len() > RETENTION.frames
                || bytes(topic) > RETENTION.bytes as u64
                || topic.frames.first().is_some_and(|(_, at, _)| now.duration_since(*at) > RETENTION.age)
            {
                topic.frames.remove(0);
            }
        }
    }

    fn forget(&mut self, index: usize) {
        let (name, topic) = self.topics.remove(index);
        self.former.entry(name).or_default().insert(topic.epoch.to_string());
    }

    fn bytes(&self) -> u64 {
        let topic = |(_, topic): &(String, Topic)| {
            self.memory.topic + topic.frames.iter().map(|(_, _, memory)| *memory).sum::<u64>()
        };
        self.topics.iter().map(topic).sum()
    }

    /// The positions that a replay has, or what the gap says.
    fn after(&mut self, name: &str, start: &ReplayStart) -> Result<Vec<u64>, (u64, u64)> {
        let Some(topic) = self.topic(name) else { return Err((0, 0)) };
        let latest = topic.ids.len() as u64;
        let kept: Vec<u64> = topic.frames.iter().map(|(seq, _, _)| *seq).collect();
        let seen = match start {
            ReplayStart::Position(position) => (*position.epoch == *topic.epoch).then_some(position.seq),
            ReplayStart::FrameId(id) => {
                let seq = topic.ids.iter().position(|known| known == id).map(|index| index as u64 + 1);
                seq.filter(|seq| *seq == latest || kept.contains(seq))
            }
        };
        let missed: Option<Vec<u64>> = seen.filter(|seen| *seen <= latest).map(|seen| (seen + 1..=latest).collect());
        missed.filter(|missed| kept.ends_with(missed)).ok_or((kept.first().copied().unwrap_or(0), latest))
    }
}

/// The broker, the model, and what a client might come back with.
struct Trial {
    broker: MemoryBroker,
    counters: Arc<Counters>,
    model: Model,
    positions: HashMap<String, Vec<StreamPosition>>,
    frames: HashMap<String, Vec<Uuid>>,
}

impl Trial {
    async fn run(steps: Vec<Step>) {
        let (broker, counters) = broker(RETENTION, BOUNDS);
        let model = Model { memory: Memory::measured(), topics: Vec::new(), former: HashMap::new() };
        let (positions, frames) = (HashMap::new(), HashMap::new());
        let mut trial = Self { broker, counters, model, positions, frames };
        for step in steps {
            trial.step(step).await;
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Publish { topic, replayable, length } => {
                let (name, text) = (format!("room:{topic}"), "x".repeat(length));
                let delivery = if replayable { Delivery::Durable } else { Delivery::Ephemeral };
                let publication = publication(&name, delivery, &text);
                let id = publication.head().stamp.id;
                let position = self.broker.publish(publication).await.expect("published");
                if replayable {
                    self.model.publish(&name, &text, id, &position, clock::now());
                    self.frames.entry(name.clone()).or_default().push(id);
                }
                self.saw(&name, &position);
            }
            Step::Position { topic } => {
                let name = format!("room:{topic}");
                let position = self.broker.position(&name).await.expect("a position");
                match self.model.topic(&name) {
                    Some(topic) => assert_eq!((&position.epoch, position.seq), (&topic.epoch, topic.ids.len() as u64)),
                    None => assert_eq!(position.seq, 0),
                }
                self.saw(&name, &position);
            }
            Step::After { topic, start } => self.after(&format!("room:{topic}"), start).await,
            Step::Pass { ms } => {
                tokio::time::advance(Duration::from_millis(ms)).await;
                self.broker.health();
                // What a sweep leaves goes when it is asked for, as everything does here.
                for (name, _) in &self.model.topics {
                    self.broker.history(name, &ReplayStart::FrameId(Uuid::nil())).await.expect("a gap");
                }
                self.model.expire(clock::now());
            }
        }
        assert_eq!(self.counters.replay_bytes.get(), self.model.bytes());
        assert_eq!(self.counters.replay_topics.get(), self.model.topics.len() as u64);
        let frames: usize = self.model.topics.iter().map(|(_, topic)| topic.frames.len()).sum();
        assert_eq!(self.counters.replay_frames.get(), frames as u64);
    }

    fn saw(&mut self, name: &str, position: &Position) {
        self.positions.entry(name.to_owned()).or_default().push(position.into());
    }

    async fn after(&mut self, name: &str, start: Start) {
        let positions = self.positions.get(name).filter(|positions| !positions.is_empty());
        let frames = self.frames.get(name).filter(|frames| !frames.is_empty());
        let start = match (start, positions, frames) {
            (Start::Seen(index), Some(positions), _) => positions[index % positions.len()].clone().into(),
            (Start::Moved(index, by), Some(positions), _) => {
                let mut position = positions[index % positions.len()].clone();
                position.seq = position.seq.saturating_add_signed(by);
                position.into()
            }
            (Start::Frame(index), _, Some(frames)) => frames[index % frames.len()].into(),
            _ => Uuid::nil().into(),
        };
        let found = match self.broker.history(name, &start).await.expect("an answer") {
            History::Complete(frames) => {
                let seq = |frame: &OutboundFrame| frame.position().expect("a position").seq;
                Ok(frames.iter().map(seq).collect::<Vec<_>>())
            }
            History::Gap(Gap { oldest, latest, .. }) => Err((oldest, latest)),
        };
        // Who saw a topic before it ever had a frame may be told either way, as long as nothing can have been missed.
        let begins_anew = self.model.topic(name).is_none() && found == Ok(Vec::new());
        if begins_anew {
            let ReplayStart::Position(position) = &start else { panic!("no frame is known") };
            let former = self.model.former.get(name).is_some_and(|former| former.contains(&position.epoch));
            assert!(position.seq == 0 && !former, "{position:?}: something was missed in silence");
        } else {
            assert_eq!(found, self.model.after(name, &start), "{name} {start:?}");
        }
    }
}

proptest! {
    #[test]
    fn the_broker_is_what_the_model_says(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(Trial::run(steps));
    }
}

/// Many threads at once: the bounds hold to within what is just being published, and the sums are right in the end.
#[test]
fn the_bounds_hold_whoever_publishes() {
    const THREADS: usize = 4;
    let bounds = Bounds { bytes: 200_000, topics: 50 };
    let (broker, counters) = broker(Retention { frames: 100, age: Duration::from_secs(60), bytes: 50_000 }, bounds);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (broker, counters) = (&broker, &counters);
            scope.spawn(move || {
                for number in 0..3000 {
                    // Half of it goes to a few topics, the rest all over the place.
                    let topics = if number % 2 == 0 { 5 } else { 120 };
                    let topic = format!("room:{}", (number * 7 + thread) % topics);
                    publish(broker, publication(&topic, Delivery::Durable, "hello"));
                    assert!(counters.replay_topics.get() <= bounds.topics + THREADS as u64);
                    assert!(counters.replay_bytes.get() <= bounds.bytes + 2000 * THREADS as u64);
                }
            });
        }
    });
    let sum = |part: fn(Totals) -> usize| {
        let totals = broker.shards.iter().map(|shard| broker.lock(shard).totals());
        totals.map(part).sum::<usize>() as u64
    };
    assert_eq!(counters.replay_topics.get(), sum(|totals| totals.topics));
    assert_eq!(counters.replay_frames.get(), sum(|totals| totals.frames));
    assert_eq!(counters.replay_bytes.get(), sum(|totals| totals.bytes));
    assert!(counters.replay_topics.get() <= bounds.topics && counters.replay_bytes.get() <= bounds.bytes);
    assert!(counters.replay_frames.get() > 100, "the bounds leave room for this much");
}

/// Topics that nobody touches lose their frames while others are published to, without a timer.
#[tokio::test(start_paused = true)]
async fn frames_of_topics_that_nobody_touches_expire() {
    let (broker, counters) = broker(Retention { frames: 100, ..RETENTION }, Bounds { bytes: 1 << 20, topics: 1000 });
    for number in 0..100 {
        publish(&broker, publication(&format!("room:{number}"), Delivery::Durable, ""));
    }
    assert_eq!(counters.replay_frames.get(), 100);
    tokio::time::advance(RETENTION.age * 2).await;
    for _ in 0..PUBLICATIONS_PER_SWEEP * SHARDS as u64 {
        publish(&broker, publication("busy", Delivery::Durable, ""));
    }
    assert!(counters.replay_frames.get() <= 100, "only those of one topic");
    assert_eq!(counters.replay_topics.get(), 101, "where the others are is still known");
    assert_eq!(broker.position("room:7").await.expect("a position").seq, 1);
}

/// What is counted is what the process grows by.
#[cfg(target_os = "linux")]
#[test]
fn bytes_are_counted_honestly() {
    fn resident() -> f64 {
        let status = std::fs::read_to_string("/proc/self/statm").expect("on Linux");
        let pages = status.split(' ').nth(1).expect("a number").parse::<f64>().expect("a number");
        pages * 4096.0
    }
    let retention = Retention { frames: usize::MAX, age: Duration::from_secs(3600), bytes: usize::MAX };
    let (broker, counters) = broker(retention, Bounds { bytes: u64::MAX, topics: u64::MAX });
    let before = resident();
    for number in 0..100_000 {
        // Some topics have one frame, others have many.
        let topic = if number % 2 == 0 { number } else { number % 100 };
        publish(&broker, publication(&format!("room:{topic}"), Delivery::Durable, "hello"));
    }
    let ratio = counters.replay_bytes.get() as f64 / (resident() - before);
    assert!((0.8..1.6).contains(&ratio), "counted {ratio:.2} times what the process has grown by");
}
