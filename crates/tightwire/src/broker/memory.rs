//! The broker of a single process: logs in memory, nothing to install.

mod budget;
mod fences;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tightwire_proto::envelope::Publication;
use tightwire_proto::frame::{OutboundFrame, Position};
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::{Logs, Retention, Totals};
use uuid::Uuid;

pub(crate) use self::budget::Bounds;
use self::budget::{Budget, NONE};
use self::fences::Fences;
use super::{Broker, BusHealth, BusState, Fence, History};
use crate::clock;
use crate::hub::Hub;
use crate::metrics::Counters;
use crate::publisher::PublishError;

/// Topics are spread over so many locks, so that two of them seldom wait for each other.
const SHARDS: usize = 16;

/// One publication in so many looks for frames that are too old in topics that nobody publishes to.
const PUBLICATIONS_PER_SWEEP: u64 = 16;

/// How many frames are forgotten at once where they are too old: a sweep must not hold up a publication for long.
const FRAMES_PER_SWEEP: usize = 256;

/// Logs in memory.
#[derive(Debug)]
pub(crate) struct MemoryBroker {
    hub: Arc<Hub>,
    hasher: RandomState,
    /// How many publications there were: their order, over all topics.
    turn: AtomicU64,
    budget: Budget,
    shards: [Shard; SHARDS],
}

#[derive(Debug)]
struct Shard {
    /// Held for a whole publish, from the position to the hub: that is what makes it one step. Never held across an
    /// await.
    logs: Mutex<Logs>,
    /// Held within the former, so that nobody takes over between the look and the publication.
    fences: Mutex<Fences>,
    /// What the logs say of their oldest, for whoever looks for the oldest of all.
    oldest: AtomicU64,
    oldest_kept: AtomicU64,
}

/// The logs of a shard, which tell the budget what has changed when they are let go.
struct Locked<'a> {
    logs: MutexGuard<'a, Logs>,
    before: Totals,
    shard: &'a Shard,
    budget: &'a Budget,
}

impl MemoryBroker {
    /// A broker that hands its frames to `hub`.
    pub(crate) fn new(hub: Arc<Hub>, retention: Retention, bounds: Bounds, counters: Arc<Counters>) -> Self {
        // Logs live as long as the process, so their epochs have one name.
        let name: Arc<str> = Uuid::new_v4().simple().to_string()[..16].into();
        let shard = |_| Shard {
            logs: Mutex::new(Logs::new(Arc::clone(&name), retention)),
            fences: Mutex::default(),
            oldest: AtomicU64::new(NONE),
            oldest_kept: AtomicU64::new(NONE),
        };
        Self {
            hub,
            hasher: RandomState::new(),
            turn: AtomicU64::new(0),
            budget: Budget::new(bounds, counters),
            shards: std::array::from_fn(shard),
        }
    }

