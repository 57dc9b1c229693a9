//! Random sequences against the chat server on streams in memory.
//!
//! `TIGHTWIRE_FUZZ_FRAMES` sets how many messages are sent and received together (default 100 000 in memory and 10 000 on
//! Redis, where the clock runs; the nightly lane takes ten million), `TIGHTWIRE_FUZZ_SEED` where they begin.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tightwire_chat::chat::CONTRACT;
use tightwire_testkit::fuzz::shrink::shrink;
use tightwire_testkit::fuzz::{Coverage, Driver, Finding, Generator, Phase, Plan, Protocol, Shape};
use tokio::runtime::Handle;

use crate::common::bus::{Bus, on_each_bus};
use crate::common::chat;
use crate::stage::{FLAGS, driver, fast_protocol, options};

on_each_bus! { on_streams:
    sequences
}

/// How many plans a server is asked to bear before it is replaced: what it keeps of their topics makes it slower.
const PLANS_PER_SERVER: u64 = 200;
/// How many plans are tried to make one smaller that finds something.
const TRIES: usize = 500;

pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| value.parse().expect("a number"))
}

/// What is carried out how often, of all plans.
pub(crate) const PHASES: [Phase; 10] = [
    Phase::Valid,
    Phase::Boundaries,
    Phase::Valid,
    Phase::Negatives,
    Phase::Concurrency,
    Phase::Valid,
    Phase::Frames,
    Phase::Valid,
    Phase::Negatives,
    Phase::Concurrency,
];

async fn sequences(bus: &Bus) {
    let frames = setting("TIGHTWIRE_FUZZ_FRAMES", bus.paused_or(100_000, 10_000));
    let seed = setting("TIGHTWIRE_FUZZ_SEED", 1);
    let protocol = Arc::new(fast_protocol());
    let shape = Shape { wait_ms: bus.paused_or(40_000, 5), ..Shape::default() };
    let generator = Generator::new(Arc::clone(&protocol), CONTRACT.schema_bundle, shape).expect("the bundle is right");
    let (mut coverage, mut number) = (Coverage::default(), 0);
    let begun = Instant::now();
    while coverage.sent + coverage.received < frames {
        let driver = renewed(bus, &protocol).await;
        // A server starts some of its tasks when they are needed first.
        coverage.add(&driver.run(&generator.plan(Phase::Examples, seed)).await);
        let tasks = tasks().await;
        for _ in 0..PLANS_PER_SERVER {
            let (phase, seed) = (PHASES[(number % PHASES.len() as u64) as usize], seed.wrapping_add(number));
            let plan = generator.plan(phase, seed);
            let outcome = driver.run(&plan).await;
            coverage.add(&outcome);
            number += 1;
            if let Some(finding) = outcome.finding {
                fail(bus, &protocol, phase, seed, plan, finding).await;
            }
            if coverage.sent + coverage.received >= frames {
                break;
            }
        }
        // Connections that are gone leave no task behind; answers that nobody reads come to their end.
        // (The server before may still have had one when they were counted first.)
        let left = self::tasks().await;
        assert!(left <= tasks, "{left} tasks after {number} plans, {tasks} before");
    }
    report(&coverage, &protocol, begun);
}

/// How many tasks there are, once they do not become fewer any more.
async fn tasks() -> usize {
    let metrics = Handle::current().metrics();
    let (mut tasks, mut since) = (metrics.num_alive_tasks(), 0);
    while since < 10 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = metrics.num_alive_tasks();
        since = if now < tasks { 0 } else { since + 1 };
        tasks = now;
    }
    tasks
}

/// A driver for a server of its own.
async fn renewed(bus: &Bus, protocol: &Arc<Protocol>) -> Driver {
    driver(chat(bus, &FLAGS).await, protocol).with(options(bus))
}

/// Fails with the smallest plan that shows the finding.
async fn fail(bus: &Bus, protocol: &Arc<Protocol>, phase: Phase, seed: u64, plan: Plan, finding: Finding) {
    let first = finding.clone();
    let shrunk = shrink(protocol, plan, finding, TRIES, async |plan: &Plan| {
        renewed(bus, protocol).await.run(plan).await.finding
    })
    .await;
    let steps: Vec<_> = shrunk.plan.steps.iter().map(|step| format!("  {step}\n")).collect();
    panic!(
        "{} plan of seed {seed}, {} plans later:\n{}{}\nfirst found as:\n{first}",
        phase.as_str(),
        shrunk.tried,
        steps.concat(),
        shrunk.finding
    );
}

#[expect(clippy::print_stdout, reason = "the figures are what the run is for")]
fn report(coverage: &Coverage, protocol: &Protocol, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    println!("{coverage}  {:.0} messages/s", (coverage.sent + coverage.received) as f64 / seconds);
    println!("  unseen: {}", coverage.unseen(protocol).join(", "));
}
