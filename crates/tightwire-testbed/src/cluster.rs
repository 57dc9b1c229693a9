//! A Redis Cluster: three masters that share the slots.

use std::net::SocketAddr;

use crate::redis::{RedisServer, is_installed};
use crate::until::until;

/// How many slots a cluster has.
const SLOTS: usize = 16_384;
const MASTERS: usize = 3;

/// Three masters without replicas, each with a third of the slots.
#[derive(Debug)]
pub struct RedisCluster {
    /// The masters.
    pub nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts it, and waits until every node knows the others. `None`, with the reason printed, where Redis is not
    /// installed.
    ///
    /// # Panics
    /// Where it is installed and does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        if !is_installed() {
            return None;
        }
        let node = || {
            let launch = RedisServer::launch().append_only().line("cluster-enabled yes");
            launch.line("cluster-node-timeout 2000").start().expect("it is installed")
        };
        let nodes: Vec<_> = (0..MASTERS).map(|_| node()).collect();
        for (index, node) in nodes.iter().enumerate() {
            let (first, last) = (index * SLOTS / MASTERS, (index + 1) * SLOTS / MASTERS - 1);
            node.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]);
            node.ask(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
            node.ask(&["CLUSTER", "MEET", "127.0.0.1", &nodes[0].port().to_string()]);
        }
        for node in &nodes {
            until("the cluster is complete", || {
                let info = node.ask(&["CLUSTER", "INFO"]);
                let is_ok = info.text()?.contains("cluster_state:ok");
                let knows = node.ask(&["CLUSTER", "SLOTS"]).list().len();
                (is_ok && knows == MASTERS).then_some(())
            });
        }
        Some(Self { nodes })
    }

    /// Where its nodes listen.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(RedisServer::address).collect()
    }

    /// The node that a key's slot belongs to.
    ///
    /// # Panics
    /// Where the cluster does not answer.
    #[must_use]
    pub fn owner(&self, key: &str) -> &RedisServer {
        let slot = self.nodes[0].ask(&["CLUSTER", "KEYSLOT", key]).number();
        let slots = self.nodes[0].ask(&["CLUSTER", "SLOTS"]);
        let holds = |range: &&crate::Reply| {
            let [first, last, ..] = range.list() else { return false };
            (first.number()..=last.number()).contains(&slot)
        };
        let owner = slots.list().iter().find(holds).expect("every slot belongs to somebody");
        let port = owner.list()[2].list()[1].number();
        self.nodes.iter().find(|node| port == Some(node.port().into())).expect("one of ours")
    }
}
