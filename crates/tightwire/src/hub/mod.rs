//! The hub: which of this server's connections are subscribed to which topic.
//!
//! Brokers hand it frames in the order of their positions; it hands each frame to every subscriber. It knows nothing of
//! logs, positions or other servers.
//!
//! Publishing only appends to what waits in the topic's shard. A flusher, one task per shard that lives as long as
//! there is something to do, takes all that waits and walks each topic's subscribers once: a frame that comes alone costs
//! each socket a write, frames that come faster than sockets can be written to share one. Nothing waits for a timer.
//!
//! Who attaches or detaches a subscriber, or needs to know that what was published is on its way, flushes first. So it is
//! as if every frame were handed over in the moment in which it is published.

mod pending;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use tightwire_proto::frame::OutboundFrame;
use tokio::runtime::Handle;
use uuid::Uuid;

use self::pending::{Duty, Pending, Taken};
use crate::clock;
use crate::metrics::Counters;
use crate::peer::Peer;
use crate::trace;

/// Topics are spread over so many locks, so that two of them seldom wait for each other.
const SHARDS: usize = 16;

/// Topic → subscribers.
#[derive(Debug)]
pub(crate) struct Hub {
    hasher: RandomState,
    counters: Arc<Counters>,
    shards: [Shard; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    /// Held for the length of an attach, a detach or a flush: that is what keeps frames in their order. Never held
    /// across an await. Where both locks are needed this one is taken first.
    topics: Mutex<Topics>,
    /// Held to append or to take, so that nobody who publishes waits for a flush.
    pending: Mutex<Pending>,
}

type Topics = HashMap<Arc<str>, Subscribers>;

/// By connection; insertion order, so that walking them is walking an array.
type Subscribers = IndexMap<Uuid, Arc<Peer>>;

/// Some of the shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shards(u16);

impl Shards {
    /// All of them.
    pub(crate) const ALL: Self = Self(u16::MAX);

    pub(crate) fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    pub(crate) fn bits(self) -> u16 {
        self.0
    }
}

/// Clients that did not get what they were sent; logged when no lock is held.
#[must_use]
#[derive(Debug, Default)]
struct Failures(Vec<(Uuid, OutboundFrame, usize)>);

impl Hub {
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        Self { hasher: RandomState::new(), counters, shards: Default::default() }
    }

    /// Adds a subscriber, if it is not there. It gets the frames that are published from now on.
    pub(crate) fn attach(&self, topic: &Arc<str>, peer: &Arc<Peer>) {
        let shard = self.shard(topic);
        let mut topics = shard.topics();
        let failures = self.flush_topics(shard, &topics);
        if topics.entry(Arc::clone(topic)).or_default().insert(peer.id(), Arc::clone(peer)).is_none() {
            self.counters.subscriptions.of_topic(topic).increment();
        }
        drop(topics);
        failures.log();
    }

    /// The same topic, where anyone is subscribed to it: so that all its subscribers keep its name once.
    pub(crate) fn shared_name(&self, topic: &Arc<str>) -> Arc<str> {
        let topics = self.shard(topic).topics();
        Arc::clone(topics.get_key_value(topic).map_or(topic, |(shared, _)| shared))
    }

    /// Removes a subscriber, if it is there. It gets what was published until now.
    pub(crate) fn detach(&self, topic: &str, peer: &Peer) {
        let shard = self.shard(topic);
        let mut topics = shard.topics();
        let failures = self.flush_topics(shard, &topics);
        if let Some(subscribers) = topics.get_mut(topic) {
            if subscribers.swap_remove(&peer.id()).is_some() {
                self.counters.subscriptions.of_topic(topic).decrement();
            }
            if subscribers.is_empty() {
                topics.remove(topic);
            }
        }
        drop(topics);
        failures.log();
    }

