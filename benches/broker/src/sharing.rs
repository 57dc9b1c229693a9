//! What Redis and the nodes do for a publication, as nodes become more while what is published stays the same.

use tightwire_bench_kit::cores::Cores;

use crate::audience::Audience;
use crate::figures::{Series, Table, micros_each, short, times};
use crate::options::Options;
use crate::order::{Order, Pace};
use crate::system::System;

/// Topics; every node has one client that is subscribed to all of them.
const TOPICS: usize = 50;
/// How many publications a burst has, and how many are in flight without a rate.
const AT_ONCE: usize = 64;

/// How is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// One at a time, at a fixed rate.
    Single,
    /// In bursts, at the same rate.
    Bursts,
    /// As fast as it goes.
    Flat,
}

pub(crate) const HOWS: [How; 3] = [How::Single, How::Bursts, How::Flat];

/// What was measured for a number of nodes and a way to publish. Times are µs of CPU for each publication.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    pub(crate) per_second: Series,
    pub(crate) redis: Series,
    /// In the script, and in reads.
    publishing: Series,
    reading: Series,
    reads: Series,
    /// Of all nodes.
    nodes: Series,
    pub(crate) bytes_in: Series,
    /// For each node that reads.
    pub(crate) bytes_out: Series,
}

/// By number of nodes, and by way to publish.
pub(crate) type Sharing = Vec<(usize, [Shared; 3])>;

impl How {
    fn name(self, options: &Options) -> String {
        match self {
            Self::Single => format!("{}/s, one at a time", options.rate),
            Self::Bursts => format!("{}/s, {AT_ONCE} at once", options.rate),
            Self::Flat => format!("{AT_ONCE} in flight per node"),
        }
    }
}

pub(crate) fn measure(cores: &Cores, options: &Options) -> anyhow::Result<Sharing> {
    let mut systems = Vec::new();
    for nodes in &options.nodes {
        let system = System::on_redis(cores, *nodes, &[])?;
        let addresses = system.nodes.iter().map(|node| node.address);
        let audience = Audience::gather(addresses, 0..TOPICS)?;
        systems.push((system, audience, <[Shared; 3]>::default()));
    }
    for round in 0..=options.rounds {
        for (system, audience, found) in &mut systems {
            for (how, found) in HOWS.into_iter().zip(found) {
                // The first round fills the histories.
                let mut forgotten = Shared::default();
                once(system, audience, how, options, if round > 0 { found } else { &mut forgotten })?;
            }
        }
    }
    Ok(systems.into_iter().map(|(system, _, found)| (system.nodes.len(), found)).collect())
}

fn once(
    system: &mut System,
    audience: &mut Audience,
    how: How,
    options: &Options,
    found: &mut Shared,
) -> anyhow::Result<()> {
    let nodes = system.nodes.len();
    let all = match how {
        How::Single | How::Bursts => (options.rate as f64 * options.seconds) as usize,
        How::Flat => options.frames,
    };
    let each = all.div_ceil(nodes);
    let pace = |at_once: usize| Pace::Every(Pace::interval(options.rate, at_once * nodes), at_once);
    let pace = match how {
        How::Single => pace(1),
        How::Bursts => pace(AT_ONCE),
        How::Flat => Pace::InFlight(AT_ONCE),
    };
    let before = system.taken()?;
    let took = system.run(|_| Order { first: 0, topics: TOPICS, count: each, pace })?;
    let count = each * nodes;
    audience.receive(count * nodes)?;
    let taken = system.taken_since(&before)?;
    let redis = taken.redis;
    found.per_second.add(count as f64 / took.as_secs_f64());
    found.redis.add(micros_each(redis.cpu, count));
    found.publishing.add(micros_each(redis.publishing, count));
    found.reading.add(micros_each(redis.reading, count));
    found.reads.add(redis.reads / count as f64);
    found.nodes.add(micros_each(taken.all_nodes(), count));
    found.bytes_in.add(redis.bytes_in / count as f64);
    found.bytes_out.add(redis.bytes_out / (count * nodes) as f64);
    Ok(())
}

pub(crate) fn table(sharing: &Sharing, options: &Options) -> String {
    let mut table = Table::new(&[
        "published",
        "nodes",
        "frames/s",
        "Redis, µs",
        "of it the script",
        "reads",
        "reads per frame",
        "all nodes, µs",
        "per delivery",
        "to Redis, B",
        "from Redis to each node, B",
    ]);
    for (index, how) in HOWS.into_iter().enumerate() {
        for (nodes, found) in sharing {
            let (found, base) = (&found[index], &sharing[0].1[index]);
            table.row(&[
                how.name(options),
                nodes.to_string(),
                short(found.per_second.median()),
                found.redis.compared(&base.redis),
                short(found.publishing.median()),
                short(found.reading.median()),
                short(found.reads.median()),
                format!("{} {}", short(found.nodes.median()), times(found.nodes.median(), base.nodes.median())),
                short(found.nodes.median() / *nodes as f64),
                short(found.bytes_in.median()),
                short(found.bytes_out.median()),
            ]);
        }
    }
    table.into_text()
}