    fn publish_now(&self, publication: Publication, fence: Option<&Fence>) -> Result<Position, PublishError> {
        let topic = Arc::clone(&publication.head().topic);
        let shard = self.shard_of(&topic);
        let mut logs = self.lock(shard);
        if let Some(fence) = fence
            && !shard.fences().lets_pass(&topic, fence, clock::now())
        {
            return Err(PublishError::Fenced(Arc::clone(&fence.name)));
        }
        if !publication.is_replayable() {
            self.hub.deliver(publication.finish(None));
            return Ok(logs.position(&topic));
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let frame = logs.append(publication, turn, clock::now());
        self.hub.deliver(frame);
        let position = logs.position(&topic);
        drop(logs);
        self.keep_within(turn);
        Ok(position)
    }

    /// Forgets what is too much or too old, in topics that nobody publishes to.
    fn keep_within(&self, turn: u64) {
        if turn.is_multiple_of(PUBLICATIONS_PER_SWEEP) {
            let next = (turn / PUBLICATIONS_PER_SWEEP) as usize % SHARDS;
            self.lock(&self.shards[next]).sweep(clock::now(), FRAMES_PER_SWEEP);
        }
        while self.budget.has_too_many_topics()
            && self.forget_oldest(|shard| &shard.oldest, Logs::oldest, Logs::forget_topic)
        {}
        while self.budget.has_too_many_bytes()
            && (self.forget_oldest(|shard| &shard.oldest_kept, Logs::oldest_kept, Logs::forget_frame)
                || self.forget_oldest(|shard| &shard.oldest, Logs::oldest, Logs::forget_topic))
        {}
    }

    /// Forgets the oldest frame or topic, wherever it is. False if there is none.
    fn forget_oldest(
        &self,
        noted: impl Fn(&Shard) -> &AtomicU64,
        oldest: impl Fn(&Logs) -> Option<u64>,
        forget: impl Fn(&mut Logs) -> bool,
    ) -> bool {
        loop {
            let turn = |shard: &&Shard| noted(shard).load(Ordering::Relaxed);
            let Some(shard) = self.shards.iter().min_by_key(turn) else { return false };
            let expected = turn(&shard);
            if expected == NONE {
                return false;
            }
            let mut logs = self.lock(shard);
            // Somebody may have published to it, or forgotten it, in between: then it is no longer the oldest.
            if oldest(&logs) == Some(expected) {
                return forget(&mut logs);
            }
        }
    }

    fn shard_of(&self, topic: &str) -> &Shard {
        &self.shards[self.hasher.hash_one(topic) as usize % SHARDS]
    }

    fn lock<'a>(&'a self, shard: &'a Shard) -> Locked<'a> {
        let logs = shard.logs.lock().unwrap_or_else(PoisonError::into_inner);
        Locked { before: logs.totals(), logs, shard, budget: &self.budget }
    }
}

impl Shard {
    fn fences(&self) -> MutexGuard<'_, Fences> {
        self.fences.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Locked<'_> {
    type Target = Logs;

    fn deref(&self) -> &Logs {
        &self.logs
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Logs {
        &mut self.logs
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.budget.changed(self.before, self.logs.totals());
        self.shard.oldest.store(self.logs.oldest().unwrap_or(NONE), Ordering::Relaxed);
        self.shard.oldest_kept.store(self.logs.oldest_kept().unwrap_or(NONE), Ordering::Relaxed);
    }
}

impl Broker for MemoryBroker {
    fn publish(&self, publication: Publication) -> BoxFuture<'_, Result<Position, PublishError>> {
        ready(self.publish_now(publication, None)).boxed()
    }

    fn publish_behind(&self, fence: Fence, publication: Publication) -> BoxFuture<'_, Result<Position, PublishError>> {
        ready(self.publish_now(publication, Some(&fence))).boxed()
    }

    fn take_over<'a>(&'a self, topic: &'a str, name: &'a str) -> BoxFuture<'a, Result<u64, PublishError>> {
        let shard = self.shard_of(topic);
        let _logs = self.lock(shard);
        ready(Ok(shard.fences().take_over(topic, name, clock::now()))).boxed()
    }

    fn broadcast(&self, frame: OutboundFrame) -> BoxFuture<'_, Result<(), PublishError>> {
        self.hub.deliver(frame);
        ready(Ok(())).boxed()
    }

    fn history<'a>(&'a self, topic: &'a str, after: &'a ReplayStart) -> BoxFuture<'a, Result<History, PublishError>> {
        ready(Ok(self.lock(self.shard_of(topic)).after(topic, after, clock::now()).into())).boxed()
    }

    fn position<'a>(&'a self, topic: &'a str) -> BoxFuture<'a, Result<Position, PublishError>> {
        ready(Ok(self.lock(self.shard_of(topic)).position(topic))).boxed()
    }

    fn health(&self) -> BusHealth {
        // Where nothing is published nobody else looks for what is too old.
        for shard in &self.shards {
            self.lock(shard).sweep(clock::now(), FRAMES_PER_SWEEP);
        }
        BusHealth { kind: "memory", state: BusState::Up }
    }
}
