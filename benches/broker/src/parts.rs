//! What the parts of a node's work cost: publishing, reading, delivering, and having a connection.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Context as _;
use tightwire_bench_kit::cores::Cores;

use crate::audience::Audience;
use crate::figures::{Series, Table, micros_each, short};
use crate::options::Options;
use crate::order::{Order, Pace};
use crate::system::System;

const TOPICS: usize = 50;
const IN_FLIGHT: usize = 64;
/// How often is published to all subscribers.
const BROADCASTS: usize = 100;

/// What was measured. Times are µs of CPU.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    /// Of a node that publishes and reads, for each publication.
    publisher: Series,
    /// Of a node that reads and has a subscriber.
    subscriber: Series,
    /// Of a node that reads and has none.
    pub(crate) reader: Series,
    /// For each delivery, where a frame has many subscribers.
    pub(crate) delivery: Series,
    /// Bytes of a node for each idle connection with a subscription.
    pub(crate) connection: f64,
    /// Bytes of the kernel for it.
    pub(crate) socket: f64,
}

impl Parts {
    /// What publishing costs beside reading what was published.
    pub(crate) fn publishing(&self) -> f64 {
        (self.publisher.median() - self.reader.median()).max(0.0)
    }
}

pub(crate) fn measure(cores: &Cores, options: &Options) -> anyhow::Result<Parts> {
    let mut found = Parts::default();
    let mut redis = System::on_redis(cores, 3, &[])?;
    let mut one = Audience::gather([redis.nodes[1].address], 0..TOPICS)?;
    let mut memory = System::alone(cores, &[])?;
    let mut many = Audience::gather(vec![memory.nodes[0].address; options.subscribers], 0..1)?;
    for round in 0..=options.rounds {
        let before = redis.taken()?;
        let count = options.frames;
        redis.nodes[0].run(Order { first: 0, topics: TOPICS, count, pace: Pace::InFlight(IN_FLIGHT) })?;
        one.receive(count)?;
        let nodes = redis.taken_since(&before)?.nodes;
        let before = memory.taken()?;
        let broadcasts = ((BROADCASTS as f64 * options.seconds) as usize).max(1);
        let order = Order { first: 0, topics: 1, count: broadcasts, pace: Pace::per_second(BROADCASTS, 1) };
        memory.nodes[0].run(order)?;
        let deliveries = broadcasts * options.subscribers;
        many.receive(deliveries)?;
        let delivering = memory.taken_since(&before)?.all_nodes();
        if round > 0 {
            found.publisher.add(micros_each(nodes[0], count));
            found.subscriber.add(micros_each(nodes[1], count));
            found.reader.add(micros_each(nodes[2], count));
            found.delivery.add(micros_each(delivering, deliveries));
        }
    }
    drop((many, memory));
    (found.connection, found.socket) = connections(cores, options.connections)?;
    Ok(found)
}

/// What idle connections take: of the node, and of the kernel.
fn connections(cores: &Cores, count: usize) -> anyhow::Result<(f64, f64)> {
    let system = System::alone(cores, &[])?;
    let node = &system.nodes[0];
    // The first connections make the tables.
    let _first = Audience::gather(vec![node.address; 100], 0..1)?;
    let (own, slab) = (node.process.memory()?, slab()?);
    let _audience = Audience::gather(vec![node.address; count], 0..1)?;
    sleep(Duration::from_millis(200));
    let own = node.process.memory()?.saturating_sub(own);
    // Both ends are on this machine.
    let slab = self::slab()?.saturating_sub(slab) / 2;
    Ok((own as f64 / count as f64, slab as f64 / count as f64))
}

/// Bytes of the kernel's own objects.
fn slab() -> anyhow::Result<u64> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Slab:")).context("there is no Slab")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

pub(crate) fn table(parts: &Parts, options: &Options) -> String {
    let mut table = Table::new(&["part", "CPU of the node, µs"]);
    let mut row = |part: String, series: &Series| table.row(&[part, series.spread()]);
    row("publish a frame and read it back".to_owned(), &parts.publisher);
    row("read a frame, and deliver it to one subscriber".to_owned(), &parts.subscriber);
    row("read a frame that nobody here is subscribed to".to_owned(), &parts.reader);
    row(format!("a delivery, where a frame has {} subscribers and comes alone", options.subscribers), &parts.delivery);
    let mut text = table.into_text();
    text.push_str(&format!(
        "\nAn idle connection with one subscription takes {} bytes of the node's memory and about {} of the kernel's \
         (`Slab` in `/proc/meminfo`).\n",
        short(parts.connection),
        short(parts.socket)
    ));
    text
}
