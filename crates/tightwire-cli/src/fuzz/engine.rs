//! Runs the phases, one after the other, and keeps what they find.

use std::collections::BTreeMap;
use std::time::Duration;

use tightwire_testkit::fuzz::{Class, Finding, Plan, Step};
use tokio::time::Instant;

use super::conversation::Remark;
use super::corpus::{Corpus, Edge};
use super::found::{Found, is_same, key};
use super::phase::Phase;
use super::player::{Played, Player};
use super::progress::Progress;
use super::shrink::{Shrunk, shrink};
use super::wire::{self, Rigour};

/// How many lines of what went over a connection are kept of a finding.
const TRANSCRIPT: usize = 20;

/// Why there is nothing more to be done.
const GONE: &str = "the server cannot be reached any more";

/// The work.
pub(super) struct Engine<'e, 'c, 'ir> {
    pub(super) player: &'e Player<'c, 'ir>,
    pub(super) corpus: Corpus<'c, 'ir>,
    pub(super) progress: Progress,
    pub(super) clients: usize,
    pub(super) max_findings: usize,
    pub(super) is_strict: bool,
    pub(super) result: Outcome,
    began: Instant,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) found: Vec<Found>,
    /// What is only worth knowing, and how often it was seen.
    pub(super) notes: BTreeMap<String, u64>,
    pub(super) phases: Vec<PhaseReport>,
    /// Why it ended early, if it did.
    pub(super) ended: Option<String>,
    pub(super) elapsed: Duration,
}

/// What came of a phase.
#[derive(Clone, Debug)]
pub(super) struct PhaseReport {
    pub(super) phase: Phase,
    pub(super) frames: u64,
    /// How many of the plans that follow from the document were played, and how many there are.
    pub(super) planned: (usize, usize),
}

impl<'e, 'c, 'ir> Engine<'e, 'c, 'ir> {
    pub(super) fn new(
        player: &'e Player<'c, 'ir>,
        corpus: Corpus<'c, 'ir>,
        progress: Progress,
        (clients, max_findings, is_strict): (usize, usize, bool),
    ) -> Self {
        let result = Outcome::default();
        Self { player, corpus, progress, clients, max_findings, is_strict, result, began: Instant::now() }
    }

    /// Runs these phases for that long.
    pub(super) async fn run(mut self, phases: &[Phase], time: Duration) -> Outcome {
        self.began = Instant::now();
        let end = self.began + time;
        for (number, phase) in phases.iter().enumerate() {
            if self.is_over() {
                break;
            }
            let left = end.saturating_duration_since(Instant::now());
            let until = Instant::now() + left.mul_f64(phase.share(&phases[number + 1..]));
            let before = self.player.frames.get();
            let planned = self.phase(*phase, until).await;
            let frames = self.player.frames.get() - before;
            self.result.phases.push(PhaseReport { phase: *phase, frames, planned });
        }
        self.progress.end();
        self.result.elapsed = self.began.elapsed();
        self.result
    }

    fn is_over(&self) -> bool {
        self.result.ended.is_some()
    }

    async fn phase(&mut self, phase: Phase, until: Instant) -> (usize, usize) {
        let mut edges = match phase {
            Phase::Examples => self.corpus.examples(),
            Phase::Boundaries => self.corpus.edges(true),
            Phase::Negatives => self.corpus.edges(false),
            Phase::Sequences | Phase::Wire | Phase::Concurrency => Vec::new(),
        };
        // Where the time is not enough for all of them, it is not always the same ones that are left out.
        self.corpus.shuffle(&mut edges);
        let mut plans = self.corpus.batches(&edges);
        if phase == Phase::Wire {
            let example = self.corpus.example();
            let example = example.as_ref().map(|(message, value)| (message.as_str(), value));
            let largest = self.player.contract.ir.limits.get("max_frame_bytes").copied();
            plans = wire::plans(
                example,
                largest,
                Rigour { is_strict: self.is_strict, is_modelled: self.player.model.is_some() },
            );
        }
        let count = if edges.is_empty() { plans.len() } else { edges.len() };
        let mut done = 0;
        let mut edges = edges.iter();
        for plan in plans {
            if self.is_over() || Instant::now() >= until {
                return (done, count);
            }
            done += if phase == Phase::Wire { 1 } else { plan.frames() };
            self.count_edges(phase, edges.by_ref().take(plan.frames()));
            self.attempt(phase, plan).await;
        }
        while !self.is_over() && Instant::now() < until {
            let seed = self.corpus.seed();
            let made = self.player.model.as_ref().and_then(|model| model.plan(phase, seed));
            let plan = made.or_else(|| match phase {
                Phase::Boundaries => self.by_chance(Corpus::any),
                Phase::Negatives => self.by_chance(Corpus::any_violation),
                Phase::Sequences => Some(self.corpus.sequence(1)),
                Phase::Concurrency => Some(self.corpus.sequence(self.clients)),
                Phase::Examples | Phase::Wire => None,
            });
            let Some(plan) = plan else { break };
            self.attempt(phase, plan).await;
        }
        (done, count)
    }

    fn by_chance(&mut self, make: impl Fn(&mut Corpus<'c, 'ir>) -> Option<Edge>) -> Option<Plan> {
        let edges: Vec<_> = (0..8).filter_map(|_| make(&mut self.corpus)).collect();
        self.corpus.batches(&edges).into_iter().next()
    }

