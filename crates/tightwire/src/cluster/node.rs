//! A node, and how it is told to others.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A server of the system, as it has said itself.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Node {
    /// Different for every start of a server.
    pub id: String,
    /// For people: the setting `node_name`, or the host's name, or the same as the id.
    pub name: String,
    /// Whether it is the one that was asked.
    pub is_this: bool,
    /// When it was started, in milliseconds since the Unix epoch, by its own clock.
    pub started_ms: u64,
    /// The version of the contract that it was built from.
    pub contract_version: String,
    /// Its connections.
    pub connections: u64,
    /// Its subscriptions, by the topic's template, for instance `thread:{thread_id}`.
    pub subscriptions: BTreeMap<String, u64>,
    /// What its application says of itself, see [`Presence`](super::Presence); `null`, if it says nothing.
    pub application: Value,
    /// How long ago it said so.
    pub age: Duration,
    /// After how long without a word it is gone.
    pub(super) kept: Duration,
}

/// What a node says of itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Said {
    name: String,
    started_ms: u64,
    contract_version: String,
    connections: u64,
    subscriptions: BTreeMap<String, u64>,
    application: Value,
    kept_ms: u64,
}

impl Said {
    pub(super) fn of(node: &Node) -> Self {
        Self {
            name: node.name.clone(),
            started_ms: node.started_ms,
            contract_version: node.contract_version.clone(),
            connections: node.connections,
            subscriptions: node.subscriptions.clone(),
            application: node.application.clone(),
            kept_ms: u64::try_from(node.kept.as_millis()).unwrap_or(u64::MAX),
        }
    }

    pub(super) fn node(self, id: String, age: Duration) -> Node {
        Node {
            id,
            name: self.name,
            is_this: false,
            started_ms: self.started_ms,
            contract_version: self.contract_version,
            connections: self.connections,
            subscriptions: self.subscriptions,
            application: self.application,
            age,
            kept: Duration::from_millis(self.kept_ms),
        }
    }
}

/// The host's name, where the system tells it without being asked in its own way.
pub(super) fn host() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
