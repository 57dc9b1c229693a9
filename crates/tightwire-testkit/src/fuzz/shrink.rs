//! What is left of a plan when everything is taken away that a finding does not need.
//!
//! A smaller plan is tried by carrying it out again, on new connections and with new topics. It is taken where it has a
//! finding of the same class. First whole steps go, then what is in the frames.

mod frame;

use super::finding::{Class, Finding};
use super::plan::{Payload, Plan, Sent, Step};
use super::protocol::Protocol;

/// What was found, and the smallest plan that shows it.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The plan.
    pub plan: Plan,
    /// What it finds.
    pub finding: Finding,
    /// How many plans were tried.
    pub tried: usize,
}

/// Makes the plan of a finding smaller; `run` carries a plan out and says what it finds. At most so many plans are tried.
pub async fn shrink(
    protocol: &Protocol,
    plan: Plan,
    finding: Finding,
    most: usize,
    run: impl AsyncFnMut(&Plan) -> Option<Finding>,
) -> Shrunk {
    let mut search = Search { class: finding.class, best: Shrunk { plan, finding, tried: 0 }, most, run };
    search.cut().await;
    while search.fewer_steps().await | search.fewer_clients().await | search.smaller_frames(protocol).await {}
    search.best
}

struct Search<F> {
    class: Class,
    best: Shrunk,
    most: usize,
    run: F,
}

impl<F: AsyncFnMut(&Plan) -> Option<Finding>> Search<F> {
    /// Takes a plan if it finds the same. True if it does.
    async fn take(&mut self, plan: Plan) -> bool {
        if self.best.tried >= self.most || plan == self.best.plan {
            return false;
        }
        self.best.tried += 1;
        match (self.run)(&plan).await {
            Some(finding) if finding.class == self.class => {
                (self.best.plan, self.best.finding) = (plan, finding);
                true
            }
            _ => false,
        }
    }

    /// What comes after the step in question is of no interest.
    async fn cut(&mut self) {
        if let Some(step) = self.best.finding.step {
            let mut plan = self.best.plan.clone();
            plan.steps.truncate(step + 1);
            self.take(plan).await;
        }
    }

    /// Takes steps away: halves, quarters, and so on to single ones. Those at the end first, because what comes before
    /// them may be what they need.
    async fn fewer_steps(&mut self) -> bool {
        let (mut any, mut size) = (false, self.best.plan.steps.len().div_ceil(2));
        while size > 0 {
            let mut end = self.best.plan.steps.len();
            while end > 0 {
                let start = end.saturating_sub(size);
                let mut plan = self.best.plan.clone();
                plan.steps.drain(start..end);
                any |= !plan.steps.is_empty() && self.take(plan).await;
                end = start;
            }
            size /= 2;
        }
        any
    }

    /// Lets one client do what another does.
    async fn fewer_clients(&mut self) -> bool {
        let mut any = false;
        let mut clients: Vec<usize> = self.best.plan.steps.iter().filter_map(client_of).collect();
        clients.sort_unstable();
        clients.dedup();
        for (number, &client) in clients.iter().enumerate().rev() {
            for other in (0..number).map(|other| clients[other]).chain([number]) {
                let mut plan = self.best.plan.clone();
                plan.steps.iter_mut().for_each(|step| rename(step, client, other));
                if client != other && self.take(plan).await {
                    any = true;
                    break;
                }
            }
        }
        any
    }

    /// Makes frames smaller, and what they are sent in simpler.
    async fn smaller_frames(&mut self, protocol: &Protocol) -> bool {
        let mut any = false;
        for index in 0..self.best.plan.steps.len() {
            while self.smaller_frame(protocol, index).await {
                any = true;
            }
        }
        any
    }

    /// Makes the frame of a step smaller by one thing.
    async fn smaller_frame(&mut self, protocol: &Protocol, index: usize) -> bool {
        let Some(Step::Send { sent, .. }) = self.best.plan.steps.get(index) else { return false };
        for smaller in candidates(protocol, sent) {
            let mut plan = self.best.plan.clone();
            if let Step::Send { sent, .. } = &mut plan.steps[index] {
                *sent = smaller;
            }
            if self.take(plan).await {
                return true;
            }
        }
        false
    }
}

fn client_of(step: &Step) -> Option<usize> {
    match step {
        Step::Send { client, .. } | Step::Close { client } | Step::Vanish { client } => Some(*client),
        Step::Settle { .. } | Step::Wait { .. } => None,
    }
}

fn rename(step: &mut Step, from: usize, to: usize) {
    if let Step::Send { client, .. } | Step::Close { client } | Step::Vanish { client } = step
        && *client == from
    {
        *client = to;
    }
}

/// What might be sent instead: of the same kind, and smaller.
fn candidates(protocol: &Protocol, sent: &Sent) -> Vec<Sent> {
    let with = |payload: Payload| Sent { payload, ..sent.clone() };
    match &sent.payload {
        Payload::Json(json) => {
            frame::smaller(protocol, sent, json).into_iter().map(|it| with(Payload::Json(it))).collect()
        }
        Payload::Fragments { json, pieces } => {
            let mut candidates = vec![with(Payload::Json(json.clone()))];
            if *pieces > 2 {
                candidates.push(with(Payload::Fragments { json: json.clone(), pieces: 2 }));
            }
            let smaller = frame::smaller(protocol, sent, json).into_iter();
            candidates.extend(smaller.map(|json| with(Payload::Fragments { json, pieces: *pieces })));
            candidates
        }
        Payload::Text(text) if sent.intent.is_valid() => {
            serde_json::from_str(text).map(|json| vec![with(Payload::Json(json))]).unwrap_or_default()
        }
        Payload::Binary(bytes) if !bytes.is_empty() => vec![with(Payload::Binary(Vec::new()))],
        Payload::Ping(bytes) if !bytes.is_empty() => vec![with(Payload::Ping(Vec::new()))],
        Payload::Resume { topic, back, by_id } if *back > 0 || *by_id => {
            let resume = |back, by_id| with(Payload::Resume { topic: topic.clone(), back, by_id });
            vec![
                resume(0, false),
                resume(back / 2, *by_id),
                resume(*back, false),
                resume(back.saturating_sub(1), *by_id),
            ]
        }
        _ => Vec::new(),
    }
}
