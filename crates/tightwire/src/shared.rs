//! What all connections of a server share.

use std::sync::{Arc, Mutex};

use tightwire_proto::address_rate::AddressRates;
use tightwire_proto::close::CloseReason;
use tightwire_proto::contract::{Contract, Heartbeat, Limits, SessionRole};
use tightwire_proto::frame::OutboundFrame;
use tightwire_proto::log::Retention;
use tightwire_proto::session::messages::{ConnectionEstablished, DisconnectNotice};
use tightwire_proto::session::{Policy, Voice};
use tokio::sync::{OnceCell, Semaphore};
use uuid::Uuid;

use crate::alarms::Alarms;
use crate::broker::Broker;
use crate::broker::memory::{Bounds, MemoryBroker};
#[cfg(feature = "redis")]
use crate::broker::redis::RedisBroker;
use crate::clock;
use crate::cluster::Cluster;
use crate::config::Config;
use crate::connections::Connections;
use crate::hub::Hub;
use crate::metrics::Counters;
use crate::peer::Peer;
use crate::publisher::Publisher;
use crate::routes::Routes;
use crate::service::Service;

/// How many addresses a generation of the handshake rate remembers: some 3 MB in all.
const HANDSHAKE_ADDRESSES: usize = 32 * 1024;

/// What all connections of a server share. Nothing in it changes but what has a lock or is a counter.
pub(crate) struct Shared<S> {
    pub(crate) service: S,
    pub(crate) contract: &'static Contract,
    /// Where clients connect; empty: at the path of the settings.
    pub(crate) routes: Routes,
    /// Whether the service was given time to prepare itself.
    pub(crate) prepared: OnceCell<()>,
    pub(crate) config: Config,
    pub(crate) policy: Policy,
    pub(crate) voice: Arc<Voice>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) publisher: Publisher,
    pub(crate) cluster: Cluster,
    pub(crate) connections: Arc<Connections>,
    /// A permit for each connection that speaks plain HTTP.
    pub(crate) http_places: Arc<Semaphore>,
    pub(crate) alarms: Arc<Alarms>,
    /// Who began a handshake lately; none if there is no limit.
    pub(crate) handshakes: Option<Mutex<AddressRates>>,
    pub(crate) counters: Arc<Counters>,
}

impl<S: Service> Shared<S> {
    pub(crate) fn new(service: S, config: Config) -> Self {
        let contract = service.contract();
        let policy = Policy {
            framing: contract.framing,
            limits: config.limits(contract),
            heartbeat: config.heartbeat(contract),
            contract: config.contract_policy,
            rate_limit_cooldown: config.rate_limit_cooldown,
        };
        let counters = Arc::new(Counters::new(contract));
        let hub = Arc::new(Hub::new(Arc::clone(&counters)));
        let voice = Arc::new(Voice::new(contract));
        let broker = broker(contract, &config, &policy.limits, &hub, &voice, &counters);
        Self {
            service,
            contract,
            routes: Routes::new(contract),
            prepared: OnceCell::new(),
            connections: Arc::new(Connections::new(
                policy.limits.connections,
                config.connections_per_address,
                Arc::clone(&counters),
            )),
            handshakes: config.handshake_rate.map(|rate| Mutex::new(AddressRates::new(rate, HANDSHAKE_ADDRESSES))),
            voice,
            cluster: Cluster::new(&config, contract, Arc::clone(&broker), Arc::clone(&counters)),
            publisher: Publisher::new(Arc::clone(&broker), Arc::clone(&counters)),
            http_places: Arc::new(Semaphore::new(config.http_connections.min(Semaphore::MAX_PERMITS))),
            alarms: Arc::default(),
            hub,
            broker,
            counters,
            config,
            policy,
        }
    }

    /// Starts the broker and prepares the service, once, and the latter away from the threads that serve connections.
    pub(crate) async fn prepare(self: &Arc<Self>) {
        if let Err(error) = self.broker.start().await {
            tracing::error!(%error, "the event bus does not work; it is tried again");
        }
        self.cluster.start().await;
        let prepare = || async {
            let shared = Arc::clone(self);
            if let Err(error) = tokio::task::spawn_blocking(move || shared.service.prepare()).await {
                // What is not prepared is built when it is needed.
                tracing::error!(%error, "the service could not be prepared");
            }
        };
        self.prepared.get_or_init(prepare).await;
    }

    /// Sends the first frame of a connection, where there is an envelope.
    pub(crate) fn greet(&self, peer: &Peer) {
        let (limits, heartbeat) = (self.limits(), self.heartbeat());
        let data = ConnectionEstablished::new(peer.id(), self.contract, limits, heartbeat, clock::unix_ms());
        peer.say(SessionRole::ConnectionEstablished, None, &data);
    }

    /// What is said to a client before the server closes, and after how many milliseconds it should come back.
    pub(crate) fn notice(&self, reason: CloseReason) -> (Option<OutboundFrame>, u64) {
        let spread = u64::try_from(self.config.reconnect_spread.as_millis()).unwrap_or(u64::MAX);
        let reconnect_after_ms = match reason {
            // Random, so that a server's clients do not all come back at once.
            CloseReason::Shutdown | CloseReason::OverCapacity => Uuid::new_v4().as_u64_pair().1 % spread.max(1),
            _ => 0,
        };
        let say = |reason| {
            let data = DisconnectNotice { reason, reconnect_after_ms };
            self.voice.say(SessionRole::DisconnectNotice, clock::stamp(None), &data)
        };
        (reason.notice().and_then(say), reconnect_after_ms)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.policy.limits
    }

    pub(crate) fn heartbeat(&self) -> &Heartbeat {
        &self.policy.heartbeat
    }
}

/// The broker that the settings ask for.
fn broker(
    contract: &'static Contract,
    config: &Config,
    limits: &Limits,
    hub: &Arc<Hub>,
    voice: &Arc<Voice>,
    counters: &Arc<Counters>,
) -> Arc<dyn Broker> {
    let (retention, total) = (Retention::new(limits, config.replay_topic_bytes), config.replay_total_bytes);
    #[cfg(feature = "redis")]
    if let Some(redis) = &config.redis {
        let (hub, voice, counters) = (Arc::clone(hub), Arc::clone(voice), Arc::clone(counters));
        return Arc::new(RedisBroker::new(redis.clone(), contract, retention, hub, voice, counters, total));
    }
    #[cfg(not(feature = "redis"))]
    let _ = (contract, voice);
    let bounds = Bounds { bytes: total, topics: config.replay_topics };
    Arc::new(MemoryBroker::new(Arc::clone(hub), retention, bounds, Arc::clone(counters)))
}
