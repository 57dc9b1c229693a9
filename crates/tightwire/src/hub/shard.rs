//! Topics that share a lock: their subscribers, what waits for them, and the walk that hands it over.
//!
//! A walk over many subscribers takes a while, so it is done in steps, and between two of them others may subscribe, leave,
//! or take what waits for them ahead of their turn. What keeps every subscriber's frames complete, single and in order is
//! a number: each frame of the shard has one, and each subscriber knows that of the next frame it is to get.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use indexmap::IndexMap;
use tracing::Span;
use uuid::Uuid;

use super::batch::Batch;
use super::failures::Failures;
use super::peak::Peak;
use super::pending::{Pending, Taken};
use crate::clock;
use crate::metrics::Counters;
use crate::peer::Peer;
use crate::trace;

/// Topics that share a lock.
#[derive(Debug, Default)]
pub(super) struct Shard {
    /// Held for an attach, a detach or a step of a walk. Never across an await. Where both locks are needed this one is
    /// taken first.
    topics: Mutex<Topics>,
    /// Held to append or to take, so that nobody who publishes waits for a walk.
    pending: Mutex<Pending>,
    /// How many wait for the lock of the topics; a walk lets them go first.
    waiting: AtomicUsize,
}

#[derive(Debug, Default)]
struct Topics {
    subscribers: HashMap<Arc<str>, Subscribers>,
    peak: Peak,
    walk: Option<Walk>,
}

#[derive(Debug, Default)]
struct Subscribers {
    /// By connection; an array, in an order that says nothing.
    by_id: IndexMap<Uuid, Subscriber>,
    peak: Peak,
}

#[derive(Debug)]
struct Subscriber {
    peer: Arc<Peer>,
    /// The number of the next frame that it is to get.
    next: u64,
}

/// What was taken from what waits, while it is being handed over.
#[derive(Debug)]
struct Walk {
    /// When the first of its frames was published.
    since: Instant,
    /// When its first batch had its turn.
    started: Instant,
    /// What traces show of it.
    span: Span,
    /// The first is at its turn.
    batches: VecDeque<Batch>,
    /// How many of the first batch's subscribers had their turn: those at the beginning of their array.
    cursor: usize,
}

impl Shard {
    /// To append what is published, and to ask what is written.
    pub(super) fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a subscriber of the frames that are published from now on. False if it is there already.
    pub(super) fn attach(&self, topic: &Arc<str>, peer: &Arc<Peer>) -> bool {
        let mut topics = self.topics_first();
        let next = self.pending().next();
        let Topics { subscribers: topics, peak, .. } = &mut *topics;
        let Subscribers { by_id, peak: own_peak } = topics.entry(Arc::clone(topic)).or_default();
        let is_new = !by_id.contains_key(&peer.id());
        if is_new {
            by_id.insert(peer.id(), Subscriber { peer: Arc::clone(peer), next });
            own_peak.grown(by_id.len());
        }
        peak.grown(topics.len());
        is_new
    }

    /// Removes a subscriber, which gets what was published until now. False if it is not there.
    pub(super) fn detach(&self, topic: &str, peer: &Peer, failures: &mut Failures) -> bool {
        let mut guard = self.topics_first();
        self.catch_up_in(&mut guard, topic, peer, failures);
        let Topics { subscribers: topics, peak, walk } = &mut *guard;
        let Some(Subscribers { by_id: subscribers, peak: own_peak }) = topics.get_mut(topic) else { return false };
        let Some(mut index) = subscribers.get_index_of(&peer.id()) else { return false };
        let walk = walk.as_mut().filter(|walk| walk.batches.front().is_some_and(|batch| **batch.topic() == *topic));
        if let Some(walk) = &walk
            && index < walk.cursor
        {
            // The last of the array takes its place, and must not be counted among those who had their turn.
            subscribers.swap_indices(index, walk.cursor - 1);
            index = walk.cursor - 1;
        }
        let removed = subscribers.swap_remove_index(index);
        let is_empty = subscribers.is_empty();
        if is_empty {
            topics.remove(topic);
            if let Some(least) = peak.shrunk(topics.len()) {
                topics.shrink_to(least);
            }
        } else if let Some(least) = own_peak.shrunk(subscribers.len()) {
            subscribers.shrink_to(least);
        }
        if let Some(walk) = walk {
            if is_empty {
                walk.batches.pop_front();
                walk.cursor = 0;
            } else if index < walk.cursor {
                walk.cursor -= 1;
            }
        }
        drop(guard);
        removed.is_some()
    }

