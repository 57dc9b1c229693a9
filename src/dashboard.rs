//! What the dashboard shows, from the server's real state.

use crate::chat::{AgentStatus, ComponentHealth, DashboardSnapshot, HealthStatus, SystemHealth, SystemUpdate};
use crate::service::Chat;

/// So many failed answers in a row make an alert, and the responder degraded.
pub const ALERT_AFTER_FAILURES: u64 = 3;

/// The agents, or the one that is asked for; `None` if there is no such agent.
pub fn agent_status(chat: &Chat, agent_id: Option<&str>) -> Option<AgentStatus> {
    let agents = match agent_id {
        Some(agent_id) => vec![chat.agents.get(agent_id)?],
        None => chat.agents.all(),
    };
    Some(AgentStatus { agents })
}

/// How well the system is: as well as its worst part.
pub fn system_health(chat: &Chat) -> SystemHealth {
    let components = vec![bus(), connections(chat), responder(chat)];
    let overall_status = components.iter().map(|component| component.status).max().unwrap_or(HealthStatus::Healthy);
    SystemHealth { components, overall_status }
}

/// Everything at once.
pub fn snapshot(chat: &Chat) -> DashboardSnapshot {
    DashboardSnapshot {
        agents: chat.agents.all(),
        coordination_metrics: chat.agents.metrics(None),
        system_health: system_health(chat),
    }
}

/// The part of the snapshot that is published when it changes.
pub fn update(chat: &Chat) -> SystemUpdate {
    SystemUpdate { coordination_metrics: chat.agents.metrics(None), system_health: system_health(chat) }
}

fn bus() -> ComponentHealth {
    // The in-memory bus is part of the process: whoever reads this has it.
    component("event_bus", HealthStatus::Healthy, "in memory".to_owned())
}

fn connections(chat: &Chat) -> ComponentHealth {
    let Some((stats, most)) = chat.server() else {
        return component("connections", HealthStatus::Degraded, "the server is starting".to_owned());
    };
    let (now, most) = (stats.connections(), *most);
    let status = if now >= most {
        HealthStatus::Unhealthy
    } else if now * 10 >= most * 9 {
        HealthStatus::Degraded
    } else {
        HealthStatus::Healthy
    };
    component("connections", status, format!("{now} of {most}"))
}

fn responder(chat: &Chat) -> ComponentHealth {
    let failing = chat.agents.any_failing(ALERT_AFTER_FAILURES);
    let status = if failing { HealthStatus::Degraded } else { HealthStatus::Healthy };
    let detail = if failing { "the last answers failed" } else { "answering" };
    component("responder", status, detail.to_owned())
}

fn component(name: &str, status: HealthStatus, detail: String) -> ComponentHealth {
    ComponentHealth { detail: Some(detail), name: name.to_owned(), status }
}
