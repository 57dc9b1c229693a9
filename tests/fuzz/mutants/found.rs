//! That the fuzzer comes upon each defect, says what it is, and shortens the conversation that shows it.
//!
//! `cargo nextest run --test fuzz --no-capture every_defect_is_found` prints the table; `TIGHTWIRE_FUZZ_MUTANT` names one
//! defect whose finding is to be shown whole, `TIGHTWIRE_FUZZ_SEED` where the plans begin.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tightwire_chat::chat::CONTRACT;
use tightwire_testkit::fuzz::shrink::{Shrunk, shrink};
use tightwire_testkit::fuzz::{Generator, Plan, Protocol, Shape};

use super::planted::{Planted, planted_on};
use super::{FRAMES, on_server};
use crate::common::bus::{Bus, Kind, on_each_bus, on_streams};
use crate::sequences::{PHASES, setting};
use crate::stage::fast_protocol;

on_each_bus! { on_streams:
    nothing_is_found_without_a_defect
}

/// The budget: how many plans the fuzzer has to come upon a defect, and where they begin.
const PLANS: u64 = 400;
const SEED: u64 = 1;

/// How many plans may be tried to shorten one. Steps go first; frames are made smaller with what is left.
const TRIES: usize = 100;

/// What the fuzzer needs.
struct Fuzzer {
    protocol: Arc<Protocol>,
    generator: Generator,
    seed: u64,
}

/// What it made of a defect.
struct Found {
    plans: u64,
    frames: u64,
    shrunk: Shrunk,
    took: Duration,
}

impl Fuzzer {
    fn new(kind: Kind) -> Self {
        let protocol = Arc::new(fast_protocol());
        // On a paused clock waiting costs nothing.
        let wait_ms = if kind == Kind::Memory { 40_000 } else { 5 };
        let shape = Shape { wait_ms, ..Shape::default() };
        let generator =
            Generator::new(Arc::clone(&protocol), CONTRACT.schema_bundle, shape).expect("the bundle is right");
        Self { protocol, generator, seed: setting("TIGHTWIRE_FUZZ_SEED", SEED) }
    }

    /// Looks for a defect, with at most so many plans.
    async fn find(&self, bus: &Bus, planted: Option<&Planted>, plans: u64) -> Option<Found> {
        let begun = Instant::now();
        let driver = on_server(bus, &self.protocol, planted).await;
        let mut frames = 0;
        for number in 0..plans {
            let phase = PHASES[(number % PHASES.len() as u64) as usize];
            let plan = self.generator.plan(phase, self.seed.wrapping_add(number));
            let outcome = driver.run(&plan).await;
            frames += outcome.coverage.sent;
            if let Some(finding) = outcome.finding {
                // Each time at a server of its own: what a defect remembers is not what the plan did.
                let run = async |plan: &Plan| on_server(bus, &self.protocol, planted).await.run(plan).await.finding;
                let shrunk = shrink(&self.protocol, plan, finding, TRIES, run).await;
                return Some(Found { plans: number + 1, frames, shrunk, took: begun.elapsed() });
            }
        }
        None
    }
}

async fn nothing_is_found_without_a_defect(bus: &Bus) {
    let fuzzer = Fuzzer::new(bus.kind());
    if let Some(found) = fuzzer.find(bus, None, bus.paused_or(PLANS, PLANS / 10)).await {
        panic!("the server has no defect:\n{}", found.story());
    }
}

impl Found {
    /// The shortened plan, and what it finds.
    fn story(&self) -> String {
        let steps: Vec<_> = self.shrunk.plan.steps.iter().map(|step| format!("  {step}\n")).collect();
        format!("{}{}", steps.concat(), self.shrunk.finding)
    }

    /// What is not as it must be. Where the clock runs, a shorter plan does not show a defect every time, so how short it
    /// becomes is the machine's affair.
    fn wrong(&self, planted: &Planted, kind: Kind) -> Option<String> {
        let (class, frames) = (self.shrunk.finding.class, self.shrunk.plan.frames());
        if !planted.classes.contains(&class) {
            return Some(format!("is found as {class}, not as one of {:?}", planted.classes));
        }
        (kind == Kind::Memory && frames > FRAMES).then(|| format!("is shortened to {frames} frames"))
    }

    fn row(&self, planted: &Planted) -> String {
        let Self { plans, frames, shrunk, took } = self;
        format!(
            "{:29} {:20} {plans:5} {frames:6} {:6} {:5} {:6.2} s  {}",
            planted.name,
            shrunk.finding.class.id(),
            shrunk.plan.frames(),
            shrunk.tried,
            took.as_secs_f64(),
            planted.what
        )
    }
}

#[expect(clippy::print_stdout, reason = "the table is for whoever runs the test with its output")]
fn print(line: &str) {
    println!("{line}");
}

/// The defects of a broker, some at the same time, each in a runtime of its own. What is wrong.
fn hunt(kind: Kind) -> String {
    let chosen = std::env::var("TIGHTWIRE_FUZZ_MUTANT").ok();
    let (fuzzer, wrong) = (Fuzzer::new(kind), Mutex::new(String::new()));
    let todo = Mutex::new(planted_on(kind).filter(|it| chosen.as_deref().is_none_or(|chosen| it.name == chosen)));
    let next = || todo.lock().expect("no panic").next();
    print(&format!(
        "{:29} {:20} {:>5} {:>6} {:>6} {:>5}   time  what the server does",
        "defect", "found as", "plans", "frames", "left", "tried"
    ));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(planted) = next() {
                    on_streams(kind, async |bus| {
                        let found = fuzzer.find(bus, Some(planted), PLANS).await;
                        if let Some(found) = &found {
                            print(&found.row(planted));
                        }
                        if let (Some(found), Some(_)) = (&found, &chosen) {
                            print(&found.story());
                        }
                        let what = match &found {
                            Some(found) => found.wrong(planted, kind).map(|what| format!("{what}:\n{}", found.story())),
                            None => Some("is not found".to_owned()),
                        };
                        if let Some(what) = what {
                            let _ = writeln!(wrong.lock().expect("no panic"), "{} {what}", planted.name);
                        }
                    });
                }
            });
        }
    });
    wrong.into_inner().expect("no panic")
}

#[test]
fn every_defect_is_found_and_shortened() {
    let wrong = hunt(Kind::Memory);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_goes_through_redis_is_found_too() {
    let wrong = hunt(Kind::Redis);
    assert!(wrong.is_empty(), "{wrong}");
}