    /// Hands one subscriber all that was published until now, ahead of its turn.
    pub(super) fn catch_up(&self, topic: &str, peer: &Peer, failures: &mut Failures) {
        if !self.pending().is_written() {
            self.catch_up_in(&mut self.topics_first(), topic, peer, failures);
        }
    }

    fn catch_up_in(&self, topics: &mut Topics, topic: &str, peer: &Peer, failures: &mut Failures) {
        let subscriber =
            topics.subscribers.get_mut(topic).and_then(|subscribers| subscribers.by_id.get_mut(&peer.id()));
        let Some(subscriber) = subscriber else { return };
        let now = clock::now();
        let walked = topics.walk.iter().flat_map(|walk| &walk.batches);
        for batch in walked.filter(|batch| **batch.topic() == *topic) {
            subscriber.get(batch, now, failures);
        }
        let waiting = self.pending().of(topic, subscriber.next);
        if let Some(batch) = waiting {
            subscriber.get(&batch, now, failures);
        }
    }

    /// Goes on with the walk, or begins one, and hands over to so many subscribers at most.
    pub(super) fn step(&self, most: usize, counters: &Counters, failures: &mut Failures) {
        let mut guard = self.topics();
        let Topics { subscribers: topics, walk: slot, .. } = &mut *guard;
        let now = clock::now();
        if slot.is_none() {
            let Some(Taken { since, spans, batches }) = self.pending().take() else { return };
            let span = trace::fan_out(&spans, batches.iter().map(Batch::len).sum());
            *slot = Some(Walk { since, started: now, span, batches: batches.into(), cursor: 0 });
        }
        let Some(walk) = slot else { return };
        let _entered = walk.span.clone().entered();
        let mut left = most;
        while left > 0
            && let Some(batch) = walk.batches.front()
        {
            // Nobody is subscribed, or nobody is any more.
            let mut none = IndexMap::new();
            let subscribers = topics.get_mut(batch.topic()).map_or(&mut none, |subscribers| &mut subscribers.by_id);
            let end = subscribers.len().min(walk.cursor + left);
            for subscriber in subscribers.as_mut_slice()[walk.cursor..end].values_mut() {
                subscriber.get(batch, now, failures);
            }
            left -= end - walk.cursor;
            walk.cursor = end;
            if end == subscribers.len() {
                let done = clock::now();
                let lag = done.saturating_duration_since(walk.since);
                counters.fanout_seconds.observe(done.saturating_duration_since(mem::replace(&mut walk.started, done)));
                counters.delivery_lag_seconds.observe_each(lag, batch.len() as u64);
                walk.cursor = 0;
                walk.batches.pop_front();
            }
        }
        if walk.batches.is_empty() {
            *slot = None;
            self.pending().finish();
        }
    }

    /// Whether somebody waits for the topics, and should go before the next step.
    pub(super) fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// The name of a topic as its subscribers have it, if there are any.
    pub(super) fn name(&self, topic: &str) -> Option<Arc<str>> {
        self.topics_first().subscribers.get_key_value(topic).map(|(name, _)| Arc::clone(name))
    }

    /// The names of all topics that have subscribers.
    #[cfg(feature = "redis")]
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        self.topics_first().subscribers.keys().cloned().collect()
    }

    /// For how many topics there is room, and for how many subscribers of this one.
    #[cfg(test)]
    pub(super) fn room(&self, topic: &str) -> (usize, usize) {
        let topics = self.topics();
        (topics.subscribers.capacity(), topics.subscribers.get(topic).map_or(0, |it| it.by_id.capacity()))
    }

    fn topics(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same for those whom a walk lets go first.
    fn topics_first(&self) -> MutexGuard<'_, Topics> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let topics = self.topics();
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        topics
    }
}

impl Subscriber {
    /// Hands over what it has not got yet of a batch.
    fn get(&mut self, batch: &Batch, now: Instant, failures: &mut Failures) {
        if self.next > batch.last() {
            return;
        }
        let (frames, wire) = batch.since(self.next);
        self.next = batch.last() + 1;
        if let Err(failed) = self.peer.outbound().deliver(frames, wire, now) {
            failures.push(self.peer.id(), frames[failed.first].clone(), failed.count);
        }
    }
}
