//! Plays plans with the testkit's model of a session as the judge: for protocols with an envelope, whose documents say all
//! that a server owes its clients.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tightwire_codegen::schema_bundle;
use tightwire_spec::ir::Ir;
use tightwire_testkit::fuzz::driver::{Driver, Options, Outcome};
use tightwire_testkit::fuzz::model::Bounds;
use tightwire_testkit::fuzz::{Class, Endpoint, Generator, Intent, Plan, Protocol, Shape, Step};
use tokio::time::sleep;

use super::contract::Contract;
use super::conversation::{MISSING, Remark};
use super::coverage::Coverage;
use super::phase::Phase;
use super::player::{Played, Player};
use super::target::{Refusal, Target};
use super::upgraded::Upgraded;

/// How long a connection may take, with all the times that the server puts it off.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a server that is gone is looked for again, a quarter of a second apart.
const LOOKS: usize = 12;

/// Talks to one server.
pub(super) struct Modelled {
    driver: Driver,
    generator: Generator,
    put_off: Arc<PutOff>,
}

/// How the server takes connections.
#[derive(Debug, Default)]
struct PutOff {
    times: std::sync::atomic::AtomicU64,
    is_gone: AtomicBool,
}

impl Modelled {
    /// A driver for that server, with that long for a reply.
    pub(super) fn new(ir: &Ir, target: &Arc<Target>, deadline: Duration, shape: Shape) -> Result<Self, String> {
        let bundle = schema_bundle::text(ir);
        let protocol = Arc::new(Protocol::new(ir.clone(), &bundle).map_err(|error| error.to_string())?);
        let generator = Generator::new(Arc::clone(&protocol), &bundle, shape).map_err(|error| error.to_string())?;
        let bounds = Bounds { reply_within: deadline, give_up: deadline * MISSING, ..Bounds::default() };
        let options = Options { bounds, connect_within: PATIENCE, probe: false, ..Options::default() };
        let (target, put_off) = (Arc::clone(target), Arc::new(PutOff::default()));
        let counts = Arc::clone(&put_off);
        let endpoint = Endpoint::streams(move || connect(Arc::clone(&target), Arc::clone(&counts)));
        Ok(Self { driver: Driver::new(protocol, endpoint, options), generator, put_off })
    }

    /// What the testkit makes for a phase; nothing for those whose frames all follow from the document.
    pub(super) fn plan(&self, phase: Phase, seed: u64) -> Option<Plan> {
        let phase = match phase {
            Phase::Sequences => tightwire_testkit::fuzz::Phase::Valid,
            Phase::Concurrency => tightwire_testkit::fuzz::Phase::Concurrency,
            Phase::Wire => tightwire_testkit::fuzz::Phase::Frames,
            Phase::Examples | Phase::Boundaries | Phase::Negatives => return None,
        };
        Some(self.generator.plan(phase, seed))
    }

    /// Does what the plan says, up to the first thing that is wrong.
    pub(super) async fn play(&self, plan: &Plan, player: &Player<'_, '_>) -> Played {
        let outcome = self.driver.run(plan).await;
        player.frames.set(player.frames.get() + outcome.coverage.sent);
        player.connections.set(player.connections.get() + outcome.coverage.connections);
        player.put_off.set(self.put_off.times.load(Ordering::Relaxed));
        count(&outcome, plan, player.contract, &mut player.coverage.borrow_mut());
        let mut played = Played::default();
        let Some(finding) = outcome.finding else { return played };
        if finding.class == Class::Unreachable && self.put_off.is_gone.load(Ordering::Relaxed) {
            played.refused = Some(finding.actual.clone());
        }
        played.transcripts.resize(finding.client + 1, Vec::new());
        played.transcripts[finding.client] = finding.transcript.lines().map(str::to_owned).collect();
        let remark = Remark::new(finding.class, finding.step, [finding.message, finding.expected, finding.actual]);
        played.remarks.push((finding.client, remark));
        played
    }
}

/// A connection that is a WebSocket; later where the server says so.
async fn connect(target: Arc<Target>, counts: Arc<PutOff>) -> io::Result<Upgraded> {
    let mut looks = 0;
    loop {
        match target.open_websocket().await {
            Ok((stream, unread)) => return Ok(Upgraded::new(stream, &unread)),
            Err(Refusal::Later(after)) => {
                counts.times.fetch_add(1, Ordering::Relaxed);
                sleep(after).await;
            }
            Err(Refusal::Unreachable(_)) if looks < LOOKS => {
                looks += 1;
                sleep(Duration::from_millis(250)).await;
            }
            Err(refusal) => {
                counts.is_gone.store(true, Ordering::Relaxed);
                return Err(io::Error::other(refusal.to_string()));
            }
        }
    }
}

/// What was tried, and what came of it.
fn count(outcome: &Outcome, plan: &Plan, contract: &Contract<'_>, coverage: &mut Coverage) {
    let end = outcome.finding.as_ref().and_then(|finding| finding.step);
    for (number, step) in plan.steps.iter().enumerate() {
        let Step::Send { sent, .. } = step else { continue };
        if end.is_some_and(|end| number > end) {
            break;
        }
        let message = sent.message.as_ref().and_then(|key| contract.to_server(key));
        // The model lets no violation pass.
        let is_refused = end != Some(number);
        match &sent.intent {
            Intent::Valid => coverage.valid(message.map_or("", |message| &message.id)),
            Intent::Invalid { keyword, .. } => coverage.violation(Some(keyword), is_refused),
            Intent::Breach { .. } => coverage.violation(None, is_refused),
        }
    }
    for (asked, answers) in &outcome.coverage.answers {
        let asked = contract.to_server(asked);
        for (answer, times) in answers {
            let Some(answer) = contract.to_client(answer) else { continue };
            coverage.received(&answer.id, *times);
            if let Some(asked) = asked {
                coverage.answered(&asked.id, &answer.id, *times);
            }
        }
    }
    for (code, times) in &outcome.coverage.closes {
        coverage.closed(*code, *times);
    }
}
