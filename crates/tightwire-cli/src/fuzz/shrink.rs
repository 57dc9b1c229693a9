//! Makes what was found as small as it can be: first fewer steps, then smaller frames.

use std::time::Duration;

use serde_json::Value;
use tightwire_testkit::fuzz::{Class, Intent, Payload, Plan, Step};
use tokio::time::Instant;

use super::contract::Contract;
use super::found::{is_same, key};
use super::player::{Played, Player};

/// How long it may take, beside the time that the command was given.
const TIME: Duration = Duration::from_secs(10);

/// How many plans may be tried.
const TRIES: usize = 80;

/// What came of it.
pub(super) enum Shrunk {
    /// The smallest plan that shows the finding again, and what came of it.
    To(Plan, Played),
    /// It cannot be shown again.
    NotAgain,
    /// Nor can anything else: the server is gone.
    Gone,
}

/// Makes the plan of a finding smaller.
pub(super) async fn shrink(player: &Player<'_, '_>, plan: &Plan, step: Option<usize>, wanted: (Class, &str)) -> Shrunk {
    let until = Instant::now() + TIME;
    let mut search = Search { player, wanted, until, tries: TRIES, best: None, is_gone: false };
    // Nearly always the frame that it was seen at is enough.
    if let Some(step) = step {
        let alone = Plan { steps: vec![plan.steps[step].clone(), Step::Settle { sequences: false }] };
        if !search.shows(alone).await {
            let before: Vec<_> =
                plan.steps[..=step].iter().cloned().chain([Step::Settle { sequences: false }]).collect();
            if !search.shows(Plan { steps: before }).await {
                search.shows(plan.clone()).await;
            }
        }
    } else {
        search.shows(plan.clone()).await;
    }
    if search.best.is_some() {
        search.fewer_steps().await;
        search.smaller_frames().await;
    }
    match search.best {
        Some((plan, played)) => Shrunk::To(plan, played),
        None if search.is_gone => Shrunk::Gone,
        None => Shrunk::NotAgain,
    }
}

struct Search<'s, 'c, 'ir> {
    player: &'s Player<'c, 'ir>,
    wanted: (Class, &'s str),
    until: Instant,
    tries: usize,
    best: Option<(Plan, Played)>,
    is_gone: bool,
}

impl Search<'_, '_, '_> {
    /// Whether a plan shows the finding again. It is the best one then.
    async fn shows(&mut self, plan: Plan) -> bool {
        if self.tries == 0 || Instant::now() >= self.until || (self.player.is_stopped)() {
            return false;
        }
        self.tries -= 1;
        let played = self.player.attempt(&plan).await;
        if played.refused.is_some() {
            (self.tries, self.is_gone) = (0, true);
        }
        let shows = played.findings().any(|(_, class, remark)| is_same(class, &key(class, remark, &plan), self.wanted));
        if shows {
            self.best = Some((plan, played));
        }
        shows
    }

    fn plan(&self) -> Plan {
        self.best.as_ref().map(|(plan, _)| plan.clone()).unwrap_or_default()
    }

    /// Leaves out halves, quarters … and at last single steps.
    async fn fewer_steps(&mut self) {
        let mut size = self.plan().steps.len() / 2;
        while size > 0 {
            let mut at = 0;
            while at < self.plan().steps.len() {
                let mut plan = self.plan();
                let end = (at + size).min(plan.steps.len());
                plan.steps.drain(at..end);
                if plan.frames() == 0 || !self.shows(plan).await {
                    at += size;
                }
                if self.tries == 0 {
                    return;
                }
            }
            size /= 2;
        }
    }

    /// Makes each frame smaller, as long as it is what it was: a proper one, or one with the same violation.
    async fn smaller_frames(&mut self) {
        let mut step = 0;
        while step < self.plan().steps.len() {
            let mut refused = Vec::new();
            loop {
                let plan = self.plan();
                let contract = self.player.contract;
                let Some(value) = json(&plan.steps[step]) else { break };
                let smaller = simpler(value)
                    .into_iter()
                    .find(|smaller| !refused.contains(smaller) && is_alike(contract, &plan.steps[step], smaller));
                let Some(smaller) = smaller else { break };
                let mut plan = plan.clone();
                if let Some(value) = json_mut(&mut plan.steps[step]) {
                    *value = smaller.clone();
                }
                if !self.shows(plan).await {
                    refused.push(smaller);
                }
                if self.tries == 0 || Instant::now() >= self.until {
                    return;
                }
            }
            step += 1;
        }
    }
}

