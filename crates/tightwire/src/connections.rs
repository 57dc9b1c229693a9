//! The connections of the server: how many there may be, who they are, and how they all end at a shutdown.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use tightwire_proto::close::CloseReason;
use tightwire_proto::network::Network;
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
    max_per_address: Option<u64>,
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct State {
    /// Places taken, those of handshakes that are not complete included.
    taken: u64,
    /// Those of each address that has one. Empty where addresses are not bounded.
    by_address: HashMap<Network, u64>,
    peers: IndexMap<Uuid, Arc<Peer>>,
    /// Whether the server is being shut down: no more places.
    ending: bool,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There are as many connections as there may be.
    Full,
    /// The address has as many as it may have.
    Crowded,
    /// The server shuts down.
    Ending,
}

/// A place for one connection. Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Arc<Connections>,
    /// Whose it is, where addresses are bounded.
    network: Option<Network>,
    /// With which close code the connection ended.
    code: u16,
}

/// Stands for an end without a close (RFC 6455, section 7.1.5); it never goes over the wire.
const ABNORMAL: u16 = 1006;

impl Connections {
    pub(crate) fn new(max: u64, max_per_address: Option<u64>, counters: Arc<Counters>) -> Self {
        Self { state: Mutex::default(), empty: Notify::new(), max, max_per_address, counters }
    }

    /// Takes a place for a client at this address, if it is known.
    pub(crate) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Place, Refused> {
        let mut state = self.lock();
        if state.ending {
            return Err(Refused::Ending);
        } else if state.taken >= self.max {
            return Err(Refused::Full);
        }
        let bounded = self.max_per_address.zip(address.map(Network::from));
        if let Some((max, network)) = bounded {
            if state.by_address.get(&network).copied().unwrap_or_default() >= max {
                return Err(Refused::Crowded);
            }
            *state.by_address.entry(network).or_default() += 1;
        }
        state.taken += 1;
        self.counters.connected.increment();
        self.counters.connections_total.increment();
        Ok(Place { connections: Arc::clone(self), network: bounded.map(|(_, network)| network), code: ABNORMAL })
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
        if let Some(network) = self.network
            && let Entry::Occupied(mut taken) = state.by_address.entry(network)
        {
            *taken.get_mut() -= 1;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
        self.connections.counters.connected.decrement();
        self.connections.counters.disconnections_total.of_code(self.code).increment();
        if state.taken == 0 {
            drop(state);
            self.connections.empty.notify_waiters();
        }
    }
}
