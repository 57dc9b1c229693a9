//! What all connections of a server share.

use std::sync::{Arc, Mutex};

use tightwire_proto::address_rate::AddressRates;
use tightwire_proto::contract::{Contract, Heartbeat, Limits};
use tightwire_proto::log::Retention;
use tightwire_proto::session::{Policy, Voice};
use tokio::sync::OnceCell;

use crate::alarms::Alarms;
use crate::broker::Broker;
use crate::broker::memory::{Bounds, MemoryBroker};
use crate::config::Config;
use crate::connections::Connections;
use crate::hub::Hub;
use crate::metrics::Counters;
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
    pub(crate) connections: Arc<Connections>,
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
        let broker: Arc<dyn Broker> = Arc::new(MemoryBroker::new(
            Arc::clone(&hub),
            Retention::new(&policy.limits, config.replay_topic_bytes),
            Bounds { bytes: config.replay_total_bytes, topics: config.replay_topics },
            Arc::clone(&counters),
        ));
        Self {
            service,
            contract,
            routes: Routes::new(contract),
            prepared: OnceCell::new(),
            connections: Arc::new(Connections::new(policy.limits.connections, Arc::clone(&counters))),
            handshakes: config.handshake_rate.map(|rate| Mutex::new(AddressRates::new(rate, HANDSHAKE_ADDRESSES))),
            voice: Arc::new(Voice::new(contract)),
            publisher: Publisher::new(Arc::clone(&broker), Arc::clone(&counters)),
            alarms: Arc::default(),
            hub,
            broker,
            counters,
            config,
            policy,
        }
    }

    /// Prepares the service, once, and away from the threads that serve connections.
    pub(crate) async fn prepare(self: &Arc<Self>) {
        let prepare = || async {
            let shared = Arc::clone(self);
            if let Err(error) = tokio::task::spawn_blocking(move || shared.service.prepare()).await {
                // What is not prepared is built when it is needed.
                tracing::error!(%error, "the service could not be prepared");
            }
        };
        self.prepared.get_or_init(prepare).await;
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.policy.limits
    }

    pub(crate) fn heartbeat(&self) -> &Heartbeat {
        &self.policy.heartbeat
    }
}