    fn count_edges<'a>(&self, phase: Phase, edges: impl Iterator<Item = &'a Edge>) {
        let mut coverage = self.player.coverage.borrow_mut();
        for edge in edges.filter(|edge| phase == Phase::Boundaries && !edge.keyword.is_empty()) {
            coverage.edge(&edge.keyword);
        }
    }

    /// Plays a plan, and looks at what came of it.
    async fn attempt(&mut self, phase: Phase, plan: Plan) {
        self.progress.show(phase, self.began.elapsed(), self.player.frames.get(), self.result.found.len());
        let played = self.player.attempt(&plan).await;
        if (self.player.is_stopped)() {
            self.result.ended = Some("interrupted".to_owned());
        }
        for (_, remark) in played.remarks.iter().filter(|(_, remark)| remark.class.is_none()) {
            *self.result.notes.entry(remark.message.clone()).or_default() += 1;
        }
        let mut fresh: Vec<(String, usize, Class, Remark)> = Vec::new();
        for (client, class, remark) in played.findings() {
            let key = key(class, remark, &plan);
            if let Some(found) = self.result.found.iter_mut().find(|found| found.is(&key)) {
                found.times += 1;
            } else if !fresh.iter().any(|(known, ..)| *known == key) {
                fresh.push((key, client, class, remark.clone()));
            }
        }
        // Who is gone was lost by something: that is what is told, and not that nobody is there any more.
        if played.refused.is_some() {
            if fresh.iter().any(|(_, _, class, _)| *class == Class::Panic) {
                fresh.retain(|(_, _, class, _)| *class != Class::Unreachable);
            }
            self.result.ended = self.result.ended.take().or_else(|| Some(GONE.to_owned()));
        }
        for (key, client, class, remark) in fresh {
            self.keep(phase, &plan, (&played, client, class, remark), key).await;
            if self.result.found.len() >= self.max_findings {
                let why = format!("there are as many findings as --max-findings asks for: {}", self.max_findings);
                self.result.ended = self.result.ended.take().or(Some(why));
                return;
            }
        }
    }

    /// Makes a finding small and keeps it.
    async fn keep(
        &mut self,
        phase: Phase,
        plan: &Plan,
        (played, client, class, remark): (&Played, usize, Class, Remark),
        key: String,
    ) {
        self.progress.shrinking(class.id());
        // It is known by now: nobody waits for it as long again.
        if class == Class::NoReply
            && let Some(message) = message_at(plan, remark.step)
        {
            self.player.silent.borrow_mut().insert(message);
        }
        self.player.is_hurried.set(class != Class::LateReply);
        let shrunk = if played.refused.is_some() {
            Shrunk::Gone
        } else {
            shrink(self.player, plan, remark.step, (class, &key)).await
        };
        self.player.is_hurried.set(false);
        let is_confirmed = matches!(shrunk, Shrunk::To(..));
        let wanted = (class, &*key);
        let (plan, found) = match shrunk {
            Shrunk::To(plan, played) => {
                let is_it = |class, remark: &Remark| is_same(class, &self::key(class, remark, &plan), wanted);
                let found = played.findings().find(|(_, class, remark)| is_it(*class, remark));
                let found = found.map(|(client, _, remark)| (remark.clone(), lines(&played, client)));
                (plan, found)
            }
            // What was on its way when the server went away: all before it was answered.
            Shrunk::Gone => {
                self.result.ended = Some(GONE.to_owned());
                (alone(plan, remark.step), None)
            }
            // Chance had its part in it.
            Shrunk::NotAgain => (until(plan, client, remark.step), None),
        };
        let (remark, transcript) = found.unwrap_or_else(|| (remark, lines(played, client)));
        let step = remark.step.filter(|step| *step < plan.steps.len()).or_else(|| last_send(&plan));
        let message = message_at(&plan, step);
        // Now that it is small, it may turn out to be another one that is known.
        let smaller = self::key(class, &Remark { step, ..remark.clone() }, &plan);
        if let Some(found) = self.result.found.iter_mut().find(|found| found.is(&smaller)) {
            found.times += 1;
            found.aliases.push(key);
            return;
        }
        let Remark { message: why, expected, actual, .. } = remark;
        let finding = Finding { class, message: why, client: 0, step, expected, actual, transcript };
        self.result.found.push(Found {
            finding,
            plan,
            phase,
            message,
            key: smaller,
            is_confirmed,
            times: 1,
            aliases: vec![key],
        });
    }
}

/// The newest lines of what a client saw.
fn lines(played: &Played, client: usize) -> String {
    let lines = played.transcripts.get(client).map(Vec::as_slice).unwrap_or_default();
    lines[lines.len().saturating_sub(TRANSCRIPT)..].join("\n")
}

/// Nothing but that step.
fn alone(plan: &Plan, step: Option<usize>) -> Plan {
    Plan { steps: step.and_then(|step| plan.steps.get(step)).cloned().into_iter().collect() }
}

/// What a client did until that step.
fn until(plan: &Plan, client: usize, step: Option<usize>) -> Plan {
    let count = step.map_or(plan.steps.len(), |step| step + 1);
    let is_its = |step: &&Step| !matches!(step, Step::Send { client: other, .. } if *other != client);
    Plan { steps: plan.steps.iter().take(count).filter(is_its).cloned().collect() }
}

fn message_at(plan: &Plan, step: Option<usize>) -> Option<String> {
    match plan.steps.get(step?)? {
        Step::Send { sent, .. } => sent.message.clone(),
        _ => None,
    }
}

fn last_send(plan: &Plan) -> Option<usize> {
    plan.steps.iter().rposition(|step| matches!(step, Step::Send { .. }))
}
