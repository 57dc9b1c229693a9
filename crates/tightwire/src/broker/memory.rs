//! The broker of a single process: logs in memory, nothing to install.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tightwire_proto::contract::Limits;
use tightwire_proto::envelope::Publication;
use tightwire_proto::frame::{OutboundFrame, Position};
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::{Gap, Replay, ReplayLog};
use uuid::Uuid;

use super::{Broker, BusHealth, BusState};
use crate::clock;
use crate::hub::Hub;
use crate::publisher::PublishError;

/// Topics are spread over so many locks, so that two of them seldom wait for each other.
const SHARDS: usize = 16;

/// Logs in memory.
#[derive(Debug)]
pub(crate) struct MemoryBroker {
    hub: Arc<Hub>,
    limits: Limits,
    /// Logs live as long as the process, so they share one epoch.
    epoch: Arc<str>,
    hasher: RandomState,
    /// Held for a whole publish, from the position to the hub: that is what makes it one step. Never held across an
    /// await.
    shards: [Mutex<HashMap<Arc<str>, ReplayLog>>; SHARDS],
}

impl MemoryBroker {
    /// A broker that hands its frames to `hub`.
    pub(crate) fn new(hub: Arc<Hub>, limits: Limits) -> Self {
        let epoch = Uuid::new_v4().simple().to_string()[..16].into();
        Self { hub, limits, epoch, hasher: RandomState::new(), shards: Default::default() }
    }

    fn publish_now(&self, publication: Publication) -> Position {
        let topic = Arc::clone(&publication.head().topic);
        let mut shard = self.shard(&topic);
        if publication.is_replayable() {
            let log = shard.entry(topic).or_insert_with(|| ReplayLog::new(Arc::clone(&self.epoch), &self.limits));
            let frame = log.append(publication, clock::now());
            self.hub.deliver(frame);
            log.position()
        } else {
            self.hub.deliver(publication.finish(None));
            self.latest(&shard, &topic)
        }
    }

    fn history_now(&self, topic: &str, after: &ReplayStart) -> Replay {
        let start = Position { epoch: Arc::clone(&self.epoch), seq: 0 };
        match self.shard(topic).get_mut(topic) {
            Some(log) => log.after(after, clock::now()),
            None if *after == ReplayStart::Position((&start).into()) => Replay::Complete(Vec::new()),
            None => Replay::Gap(Gap { epoch: start.epoch, oldest: 0, latest: 0 }),
        }
    }

    fn latest(&self, shard: &HashMap<Arc<str>, ReplayLog>, topic: &str) -> Position {
        shard.get(topic).map_or_else(|| Position { epoch: Arc::clone(&self.epoch), seq: 0 }, ReplayLog::position)
    }

    fn shard(&self, topic: &str) -> MutexGuard<'_, HashMap<Arc<str>, ReplayLog>> {
        let index = self.hasher.hash_one(topic) as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Broker for MemoryBroker {
    fn publish(&self, publication: Publication) -> BoxFuture<'_, Result<Position, PublishError>> {
        ready(Ok(self.publish_now(publication))).boxed()
    }

    fn broadcast(&self, frame: OutboundFrame) -> BoxFuture<'_, Result<(), PublishError>> {
        self.hub.deliver(frame);
        ready(Ok(())).boxed()
    }

    fn history<'a>(&'a self, topic: &'a str, after: &'a ReplayStart) -> BoxFuture<'a, Result<Replay, PublishError>> {
        ready(Ok(self.history_now(topic, after))).boxed()
    }

    fn position<'a>(&'a self, topic: &'a str) -> BoxFuture<'a, Result<Position, PublishError>> {
        ready(Ok(self.latest(&self.shard(topic), topic))).boxed()
    }

    fn health(&self) -> BusHealth {
        BusHealth { kind: "memory", state: BusState::Up }
    }
}
