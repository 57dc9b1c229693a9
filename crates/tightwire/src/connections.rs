//! The connections of the server: how many there may be, who they are, and how they all end at a shutdown.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use tightwire_proto::close::CloseReason;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::metrics::Counters;
use crate::peer::Peer;

/// All WebSocket connections.
#[derive(Debug)]
pub(crate) struct Connections {
    state: Mutex<State>,
    /// Wakes the shutdown when the last connection has ended.
    empty: Notify,
    max: u64,
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct State {
    /// Places taken, those of handshakes that are not complete included.
    taken: u64,
    peers: IndexMap<Uuid, Arc<Peer>>,
    /// Whether the server is being shut down: no more places.
    ending: bool,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There are as many connections as there may be.
    Full,
    /// The server shuts down.
    Ending,
}

/// A place for one connection. Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Arc<Connections>,
    /// With which close code the connection ended.
    code: u16,
}

/// Stands for an end without a close (RFC 6455, section 7.1.5); it never goes over the wire.
const ABNORMAL: u16 = 1006;

impl Connections {
    pub(crate) fn new(max: u64, counters: Arc<Counters>) -> Self {
        Self { state: Mutex::default(), empty: Notify::new(), max, counters }
    }

    /// Takes a place.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<Place, Refused> {
        let mut state = self.lock();
        if state.ending {
            return Err(Refused::Ending);
        } else if state.taken >= self.max {
            return Err(Refused::Full);
        }
        state.taken += 1;
        self.counters.connected.increment();
        self.counters.connections_total.increment();
        Ok(Place { connections: Arc::clone(self), code: ABNORMAL })
    }

    /// Whether a shutdown has begun.
    pub(crate) fn is_ending(&self) -> bool {
        self.lock().ending
    }

    /// Admits nobody any more and asks every connection to end.
    pub(crate) fn close_all(&self) {
        let peers: Vec<_> = {
            let mut state = self.lock();
            state.ending = true;
            state.peers.values().cloned().collect()
        };
        for peer in peers {
            peer.outbound().begin_close(CloseReason::Shutdown);
        }
    }

    /// Ends every connection that is still there, without a word.
    pub(crate) fn abort_all(&self) {
        let peers: Vec<_> = self.lock().peers.values().cloned().collect();
        for peer in peers {
            peer.outbound().abort();
        }
    }

    /// How many frames and bytes wait for all clients.
    pub(crate) fn waiting(&self) -> (u64, u64) {
        let peers: Vec<_> = self.lock().peers.values().cloned().collect();
        let waiting = peers.iter().map(|peer| peer.outbound().waiting());
        waiting.fold((0, 0), |sum, (frames, bytes)| (sum.0 + frames, sum.1 + bytes))
    }

    /// Waits until there are none.
    pub(crate) async fn all_ended(&self) {
        loop {
            // Made before the check, so that an end in between is not missed.
            let empty = self.empty.notified();
            if self.lock().taken == 0 {
                return;
            }
            empty.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Seats the connection, so that a shutdown reaches it.
    pub(crate) fn seat(&self, peer: &Arc<Peer>) {
        let mut state = self.connections.lock();
        state.peers.insert(peer.id(), Arc::clone(peer));
        if state.ending {
            peer.outbound().begin_close(CloseReason::Shutdown);
        }
    }

    /// The connection has left, with a close code.
    pub(crate) fn leave(mut self, peer: &Peer, code: u16) {
        self.code = code;
        self.connections.lock().peers.swap_remove(&peer.id());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.connections.lock();
        state.taken -= 1;
        self.connections.counters.connected.decrement();
        self.connections.counters.disconnections_total.of_code(self.code).increment();
        if state.taken == 0 {
            drop(state);
            self.connections.empty.notify_waiters();
        }
    }
}
