//! The hub: which of this server's connections are subscribed to which topic.
//!
//! Brokers hand it frames in the order of their positions; it hands each frame to every subscriber. It knows nothing of
//! logs, positions or other servers.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use tightwire_proto::frame::OutboundFrame;
use uuid::Uuid;

use crate::peer::Peer;
use crate::stats::Counters;

/// Topics are spread over so many locks, so that two of them seldom wait for each other.
const SHARDS: usize = 16;

/// Topic → subscribers.
#[derive(Debug)]
pub(crate) struct Hub {
    hasher: RandomState,
    counters: Arc<Counters>,
    /// Held for the length of one attach, detach or fan-out; never across an await.
    shards: [Mutex<HashMap<Arc<str>, Subscribers>>; SHARDS],
}

/// By connection; insertion order, so that walking them is walking an array.
type Subscribers = IndexMap<Uuid, Arc<Peer>>;

impl Hub {
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        Self { hasher: RandomState::new(), counters, shards: Default::default() }
    }

    /// Adds a subscriber, if it is not there. From now on it gets the topic's frames.
    pub(crate) fn attach(&self, topic: &Arc<str>, peer: &Arc<Peer>) {
        let mut shard = self.shard(topic);
        if shard.entry(Arc::clone(topic)).or_default().insert(peer.id(), Arc::clone(peer)).is_none() {
            self.counters.subscriptions.increment();
        }
    }

    /// Removes a subscriber, if it is there.
    pub(crate) fn detach(&self, topic: &str, peer: &Peer) {
        let mut shard = self.shard(topic);
        let Some(subscribers) = shard.get_mut(topic) else { return };
        if subscribers.swap_remove(&peer.id()).is_some() {
            self.counters.subscriptions.decrement();
        }
        if subscribers.is_empty() {
            shard.remove(topic);
        }
    }

    /// Hands a frame to every subscriber of its topic.
    pub(crate) fn deliver(&self, frame: &OutboundFrame) {
        let tag = frame.tag();
        let mut failed = Vec::new();
        for peer in self.shard(&tag.topic).get(&*tag.topic).into_iter().flat_map(IndexMap::values) {
            if !peer.outbound().deliver(frame) {
                failed.push(peer.id());
            }
        }
        // Logged after the lock is gone: a log that is slow to take lines must not hold up the topic.
        for connection_id in failed {
            tracing::warn!(
                correlation_id = %tag.correlation_id,
                r#type = &*tag.wire_type,
                topic = &*tag.topic,
                subscription = &*tag.topic,
                %connection_id,
                "a frame could not be sent: the client is too slow or about to be closed"
            );
        }
    }

    fn shard(&self, topic: &str) -> MutexGuard<'_, HashMap<Arc<str>, Subscribers>> {
        let index = self.hasher.hash_one(topic) as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
