//! What it costs when a node that could not reach Redis comes back.

use std::time::{Duration, Instant};

use anyhow::ensure;
use tightwire_bench_kit::cores::Cores;
use tightwire_testbed::ChaosProxy;

use crate::audience::Audience;
use crate::figures::{Table, grouped, micros_each, short};
use crate::options::Options;
use crate::order::{Order, Pace};
use crate::system::{System, launch_redis};

const TOPICS: usize = 50;
const IN_FLIGHT: usize = 64;

/// What was measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CaughtUp {
    missed: usize,
    /// From the first frame to the last.
    took: Duration,
    /// µs of CPU for each frame.
    redis: f64,
    node: f64,
}

/// Where the streams have what was missed, and where only the histories have it.
pub(crate) type Away = [CaughtUp; 2];

pub(crate) fn measure(cores: &Cores, options: &Options) -> anyhow::Result<Away> {
    let missed = options.missed;
    let enough = (missed * 2).to_string();
    // Histories have everything in either case.
    let flags = ["--replay-frames", &enough, "--redis-stream-frames"];
    let streams = once(cores, missed, &[&flags[..], &[&enough]].concat())?;
    let histories = once(cores, missed, &[&flags[..], &["100"]].concat())?;
    Ok([streams, histories])
}

fn once(cores: &Cores, missed: usize, flags: &[&str]) -> anyhow::Result<CaughtUp> {
    let redis = launch_redis(cores)?;
    let proxy = ChaosProxy::start(redis.address());
    let urls = [redis.url(), redis.url_at(proxy.address())];
    let mut system = System::at(cores, redis, &urls, flags)?;
    let mut audience = Audience::gather([system.nodes[1].address], 0..TOPICS)?;
    let publish = |system: &mut System, count| {
        system.nodes[0].run(Order { first: 0, topics: TOPICS, count, pace: Pace::InFlight(IN_FLIGHT) })
    };
    publish(&mut system, TOPICS)?;
    audience.receive(TOPICS)?;
    proxy.cut();
    publish(&mut system, missed)?;
    ensure!(audience.received() == TOPICS, "a node is not cut off");
    let before = system.taken()?;
    proxy.heal();
    // The next attempt is up to three seconds away.
    let deadline = Instant::now() + Duration::from_secs(30);
    while audience.received() == TOPICS {
        ensure!(Instant::now() < deadline, "a node does not come back");
        std::thread::sleep(Duration::from_millis(1));
    }
    let begun = Instant::now();
    audience.receive(missed)?;
    let took = begun.elapsed();
    let taken = system.taken_since(&before)?;
    Ok(CaughtUp {
        missed,
        took,
        redis: micros_each(taken.redis.cpu, missed),
        node: micros_each(taken.nodes[1], missed),
    })
}

pub(crate) fn table(away: &Away) -> String {
    let mut table = Table::new(&[
        "what it missed is",
        "frames missed",
        "ms from the first to the last",
        "Redis, µs each",
        "the node, µs each",
    ]);
    for (where_it_is, found) in ["in the streams", "only in the topics' histories"].into_iter().zip(away) {
        table.row(&[
            where_it_is.to_owned(),
            grouped(found.missed as i64),
            short(found.took.as_secs_f64() * 1e3),
            short(found.redis),
            short(found.node),
        ]);
    }
    table.into_text()
}
