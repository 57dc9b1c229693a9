//! What one node does as topics become more, with as much in flight as it takes.

use tightwire_bench_kit::cores::Cores;

use crate::audience::Audience;
use crate::figures::{Series, Table, grouped, micros_each};
use crate::options::Options;
use crate::order::{Order, Pace};
use crate::system::System;

const IN_FLIGHT: usize = 64;
/// Frames that are kept of each topic. So many are published before anything is measured, so that from then on every
/// publication drops a frame, however many topics there are.
const KEPT: usize = 8;

/// What was measured for a number of topics. Times are µs of CPU for each publication.
#[derive(Clone, Debug, Default)]
pub(crate) struct Throughput {
    pub(crate) per_second: Series,
    pub(crate) node: Series,
    pub(crate) redis: Series,
}

/// By number of topics: in memory, and on Redis.
pub(crate) type Throughputs = Vec<(usize, [Throughput; 2])>;

pub(crate) fn measure(cores: &Cores, options: &Options) -> anyhow::Result<Throughputs> {
    let kept = KEPT.to_string();
    let flags = ["--replay-frames", &kept];
    let mut systems = Vec::new();
    for topics in &options.topics {
        for mut system in [System::alone(cores, &flags)?, System::on_redis(cores, 1, &flags)?] {
            let mut audience = Audience::gather([system.nodes[0].address], 0..*topics)?;
            publish(&mut system, &mut audience, *topics, topics * KEPT)?;
            systems.push((system, audience, *topics, Throughput::default()));
        }
    }
    for round in 0..=options.rounds {
        for (system, audience, topics, found) in &mut systems {
            let count = if round > 0 { options.frames } else { options.frames.div_ceil(4) };
            let before = system.taken()?;
            let took = publish(system, audience, *topics, count)?;
            let taken = system.taken_since(&before)?;
            if round > 0 {
                found.per_second.add(count as f64 / took);
                found.node.add(micros_each(taken.all_nodes(), count));
                found.redis.add(micros_each(taken.redis.cpu, count));
            }
        }
    }
    let mut found = systems.into_iter().map(|(_, _, topics, found)| (topics, found));
    let mut throughputs = Vec::new();
    while let (Some((topics, memory)), Some((_, redis))) = (found.next(), found.next()) {
        throughputs.push((topics, [memory, redis]));
    }
    Ok(throughputs)
}

/// Publishes, and gives the seconds until the last was published.
fn publish(system: &mut System, audience: &mut Audience, topics: usize, count: usize) -> anyhow::Result<f64> {
    let took = system.run(|_| Order { first: 0, topics, count, pace: Pace::InFlight(IN_FLIGHT) })?;
    audience.receive(count)?;
    Ok(took.as_secs_f64())
}

pub(crate) fn table(throughputs: &Throughputs) -> String {
    let mut table =
        Table::new(&["topics", "in memory, frames/s", "node, µs", "Redis, frames/s", "node, µs", "Redis' process, µs"]);
    for (topics, [memory, redis]) in throughputs {
        let [base_memory, base_redis] = &throughputs[0].1;
        table.row(&[
            grouped(*topics as i64),
            memory.per_second.compared(&base_memory.per_second),
            memory.node.compared(&base_memory.node),
            redis.per_second.compared(&base_redis.per_second),
            redis.node.compared(&base_redis.node),
            redis.redis.compared(&base_redis.redis),
        ]);
    }
    table.into_text()
}
