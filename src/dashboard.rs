//! What the dashboard shows, from the real state of all servers.

use tightwire::ServerMessage;

use crate::chat::{
    AgentStatus, AgentUpdate, ChannelSubscriptions, ComponentHealth, DashboardSnapshot, DashboardTopic, HealthStatus,
    NodeHealth, SystemHealth, SystemUpdate,
};
use crate::service::Chat;
use crate::system::System;

/// So many failed answers in a row make an alert, and the responder degraded.
pub const ALERT_AFTER_FAILURES: u64 = 3;

/// The agents, or the one that is asked for; `None` if there is no such agent.
pub fn agent_status(chat: &Chat, agent_id: Option<&str>) -> Option<AgentStatus> {
    let system = System::now(chat);
    let agents = match agent_id {
        Some(agent_id) => vec![system.agent(agent_id)?],
        None => system.agents(),
    };
    Some(AgentStatus { agents, complete: Some(system.is_complete()) })
}

/// How well the system is: as well as its worst part.
pub fn system_health(chat: &Chat) -> SystemHealth {
    health(chat, &System::now(chat))
}

/// Everything at once.
pub fn snapshot(chat: &Chat) -> DashboardSnapshot {
    let system = System::now(chat);
    DashboardSnapshot {
        agents: system.agents(),
        coordination_metrics: system.metrics(None),
        system_health: health(chat, &system),
    }
}

/// The part of the snapshot that is published when it changes.
pub(crate) fn update(chat: &Chat, system: &System<'_>) -> SystemUpdate {
    SystemUpdate { coordination_metrics: system.metrics(None), system_health: health(chat, system) }
}

/// Publishes all of it.
pub(crate) async fn publish_all(chat: &Chat, system: &System<'_>) {
    for agent in system.agents() {
        publish(chat, &AgentUpdate { agent }).await;
    }
    publish(chat, &update(chat, system)).await;
}

async fn publish<M: ServerMessage<Topic = DashboardTopic>>(chat: &Chat, message: &M) {
    let Some(server) = chat.server() else { return };
    if let Err(error) = server.publisher.publish(&DashboardTopic, message).await {
        tracing::warn!(%error, r#type = M::TYPE, "the dashboard could not be told");
    }
}

fn health(chat: &Chat, system: &System<'_>) -> SystemHealth {
    let components =
        vec![bus(chat, system), nodes(system), connections(system), subscriptions(system), responder(system)];
    let overall_status = components.iter().map(|component| component.status).max().unwrap_or(HealthStatus::Healthy);
    let nodes = system.view.as_ref().map(|view| view.nodes.iter().map(node).collect());
    SystemHealth { complete: Some(system.is_complete()), components, nodes, overall_status }
}

fn node(node: &tightwire::Node) -> NodeHealth {
    let subscriptions = node.subscriptions.iter();
    NodeHealth {
        age_ms: u64::try_from(node.age.as_millis()).unwrap_or(u64::MAX),
        connections: node.connections,
        contract_version: node.contract_version.clone(),
        name: node.name.clone(),
        node_id: node.id.clone(),
        subscriptions: subscriptions
            .map(|(channel, count)| ChannelSubscriptions { channel: channel.clone(), count: *count })
            .collect(),
    }
}

fn bus(chat: &Chat, system: &System<'_>) -> ComponentHealth {
    let (status, detail) = match chat.server() {
        Some(server) if server.is_shared && system.is_complete() => (HealthStatus::Healthy, "Redis"),
        Some(server) if server.is_shared => (HealthStatus::Unhealthy, "Redis does not answer"),
        // The in-memory bus is part of the process: whoever reads this has it.
        _ => (HealthStatus::Healthy, "in memory"),
    };
    component("event_bus", status, detail.to_owned())
}

fn nodes(system: &System<'_>) -> ComponentHealth {
    let count = system.view.as_ref().map_or(1, |view| view.nodes.len());
    if system.is_complete() {
        component("nodes", HealthStatus::Healthy, count.to_string())
    } else {
        component("nodes", HealthStatus::Degraded, format!("{count}; the others are not known"))
    }
}

fn connections(system: &System<'_>) -> ComponentHealth {
    let Some(view) = &system.view else {
        return component("connections", HealthStatus::Degraded, "the server is starting".to_owned());
    };
    let (now, most) = (view.connections(), system.most_connections());
    let status = if now >= most {
        HealthStatus::Unhealthy
    } else if now.saturating_mul(10) >= most.saturating_mul(9) {
        HealthStatus::Degraded
    } else {
        HealthStatus::Healthy
    };
    component("connections", status, format!("{now} of {most}"))
}

fn subscriptions(system: &System<'_>) -> ComponentHealth {
    let all = system.view.as_ref().map(tightwire::ClusterView::subscriptions).unwrap_or_default();
    let some = all.iter().filter(|(_, count)| **count > 0).map(|(channel, count)| format!("{channel} {count}"));
    let some: Vec<_> = some.collect();
    let detail = if some.is_empty() { "none".to_owned() } else { some.join(", ") };
    component("subscriptions", HealthStatus::Healthy, detail)
}

fn responder(system: &System<'_>) -> ComponentHealth {
    let failing = system.is_failing();
    let status = if failing { HealthStatus::Degraded } else { HealthStatus::Healthy };
    let detail = if failing { "the last answers failed" } else { "answering" };
    component("responder", status, detail.to_owned())
}

fn component(name: &str, status: HealthStatus, detail: String) -> ComponentHealth {
    ComponentHealth { detail: Some(detail), name: name.to_owned(), status }
}
