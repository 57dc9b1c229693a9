//! What nodes cost that do nothing.

use std::thread::sleep;
use std::time::Duration;

use tightwire_bench_kit::cores::Cores;

use crate::figures::{Series, Table, short};
use crate::options::Options;
use crate::system::System;

/// What was measured for a number of nodes, per second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Idle {
    /// ms of CPU of Redis.
    pub(crate) redis: Series,
    /// ms of CPU of each node.
    node: Series,
    /// KB that Redis sends.
    sent: Series,
}

/// By number of nodes.
pub(crate) type Idles = Vec<(usize, Idle)>;

pub(crate) fn measure(cores: &Cores, options: &Options) -> anyhow::Result<Idles> {
    let mut found = Vec::new();
    for nodes in [0, 1, options.idle_nodes] {
        let system = System::on_redis(cores, nodes, &[])?;
        let mut idle = Idle::default();
        // All have met all, and nothing is on its way any more.
        sleep(Duration::from_secs_f64(options.seconds.min(3.0)));
        for _ in 0..options.rounds {
            let before = system.taken()?;
            let time = Duration::from_secs_f64(options.seconds);
            sleep(time);
            let taken = system.taken_since(&before)?;
            let per_second = |time: Duration| time.as_secs_f64() * 1e3 / options.seconds;
            idle.redis.add(per_second(taken.redis.cpu));
            idle.node.add(per_second(taken.all_nodes()) / nodes.max(1) as f64);
            idle.sent.add(taken.redis.bytes_out / 1e3 / options.seconds);
        }
        found.push((nodes, idle));
    }
    Ok(found)
}

pub(crate) fn table(idles: &Idles) -> String {
    let mut table = Table::new(&[
        "nodes that do nothing",
        "Redis, ms of CPU per second",
        "each node",
        "Redis sends, KB per second",
    ]);
    for (nodes, idle) in idles {
        table.row(&[
            nodes.to_string(),
            idle.redis.spread(),
            if *nodes == 0 { "–".to_owned() } else { idle.node.spread() },
            short(idle.sent.median()),
        ]);
    }
    table.into_text()
}
