//! The hub: which of this server's connections are subscribed to which topic.
//!
//! Brokers hand it frames in the order of their positions; it hands each frame to every subscriber. It knows nothing of
//! logs, positions or other servers.
//!
//! Publishing only appends to what waits in the topic's shard. A flusher, one task per shard that lives as long as
//! there is something to do, takes all that waits and walks each topic's subscribers once: a frame that comes alone costs
//! each socket a write, frames that come faster than sockets can be written to share one. Nothing waits for a timer.
//!
//! A walk is done in steps, and whoever attaches or detaches a subscriber goes between two of them. A subscriber that needs
//! to have what was published, because something is about to be said that follows from it, gets it ahead of its turn. So
//! for each subscriber it is as if every frame were handed over in the moment in which it is published.

mod batch;
mod failures;
mod peak;
mod pending;
mod shard;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use tightwire_proto::frame::OutboundFrame;
use tokio::runtime::Handle;
use tokio::task::yield_now;

use self::failures::Failures;
use self::pending::Duty;
use self::shard::Shard;
use crate::metrics::Counters;
use crate::peer::Peer;
use crate::trace;

/// Topics are spread over so many locks, so that two of them seldom wait for each other.
const SHARDS: usize = 16;

/// How many subscribers a walk hands frames to before it lets others have the topics: half a millisecond's work.
const STEP: usize = 128;

/// Topic → subscribers.
#[derive(Debug)]
pub(crate) struct Hub {
    hasher: RandomState,
    counters: Arc<Counters>,
    shards: [Shard; SHARDS],
}

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

    fn has(self, index: usize) -> bool {
        self.0 & (1 << index) != 0
    }
}

impl Hub {
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        Self { hasher: RandomState::new(), counters, shards: Default::default() }
    }

    /// Adds a subscriber, if it is not there. It gets the frames that are published from now on.
    pub(crate) fn attach(&self, topic: &Arc<str>, peer: &Arc<Peer>) {
        if self.shard(topic).attach(topic, peer) {
            self.counters.subscriptions.of_topic(topic).increment();
        }
    }

    /// The same topic, where anyone is subscribed to it: so that all its subscribers keep its name once.
    pub(crate) fn shared_name(&self, topic: &Arc<str>) -> Arc<str> {
        self.shard(topic).name(topic).unwrap_or_else(|| Arc::clone(topic))
    }

    /// The topic as its subscribers have it; `None` if there are none.
    #[cfg(feature = "redis")]
    pub(crate) fn name_of(&self, topic: &str) -> Option<Arc<str>> {
        self.shard(topic).name(topic)
    }

    /// The topics that anyone is subscribed to.
    #[cfg(feature = "redis")]
    pub(crate) fn topics(&self) -> Vec<Arc<str>> {
        self.shards.iter().flat_map(Shard::names).collect()
    }

    /// Removes a subscriber, if it is there. It gets what was published until now.
    pub(crate) fn detach(&self, topic: &str, peer: &Peer) {
        let mut failures = Failures::default();
        if self.shard(topic).detach(topic, peer, &mut failures) {
            self.counters.subscriptions.of_topic(topic).decrement();
        }
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

    /// Sees to it that a subscriber has what was published to the topic until now, or that it waits in its own queue.
    pub(crate) fn catch_up(&self, topic: &str, peer: &Peer) {
        let mut failures = Failures::default();
        self.shard(topic).catch_up(topic, peer, &mut failures);
        failures.log();
    }

    /// The same for all its topics in these shards.
    pub(crate) fn catch_up_all(&self, shards: Shards, peer: &Peer) {
        let wanted = |index: usize| shards.has(index) && !self.shards[index].pending().is_written();
        if (0..SHARDS).any(wanted) {
            let topics: Vec<_> = peer.subscriptions().iter().cloned().collect();
            for topic in topics.iter().filter(|topic| shards.has(self.index(topic))) {
                self.catch_up(topic, peer);
            }
        }
    }

    /// Sees to it that everything that was published until now is written, or waits in its receivers' own queues.
    pub(crate) fn flush(&self) {
        self.shards.iter().for_each(|shard| self.flush_shard(shard));
    }

    /// The shard of a topic.
    pub(crate) fn shard_of(&self, topic: &str) -> Shards {
        Shards(1 << self.index(topic))
    }

    fn flush_shard(&self, shard: &Shard) {
        let end = shard.pending().next();
        while !shard.pending().is_written_to(end) {
            self.step(shard);
            while shard.is_wanted() {
                std::thread::yield_now();
            }
        }
    }

    fn step(&self, shard: &Shard) {
        let mut failures = Failures::default();
        shard.step(STEP, &self.counters, &mut failures);
        failures.log();
    }

    fn index(&self, topic: &str) -> usize {
        self.hasher.hash_one(topic) as usize % SHARDS
    }

    fn shard(&self, topic: &str) -> &Shard {
        &self.shards[self.index(topic)]
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
            self.hub.step(self.shard());
            // Connections, and what is published meanwhile, have their turn before the next step.
            yield_now().await;
            while self.shard().is_wanted() {
                yield_now().await;
            }
            let mut pending = self.shard().pending();
            if pending.is_written() {
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
