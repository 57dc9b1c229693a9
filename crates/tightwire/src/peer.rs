//! A connection as the rest of the server sees it: an identity, a place to put frames, a set of topics.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;
use tightwire_proto::contract::SessionRole;
use tightwire_proto::envelope::Stamp;
use tightwire_proto::log::Gap;
use tightwire_proto::session::messages::Pong;
use tightwire_proto::session::{ErrorReport, Refused, Subscriptions, Voice};
use uuid::Uuid;

use crate::auth::Identity;
use crate::clock;
use crate::metrics::Counters;
use crate::noise::Lines;
use crate::outbound::Outbound;
use crate::request::HandshakeRequest;
use crate::trace::Trace;

thread_local! {
    /// Where this thread writes answers to pings, one after the other. Taken while it is used.
    static PONG: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A connection as the rest of the server sees it. Shared by its task, the hub, handlers and the list of connections.
#[derive(Debug)]
pub(crate) struct Peer {
    id: Uuid,
    outbound: Outbound,
    /// Written by the connection's own frames, one after the other, and emptied when it ends.
    subscriptions: Mutex<Subscriptions>,
    voice: Arc<Voice>,
    /// Where the client is, as far as it is known.
    address: Option<SocketAddr>,
    /// Kept in flat protocols only.
    request: Option<Box<HandshakeRequest>>,
    /// Who the client is; `None` where nobody is asked. Replaced when its token is renewed.
    authenticated: Mutex<Option<Authenticated>>,
    /// Frames that asked for topics that the client's token does not allow.
    forbidden: AtomicU32,
    trace: Trace,
    lines: Lines,
    counters: Arc<Counters>,
}

/// What the handshake said of the client.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    pub(crate) address: Option<SocketAddr>,
    pub(crate) request: Option<Box<HandshakeRequest>>,
    pub(crate) identity: Option<Arc<Identity>>,
    pub(crate) trace: Trace,
}

/// Who the client is, and for how long.
#[derive(Debug)]
struct Authenticated {
    identity: Arc<Identity>,
    until: Instant,
}

impl Authenticated {
    fn now(identity: Arc<Identity>) -> Self {
        let until = clock::now() + identity.lapses_in(clock::unix_ms());
        Self { identity, until }
    }
}

impl Peer {
    pub(crate) fn new(
        id: Uuid,
        outbound: Outbound,
        subscriptions: Subscriptions,
        voice: Arc<Voice>,
        origin: Origin,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            id,
            outbound,
            subscriptions: Mutex::new(subscriptions),
            voice,
            address: origin.address,
            request: origin.request,
            authenticated: Mutex::new(origin.identity.map(Authenticated::now)),
            forbidden: AtomicU32::new(0),
            trace: origin.trace,
            lines: Lines::default(),
            counters,
        }
    }

    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// The number of another line in the log that the client has caused by a mistake, if it is to be logged.
    pub(crate) fn another_line(&self) -> Option<u32> {
        self.lines.another()
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    pub(crate) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    pub(crate) fn request(&self) -> &HandshakeRequest {
        self.request.as_deref().unwrap_or(HandshakeRequest::NONE)
    }

    pub(crate) fn subscriptions(&self) -> MutexGuard<'_, Subscriptions> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a topic. `Ok(true)` if it is new.
    pub(crate) fn subscribe(&self, topic: &Arc<str>) -> Result<bool, Refused> {
        let mut subscriptions = self.subscriptions();
        let new = subscriptions.add(topic)?;
        if new && subscriptions.len() == 1 {
            self.counters.updates_clients.increment();
        }
        Ok(new)
    }

    /// Removes a topic. True if it was there.
    pub(crate) fn unsubscribe(&self, topic: &str) -> bool {
        let mut subscriptions = self.subscriptions();
        let removed = subscriptions.remove(topic);
        if removed && subscriptions.is_empty() {
            self.counters.updates_clients.decrement();
        }
        removed
    }

    /// Takes all topics out and lets none in any more: the connection ends.
    pub(crate) fn unsubscribe_all(&self) -> Vec<Arc<str>> {
        let topics = self.subscriptions().close();
        if !topics.is_empty() {
            self.counters.updates_clients.decrement();
            self.counters.updates_disconnections_total.increment();
        }
        topics
    }

    pub(crate) fn identity(&self) -> Option<Arc<Identity>> {
        self.authenticated().as_ref().map(|authenticated| Arc::clone(&authenticated.identity))
    }

    /// When the client's token lapses.
    pub(crate) fn authenticated_until(&self) -> Option<Instant> {
        self.authenticated().as_ref().map(|authenticated| authenticated.until)
    }

    /// The client has brought a new token, with which it begins anew.
    pub(crate) fn renew(&self, identity: Arc<Identity>) {
        *self.authenticated() = Some(Authenticated::now(identity));
        self.forbidden.store(0, Ordering::Relaxed);
    }

    fn authenticated(&self) -> MutexGuard<'_, Option<Authenticated>> {
        self.authenticated.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a frame that asked for topics that the client's token does not allow; how many there were.
    pub(crate) fn count_forbidden(&self) -> u32 {
        self.forbidden.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Sends one of the session's own frames about the connection.
    pub(crate) fn say(&self, role: SessionRole, answers: Option<Uuid>, data: &impl Serialize) {
        if let Some(frame) = self.voice.say(role, clock::stamp(answers), data) {
            self.outbound.send(frame);
        }
    }

    /// Answers a ping, from the connection's own task. Whether answers to more than what was read so far have room.
    pub(crate) fn pong(&self, stamp: Stamp, data: &Pong<'_>) -> bool {
        let mut buffer = PONG.take();
        let more = if self.voice.write(&mut buffer, SessionRole::Pong, stamp, data) {
            self.outbound.pong(&buffer)
        } else {
            self.outbound.takes_more()
        };
        buffer.clear();
        PONG.set(buffer);
        more
    }

    /// Tells of a gap in a topic.
    pub(crate) fn say_gap(&self, topic: &Arc<str>, answers: Uuid, gap: &Gap) {
        if let Some(frame) = self.voice.say_gap(topic, clock::stamp(Some(answers)), gap) {
            self.outbound.send(frame);
        }
    }

    /// Sends an error. False if the protocol has no message for errors.
    pub(crate) fn report(&self, report: &ErrorReport) -> bool {
        let frame = self.voice.error(clock::stamp(report.answers), report);
        let sayable = frame.is_some();
        if let Some(frame) = frame {
            self.counters.errors_sent_total.increment();
            self.outbound.send(frame);
        }
        sayable
    }
}

#[cfg(test)]
mod without_socket {
    use tightwire_proto::contract::{Contract, Limits};
    use tightwire_proto::outbound::{OutboundQueue, SlowConsumer};

    use super::*;
    use crate::transport::Wire;

    impl Peer {
        /// A connection without a socket: what it is handed waits in its queue, which is as long as need be.
        pub(crate) fn without_socket(counters: &Arc<Counters>) -> Arc<Self> {
            let limits = Limits { outbound_queue_frames: u64::MAX, outbound_queue_bytes: u64::MAX, ..Limits::DEFAULT };
            let queue = OutboundQueue::new(&limits, SlowConsumer::Disconnect);
            let outbound = Outbound::new(queue, Wire::Closed, Arc::clone(counters));
            let (subscriptions, voice) = (Subscriptions::new(u64::MAX), Arc::new(Voice::new(&Contract::EMPTY)));
            Arc::new(Self::new(Uuid::new_v4(), outbound, subscriptions, voice, Origin::default(), Arc::clone(counters)))
        }
    }
}
