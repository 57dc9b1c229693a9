//! What all connections of a server share.

use std::sync::Arc;

use tightwire_proto::contract::{Contract, Heartbeat, Limits};
use tightwire_proto::session::{Policy, Voice};

use crate::broker::Broker;
use crate::broker::memory::MemoryBroker;
use crate::config::Config;
use crate::connections::Connections;
use crate::hub::Hub;
use crate::publisher::Publisher;
use crate::service::Service;
use crate::stats::Counters;

/// What all connections of a server share. Nothing in it changes but what has a lock or is a counter.
pub(crate) struct Shared<S> {
    pub(crate) service: S,
    pub(crate) contract: &'static Contract,
    pub(crate) config: Config,
    pub(crate) policy: Policy,
    pub(crate) voice: Arc<Voice>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) publisher: Publisher,
    pub(crate) connections: Arc<Connections>,
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
        let counters = Arc::new(Counters::new());
        let hub = Arc::new(Hub::new(Arc::clone(&counters)));
        let broker: Arc<dyn Broker> = Arc::new(MemoryBroker::new(Arc::clone(&hub), policy.limits));
        Self {
            service,
            contract,
            connections: Arc::new(Connections::new(policy.limits.connections, Arc::clone(&counters))),
            voice: Arc::new(Voice::new(contract)),
            publisher: Publisher::new(Arc::clone(&broker), Arc::clone(&counters)),
            hub,
            broker,
            counters,
            config,
            policy,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.policy.limits
    }

    pub(crate) fn heartbeat(&self) -> &Heartbeat {
        &self.policy.heartbeat
    }
}
