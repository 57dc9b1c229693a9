//! The agents: who they are, what they are doing and how well they have done it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::chat::{AgentActivity, AgentState, CoordinationMetrics, CoordinationMetricsTrend};

/// How many outcomes are remembered for the success rate.
const OUTCOMES: usize = 10_000;
/// A difference between two success rates that is called a trend.
const TREND: f64 = 0.05;

/// All agents.
#[derive(Debug, Default)]
pub struct Agents {
    /// Written when a task begins or ends; held only for the change, never across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    agents: BTreeMap<String, AgentState>,
    outcomes: VecDeque<(Instant, Outcome)>,
    failures_in_a_row: BTreeMap<String, u64>,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer is complete.
    Completed,
    /// The answer broke off.
    Failed,
}

impl Agents {
    /// Adds an idle agent.
    pub fn register(&self, agent_id: &str, name: &str) {
        let agent = AgentState {
            active_streams: 0,
            agent_id: agent_id.to_owned(),
            completed: 0,
            failed: 0,
            name: name.to_owned(),
            status: AgentActivity::Idle,
        };
        self.lock().agents.insert(agent_id.to_owned(), agent);
    }

    /// Notes that the agent began a task, and gives its state.
    pub fn task_started(&self, agent_id: &str) -> Option<AgentState> {
        let mut state = self.lock();
        let agent = state.agents.get_mut(agent_id)?;
        agent.active_streams += 1;
        agent.status = AgentActivity::Busy;
        Some(agent.clone())
    }

    /// Notes how a task of the agent ended; gives its state and how many tasks it has failed in a row.
    pub fn task_ended(&self, agent_id: &str, outcome: Outcome) -> Option<(AgentState, u64)> {
        let mut state = self.lock();
        if state.outcomes.len() == OUTCOMES {
            state.outcomes.pop_front();
        }
        state.outcomes.push_back((Instant::now(), outcome));
        let agent = state.agents.get_mut(agent_id)?;
        agent.active_streams = agent.active_streams.saturating_sub(1);
        if agent.active_streams == 0 {
            agent.status = AgentActivity::Idle;
        }
        match outcome {
            Outcome::Completed => agent.completed += 1,
            Outcome::Failed => agent.failed += 1,
        }
        let agent = agent.clone();
        let failures = state.failures_in_a_row.entry(agent_id.to_owned()).or_default();
        *failures = if outcome == Outcome::Failed { *failures + 1 } else { 0 };
        Some((agent, *failures))
    }

    /// Every agent, by id.
    pub fn all(&self) -> Vec<AgentState> {
        self.lock().agents.values().cloned().collect()
    }

    /// One agent.
    pub fn get(&self, agent_id: &str) -> Option<AgentState> {
        self.lock().agents.get(agent_id).cloned()
    }

    /// Whether an agent has failed this many tasks or more in a row.
    pub fn any_failing(&self, in_a_row: u64) -> bool {
        self.lock().failures_in_a_row.values().any(|failures| *failures >= in_a_row)
    }

    /// How the last tasks ended, and how long ago; the oldest first.
    pub fn outcomes(&self) -> Vec<(Duration, Outcome)> {
        let now = Instant::now();
        self.lock().outcomes.iter().map(|(at, outcome)| (now.duration_since(*at), *outcome)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is a few plain assignments: a poisoned lock is as good as any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The share of tasks completed within the window (of all without one), and where it is going: the newer half of those
/// tasks against the older half. `outcomes` are how tasks ended, and how long ago; the oldest first.
pub fn metrics(outcomes: &[(Duration, Outcome)], window: Option<Duration>) -> CoordinationMetrics {
    let recent = outcomes.iter().filter(|(age, _)| window.is_none_or(|window| *age <= window));
    let recent: Vec<Outcome> = recent.map(|(_, outcome)| *outcome).collect();
    let (older, newer) = recent.split_at(recent.len() / 2);
    let change = if older.is_empty() { 0.0 } else { rate(newer) - rate(older) };
    let trend = match change {
        change if change > TREND => CoordinationMetricsTrend::Rising,
        change if change < -TREND => CoordinationMetricsTrend::Falling,
        _ => CoordinationMetricsTrend::Steady,
    };
    CoordinationMetrics { success_rate: rate(&recent), trend }
}

/// The share of completed tasks; 1 where there were none, since nothing has failed.
fn rate(outcomes: &[Outcome]) -> f64 {
    if outcomes.is_empty() {
        return 1.0;
    }
    let completed = outcomes.iter().filter(|outcome| **outcome == Outcome::Completed).count();
    completed as f64 / outcomes.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Completed, Failed};

    #[track_caller]
    fn check(outcomes: &[Outcome], success_rate: f64, trend: CoordinationMetricsTrend) {
        let agents = Agents::default();
        agents.register("guide", "Guide");
        for outcome in outcomes {
            agents.task_started("guide");
            agents.task_ended("guide", *outcome);
        }
        assert_eq!(metrics(&agents.outcomes(), None), CoordinationMetrics { success_rate, trend });
    }

    #[test]
    fn the_rate_is_the_share_of_completed_tasks() {
        check(&[], 1.0, CoordinationMetricsTrend::Steady);
        check(&[Completed, Completed], 1.0, CoordinationMetricsTrend::Steady);
        check(&[Completed, Failed], 0.5, CoordinationMetricsTrend::Falling);
        check(&[Failed, Failed, Completed, Completed], 0.5, CoordinationMetricsTrend::Rising);
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_leaves_older_tasks_out() {
        let agents = Agents::default();
        agents.register("guide", "Guide");
        agents.task_ended("guide", Failed);
        tokio::time::advance(Duration::from_secs(10)).await;
        agents.task_ended("guide", Completed);
        assert!((metrics(&agents.outcomes(), Some(Duration::from_secs(5))).success_rate - 1.0).abs() < f64::EPSILON);
        assert!((metrics(&agents.outcomes(), None).success_rate - 0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn an_agent_is_busy_while_it_has_tasks() {
        let agents = Agents::default();
        agents.register("guide", "Guide");
        agents.task_started("guide");
        let second = agents.task_started("guide").expect("registered");
        assert_eq!((second.active_streams, second.status), (2, AgentActivity::Busy));
        let (one_left, _) = agents.task_ended("guide", Completed).expect("registered");
        assert_eq!(one_left.status, AgentActivity::Busy);
        let (none_left, failures) = agents.task_ended("guide", Failed).expect("registered");
        assert_eq!((none_left.status, failures), (AgentActivity::Idle, 1));
        assert!(agents.any_failing(1) && !agents.any_failing(2));
        assert!(agents.task_started("nobody").is_none());
    }
}