fn json(step: &Step) -> Option<&Value> {
    match step {
        Step::Send { sent, .. } => match &sent.payload {
            Payload::Json(value) => Some(value),
            _ => None,
        },
        _ => None,
    }
}

fn json_mut(step: &mut Step) -> Option<&mut Value> {
    match step {
        Step::Send { sent, .. } => match &mut sent.payload {
            Payload::Json(value) => Some(value),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a frame in the place of another is judged as that one is.
fn is_alike(contract: &Contract<'_>, step: &Step, smaller: &Value) -> bool {
    let Step::Send { sent, .. } = step else { return false };
    let Some(message) = sent.message.as_ref().and_then(|key| contract.to_server(key)) else { return false };
    let message = &message.id;
    match &sent.intent {
        Intent::Valid => contract.accepts(message, smaller),
        Intent::Invalid { .. } => {
            let before = json(step).map(|value| contract.violations(message, value));
            !contract.is_sendable(smaller)
                && before.is_some_and(|before| contract.violations(message, smaller) == before)
        }
        Intent::Breach { .. } => false,
    }
}

/// Values that are simpler than that one in one place, the simplest first.
fn simpler(value: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    match value {
        Value::Null => {}
        Value::Bool(true) => all.push(Value::Bool(false)),
        Value::Bool(false) => {}
        Value::Number(number) => {
            let size = number.as_f64().unwrap_or_default();
            let candidates = [0.0, 1.0, -1.0, 10.0, size.trunc(), (size / 2.0).trunc(), size - 1.0];
            let is_simpler =
                |candidate: &f64| candidate.abs() < size.abs() || candidate.abs() == size.abs() && *candidate > size;
            for candidate in candidates.into_iter().filter(is_simpler) {
                let whole = candidate.fract() == 0.0 && candidate.abs() < 9e15;
                all.push(if whole { Value::from(candidate as i64) } else { Value::from(candidate) });
            }
        }
        Value::String(text) => {
            let count = text.chars().count();
            for length in [0, 1, count / 2, count.saturating_sub(1)] {
                if length < count {
                    all.push(text.chars().take(length).collect::<String>().into());
                }
            }
            let plain = "a".repeat(count);
            if !text.chars().all(|character| character == 'a') {
                all.push(plain.into());
            }
        }
        Value::Array(items) => {
            if items.len() > 1 {
                all.push(Value::Array(Vec::new()));
                all.push(Value::Array(items[..items.len() / 2].to_vec()));
            }
            for at in 0..items.len() {
                let mut fewer = items.clone();
                fewer.remove(at);
                all.push(Value::Array(fewer));
            }
            for (at, item) in items.iter().enumerate() {
                for smaller in simpler(item) {
                    let mut items = items.clone();
                    items[at] = smaller;
                    all.push(Value::Array(items));
                }
            }
        }
        Value::Object(members) => {
            for name in members.keys() {
                let mut fewer = members.clone();
                fewer.shift_remove(name);
                all.push(Value::Object(fewer));
            }
            for (name, member) in members {
                for smaller in simpler(member) {
                    let mut members = members.clone();
                    members.insert(name.clone(), smaller);
                    all.push(Value::Object(members));
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Every value is followed by simpler ones only, so that there is an end.
    #[test]
    fn values_become_simpler_until_there_is_nothing_left() {
        let mut value = json!({"a": [1, -2.5, "text", {"b": true}], "c": "żó", "d": null});
        let mut steps = 0;
        while let Some(next) = simpler(&value).into_iter().next_back() {
            value = next;
            steps += 1;
            assert!(steps < 200, "{value}");
        }
        assert_eq!(value, json!({}), "{steps}");
    }
}
