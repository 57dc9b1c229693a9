//! What each server tells the others of its chat, and what all of them are together.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tightwire::{ClusterView, Node, Presence};

use crate::agents::{Outcome, metrics};
use crate::chat::{AgentActivity, AgentState, CoordinationMetrics};
use crate::dashboard::{ALERT_AFTER_FAILURES, publish_all};
use crate::orphan::{self, Unfinished};
use crate::service::Chat;

/// How many outcomes a server tells the others of: enough for a rate, and little to send.
const OUTCOMES: usize = 200;

/// What a server tells. What it does not tell of is empty: it may be of another version.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Told {
    agents: Vec<AgentState>,
    /// Whether its last answers failed.
    is_failing: bool,
    /// How its last tasks ended: how many milliseconds ago, and whether with an answer; the oldest first.
    outcomes: Vec<(u64, bool)>,
    /// How many connections it takes.
    most_connections: u64,
    /// The answers that it is writing.
    pub(crate) unfinished: Vec<Unfinished>,
}

impl Told {
    fn of(chat: &Chat) -> Self {
        let outcomes = chat.agents.outcomes();
        let newest = &outcomes[outcomes.len().saturating_sub(OUTCOMES)..];
        let outcome = |(age, outcome): &(Duration, Outcome)| {
            (u64::try_from(age.as_millis()).unwrap_or(u64::MAX), *outcome == Outcome::Completed)
        };
        Self {
            agents: chat.agents.all(),
            is_failing: chat.agents.any_failing(ALERT_AFTER_FAILURES),
            outcomes: newest.iter().map(outcome).collect(),
            most_connections: chat.server().map_or(0, |server| server.most_connections),
            unfinished: chat.unfinished.told(),
        }
    }

    pub(crate) fn by(node: &Node) -> Self {
        serde_json::from_value(node.application.clone()).unwrap_or_else(|error| {
            tracing::warn!(node = node.id, %error, "what a server tells cannot be read");
            Self::default()
        })
    }
}

/// Speaks for a chat. The server that holds it is held by the chat.
pub(crate) struct Voice(pub(crate) Weak<Chat>);

impl Presence for Voice {
    fn tell(&self) -> Value {
        let told = self.0.upgrade().map(|chat| serde_json::to_value(Told::of(&chat)));
        told.transpose().ok().flatten().unwrap_or_default()
    }

    fn lost(&self, node: Node) {
        if let Some(chat) = self.0.upgrade() {
            tokio::spawn(orphan::end_all(chat, Told::by(&node).unfinished));
        }
    }
}

/// The chat on all servers, at one moment.
pub(crate) struct System<'a> {
    chat: &'a Chat,
    own: Told,
    /// What the others have told, and how long ago.
    others: Vec<(Duration, Told)>,
    /// None before there is a server.
    pub(crate) view: Option<ClusterView>,
}

impl<'a> System<'a> {
    /// As far as it is known here.
    pub(crate) fn now(chat: &'a Chat) -> Self {
        Self::seen(chat, chat.server().map(|server| server.cluster.view()))
    }

    /// As all servers say it at this moment, once they know what has happened here.
    pub(crate) async fn asked(chat: &'a Chat) -> Self {
        let view = match chat.server() {
            Some(server) => Some(server.cluster.refresh().await),
            None => None,
        };
        Self::seen(chat, view)
    }

    fn seen(chat: &'a Chat, view: Option<ClusterView>) -> Self {
        let others = view.iter().flat_map(|view| &view.nodes).filter(|node| !node.is_this);
        let others = others.map(|node| (node.age, Told::by(node))).collect();
        Self { chat, own: Told::of(chat), others, view }
    }

    fn all(&self) -> impl Iterator<Item = &Told> {
        std::iter::once(&self.own).chain(self.others.iter().map(|(_, told)| told))
    }

    /// Whether all servers are known.
    pub(crate) fn is_complete(&self) -> bool {
        self.view.as_ref().is_none_or(|view| view.is_complete)
    }

    /// How many connections all servers take together.
    pub(crate) fn most_connections(&self) -> u64 {
        self.all().fold(0, |sum, told| sum.saturating_add(told.most_connections))
    }

    /// Whether the last answers of any server failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.all().any(|told| told.is_failing)
    }

    /// Every agent, by id: what it does anywhere, it does.
    pub(crate) fn agents(&self) -> Vec<AgentState> {
        let mut agents: BTreeMap<&str, AgentState> = BTreeMap::new();
        for agent in self.all().flat_map(|told| &told.agents) {
            match agents.get_mut(&*agent.agent_id) {
                None => drop(agents.insert(&agent.agent_id, agent.clone())),
                Some(known) => {
                    known.active_streams += agent.active_streams;
                    known.completed += agent.completed;
                    known.failed += agent.failed;
                    known.status = busier(known.status, agent.status);
                }
            }
        }
        agents.into_values().collect()
    }

    /// One agent.
    pub(crate) fn agent(&self, agent_id: &str) -> Option<AgentState> {
        self.agents().into_iter().find(|agent| agent.agent_id == agent_id)
    }

    /// How tasks ended, within the window if there is one. Of several servers only the last tasks of each are known.
    pub(crate) fn metrics(&self, window: Option<Duration>) -> CoordinationMetrics {
        if self.others.is_empty() {
            return metrics(&self.chat.agents.outcomes(), window);
        }
        let of = |since: Duration, told: &Told| -> Vec<(Duration, Outcome)> {
            let outcome = |done| if done { Outcome::Completed } else { Outcome::Failed };
            told.outcomes.iter().map(|(ms, done)| (Duration::from_millis(*ms) + since, outcome(*done))).collect()
        };
        let others = self.others.iter().flat_map(|(since, told)| of(*since, told));
        let mut outcomes: Vec<_> = of(Duration::ZERO, &self.own).into_iter().chain(others).collect();
        outcomes.sort_by_key(|(age, _)| std::cmp::Reverse(*age));
        metrics(&outcomes, window)
    }
}

/// Publishes how the system is when a server came or went, which no answer does. The server that has been there for longest
/// does so, that it is said once.
pub(crate) async fn herald(chat: Arc<Chat>, every: Duration) {
    let mut before: Option<Vec<String>> = None;
    while chat.server().is_some_and(|server| server.is_shared) {
        tokio::time::sleep(every).await;
        let system = System::now(&chat);
        let Some(view) = system.view.as_ref().filter(|view| view.is_complete) else { continue };
        let nodes: Vec<_> = view.nodes.iter().map(|node| node.id.clone()).collect();
        let has_changed = before.as_ref().is_some_and(|before| *before != nodes);
        before = Some(nodes);
        if has_changed && view.nodes[0].is_this {
            publish_all(&chat, &system).await;
        }
    }
}

fn busier(one: AgentActivity, other: AgentActivity) -> AgentActivity {
    let activity = [AgentActivity::Busy, AgentActivity::Idle].into_iter().find(|it| [one, other].contains(it));
    activity.unwrap_or(AgentActivity::Offline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_busy_where_it_is_busy_anywhere() {
        use AgentActivity::{Busy, Idle, Offline};
        for (one, other, expected) in
            [(Idle, Busy, Busy), (Busy, Offline, Busy), (Offline, Idle, Idle), (Offline, Offline, Offline)]
        {
            assert_eq!((busier(one, other), busier(other, one)), (expected, expected));
        }
    }
}
