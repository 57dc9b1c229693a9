//! When connections want to be woken: one timer for all of them, instead of one for each.
//!
//! A connection that has nothing to do waits for its next ping, for a pong, for the end of its idleness or of its token.
//! All it keeps for that is one entry here, and the entry is touched only when it is due: frames that put a deadline off
//! leave it alone, and the connection looks for itself what time it is when it is woken.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::time::sleep_until;

use crate::clock;
use crate::peer::Peer;

/// The alarms of all connections.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    /// Held to set, to cancel and to take out what is due; never across an await.
    state: Mutex<State>,
    /// Tells the keeper that there is an alarm before all others.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct State {
    due: BTreeMap<Alarm, Arc<Peer>>,
    /// Makes alarms of the same time distinct.
    last_number: u64,
    /// Whether a keeper is at work or about to be.
    is_kept: bool,
}

/// An alarm that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Alarm {
    at: Instant,
    number: u64,
}

impl Alarm {
    /// When it is due.
    pub(crate) fn at(self) -> Instant {
        self.at
    }
}

impl Alarms {
    /// Rings for the connection at this time, once, unless the alarm is cancelled before.
    pub(crate) fn set(self: &Arc<Self>, at: Instant, peer: &Arc<Peer>) -> Alarm {
        let mut state = self.lock();
        state.last_number += 1;
        let alarm = Alarm { at, number: state.last_number };
        let is_first = state.due.first_key_value().is_none_or(|(first, _)| alarm < *first);
        state.due.insert(alarm, Arc::clone(peer));
        let is_kept = mem::replace(&mut state.is_kept, true);
        drop(state);
        if !is_kept {
            tokio::spawn(Keeper { alarms: Arc::clone(self), is_done: false }.run());
        } else if is_first {
            self.earlier.notify_one();
        }
        alarm
    }

    /// Takes an alarm back, if it has not rung.
    pub(crate) fn cancel(&self, alarm: Alarm) {
        let peer = self.lock().due.remove(&alarm);
        // Not under the lock: it may be the last that knows the connection.
        drop(peer);
    }

    /// Rings what is due. When the next is due; `None` if there is none, and then the keeper is done.
    fn ring(&self) -> Option<Instant> {
        let now = clock::now();
        let mut peers = Vec::new();
        let mut state = self.lock();
        let next = loop {
            match state.due.first_entry() {
                Some(first) if first.key().at <= now => peers.push(first.remove()),
                Some(first) => break Some(first.key().at),
                None => break None,
            }
        };
        state.is_kept = next.is_some();
        drop(state);
        for peer in peers {
            peer.outbound().ring();
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the first alarm, as long as there is one.
struct Keeper {
    alarms: Arc<Alarms>,
    is_done: bool,
}

impl Keeper {
    async fn run(mut self) {
        while let Some(at) = self.alarms.ring() {
            tokio::select! {
                () = sleep_until(at.into()) => {}
                () = self.alarms.earlier.notified() => {}
            }
        }
        self.is_done = true;
    }
}

/// If it ends early, with its runtime, whoever sets the next alarm starts another.
impl Drop for Keeper {
    fn drop(&mut self) {
        if !self.is_done {
            self.alarms.lock().is_kept = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tightwire_proto::contract::Contract;

    use super::*;
    use crate::metrics::Counters;

    async fn at(start: Instant, second: u64) {
        sleep_until((start + Duration::from_secs(second)).into()).await;
        // The keeper's timer may be behind this one.
        tokio::task::yield_now().await;
    }

    #[tokio::test(start_paused = true)]
    async fn alarms_ring_once_at_their_time_unless_they_are_cancelled() {
        let (alarms, start) = (Arc::new(Alarms::default()), clock::now());
        let peers = [(); 4].map(|()| Peer::without_socket(&Arc::new(Counters::new(&Contract::EMPTY))));
        let rung = || peers.each_ref().map(|peer| peer.outbound().has_rung());
        let set = |peer: usize, second| alarms.set(start + Duration::from_secs(second), &peers[peer]);
        set(0, 30);
        // Before the one that the keeper waits for, and at the same time as another.
        set(1, 10);
        set(2, 30);
        let cancelled = set(3, 20);
        at(start, 9).await;
        assert_eq!(rung(), [false; 4]);
        at(start, 10).await;
        assert_eq!(rung(), [false, true, false, false]);
        alarms.cancel(cancelled);
        at(start, 29).await;
        assert_eq!(rung(), [false; 4]);
        at(start, 30).await;
        assert_eq!(rung(), [true, false, true, false]);
        // There was none left, so the keeper has ended; the next alarm brings another.
        assert!(!alarms.lock().is_kept);
        set(3, 40);
        at(start, 40).await;
        assert_eq!(rung(), [false, false, false, true]);
        assert!(
            peers.iter().all(|peer| Arc::strong_count(peer) == 1),
            "nobody keeps a connection whose alarm has rung"
        );
    }
}