    /// Hands a frame to every subscriber of its topic, soon.
    pub(crate) fn deliver(self: &Arc<Self>, frame: OutboundFrame) {
        let index = self.index(&frame.tag().topic);
        let duty = self.shards[index].pending().push(frame, trace::current());
        match duty {
            Duty::None => {}
            Duty::Flush => self.flush_shard(&self.shards[index]),
            Duty::Start => {
                let flusher = Flusher { hub: Arc::clone(self), index };
                match Handle::try_current() {
                    Ok(runtime) => drop(runtime.spawn(flusher.run())),
                    // Published from a thread without a runtime: nobody else will do it.
                    Err(_) => self.flush_shard(&self.shards[index]),
                }
            }
        }
    }

    /// Sees to it that what was published to the topic is written, or waits in its receivers' own queues.
    pub(crate) fn flush(&self, topic: &str) {
        self.flush_shard(self.shard(topic));
    }

    /// The same for every topic of these shards.
    pub(crate) fn flush_all(&self, shards: Shards) {
        for (index, shard) in self.shards.iter().enumerate() {
            if shards.0 & (1 << index) != 0 {
                self.flush_shard(shard);
            }
        }
    }

    /// The shard of a topic.
    pub(crate) fn shard_of(&self, topic: &str) -> Shards {
        Shards(1 << self.index(topic))
    }

    fn flush_shard(&self, shard: &Shard) {
        // What another thread is just writing counts too: the lock of the topics waits until it has.
        if !shard.pending().is_written() {
            let failures = self.flush_topics(shard, &shard.topics());
            failures.log();
        }
    }

    /// Hands over all that waits. Who calls it holds the lock of the topics.
    fn flush_topics(&self, shard: &Shard, topics: &Topics) -> Failures {
        let mut failures = Failures::default();
        let Some(Taken { since, spans, batches }) = shard.pending().take() else { return failures };
        let span = trace::fan_out(&spans, batches.iter().map(|batch| batch.frames.len()).sum());
        let _entered = span.enter();
        let mut now = clock::now();
        for batch in batches {
            let wire = batch.wire();
            for peer in topics.get(batch.topic()).into_iter().flat_map(IndexMap::values) {
                if let Err(failed) = peer.outbound().deliver(&batch.frames, wire, now) {
                    failures.0.push((peer.id(), batch.frames[failed.first].clone(), failed.count));
                }
            }
            let done = clock::now();
            self.counters.fanout_seconds.observe(done.saturating_duration_since(now));
            let lag = done.saturating_duration_since(since);
            self.counters.delivery_lag_seconds.observe_each(lag, batch.frames.len() as u64);
            now = done;
        }
        shard.pending().finish();
        failures
    }

    fn index(&self, topic: &str) -> usize {
        self.hasher.hash_one(topic) as usize % SHARDS
    }

    fn shard(&self, topic: &str) -> &Shard {
        &self.shards[self.index(topic)]
    }
}

impl Shard {
    fn topics(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failures {
    /// Logs them. No lock is held: a log that is slow to take lines must not hold up the topics.
    fn log(self) {
        for (connection_id, frame, frames) in self.0 {
            let tag = frame.tag();
            tracing::warn!(
                correlation_id = %tag.correlation_id,
                r#type = &*tag.wire_type,
                topic = &*tag.topic,
                subscription = &*tag.topic,
                %connection_id,
                frames,
                "a frame could not be sent: the client is too slow or about to be closed"
            );
        }
    }
}

/// Writes what waits in a shard until nothing does.
struct Flusher {
    hub: Arc<Hub>,
    index: usize,
}

impl Flusher {
    async fn run(self) {
        loop {
            self.hub.flush_shard(self.shard());
            // Connections, and what is published meanwhile, have their turn before the next round.
            tokio::task::yield_now().await;
            let mut pending = self.shard().pending();
            if pending.is_empty() {
                // Under the same lock, so that no frame comes in between that nobody would write.
                pending.rest();
                return;
            }
        }
    }

    fn shard(&self) -> &Shard {
        &self.hub.shards[self.index]
    }
}

/// If it ends early, with its runtime, the next publisher starts another. Should there be two, they only take turns.
impl Drop for Flusher {
    fn drop(&mut self) {
        self.shard().pending().rest();
    }
}
