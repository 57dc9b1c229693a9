//! One plan after the other, against a server that listens.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tightwire_chat::chat::CONTRACT;
use tightwire_testkit::fuzz::model::Bounds;
use tightwire_testkit::fuzz::{Class, Coverage, Driver, Endpoint, Finding, Generator, Options, Plan, Shape, Step};

use crate::chat::ChatCheck;
use crate::sequences::{PHASES, setting};
use crate::stage::fast_protocol;

/// How soon an answer has to come.
const IN_TIME: Duration = Duration::from_millis(100);
/// How long something may take of which nobody promises how soon it comes, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often the same answer has to be late again.
const REPETITIONS: usize = 3;
/// What keeps a machine busy may be over after this.
const PAUSE: Duration = Duration::from_millis(200);

/// All steps but messages to threads, which are kept, by design: up to 200 for each of 10 000 threads.
pub(super) const NO_MESSAGES: fn(&Step) -> bool = |step| match step {
    Step::Send { sent, .. } => sent.message.as_deref() != Some("send_message"),
    _ => true,
};

/// Plans against one server.
pub(super) struct Lane {
    driver: Driver,
    generator: Generator,
    seed: u64,
    /// How many plans there were.
    number: u64,
    coverage: Coverage,
    took: Duration,
    /// Answers that were late, and not again.
    not_again: Vec<Finding>,
}

impl Lane {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        let protocol = Arc::new(fast_protocol());
        let bounds = Bounds { reply_within: IN_TIME, give_up: PATIENCE, next_within: PATIENCE, ..Bounds::default() };
        let options = Options { bounds, connect_within: PATIENCE, ..Options::default() };
        let generator = Generator::new(Arc::clone(&protocol), CONTRACT.schema_bundle, Shape::default());
        Self {
            driver: Driver::new(protocol, endpoint, options).checking(ChatCheck::default),
            generator: generator.expect("the bundle is right"),
            seed: setting("TIGHTWIRE_FUZZ_SEED", 1),
            number: 0,
            coverage: Coverage::default(),
            took: Duration::ZERO,
            not_again: Vec::new(),
        }
    }

    /// Carries out plans for so long, with those steps of them that are wanted.
    ///
    /// # Panics
    /// With what was found.
    pub(super) async fn run(&mut self, time: Duration, wanted: impl Fn(&Step) -> bool) {
        let begun = Instant::now();
        while begun.elapsed() < time {
            self.next(&wanted).await;
        }
        self.took += begun.elapsed();
    }

    /// Carries out so many plans.
    ///
    /// # Panics
    /// With what was found.
    pub(super) async fn run_plans(&mut self, plans: u64, wanted: impl Fn(&Step) -> bool) {
        for _ in 0..plans {
            self.next(&wanted).await;
        }
    }

    async fn next(&mut self, wanted: impl Fn(&Step) -> bool) {
        let phase = PHASES[(self.number % PHASES.len() as u64) as usize];
        let seed = self.seed.wrapping_add(self.number);
        self.number += 1;
        let mut plan = self.generator.plan(phase, seed);
        plan.steps.retain(wanted);
        if let Some(finding) = self.find(&plan).await {
            let steps: Vec<_> = plan.steps.iter().map(|step| format!("  {step}\n")).collect();
            panic!("{} plan of seed {seed}:\n{}{finding}", phase.as_str(), steps.concat());
        }
    }

    /// What is wrong with what the server does.
    pub(super) async fn find(&mut self, plan: &Plan) -> Option<Finding> {
        let outcome = self.driver.run(plan).await;
        self.coverage.add(&outcome);
        match outcome.finding {
            Some(finding) if finding.class == Class::LateReply => self.confirmed(plan, finding).await,
            finding => finding,
        }
    }

    /// A machine that does something else can make any single answer late. One that is the server's fault comes late when
    /// nothing else is asked at the same time, and every time: so what was sent until then is sent again, each frame when the
    /// one before it was answered, and the same answer has to be late [`REPETITIONS`] times in a row.
    async fn confirmed(&mut self, plan: &Plan, late: Finding) -> Option<Finding> {
        let (alone, step) = one_by_one(plan, late.step?);
        for _ in 0..REPETITIONS {
            tokio::time::sleep(PAUSE).await;
            match self.driver.run(&alone).await.finding {
                Some(again) if again.class == Class::LateReply && again.step == Some(step) => {}
                // In time, or something else was late.
                None | Some(Finding { class: Class::LateReply, .. }) => {
                    self.not_again.push(late);
                    return None;
                }
                other => return other,
            }
        }
        Some(late)
    }
}

/// The plan up to that step, with no frame sent before everything is answered that was sent before; and which step of that
/// it is.
fn one_by_one(plan: &Plan, step: usize) -> (Plan, usize) {
    let mut steps = Vec::new();
    let mut last = 0;
    for wanted in plan.steps.iter().take(step + 1) {
        last = steps.len();
        steps.push(wanted.clone());
        if let Step::Send { .. } = wanted {
            steps.push(Step::Settle { sequences: false });
        }
    }
    (Plan { steps }, last)
}

impl Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages = self.coverage.sent + self.coverage.received;
        write!(
            f,
            "seed {}: {}  {:.0} messages/s; {} answers were late, and not again",
            self.seed,
            self.coverage,
            messages as f64 / self.took.as_secs_f64().max(0.001),
            self.not_again.len()
        )
    }
}
