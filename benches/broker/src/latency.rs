//! How long a frame is on its way, from the call that publishes it to the subscriber's socket in another process.

use std::time::Duration;

use tightwire_bench_kit::cores::Cores;

use crate::audience::Audience;
use crate::figures::{Series, Table, percentile};
use crate::options::Options;
use crate::order::{Order, Pace};
use crate::probe::Probe;
use crate::system::System;

/// Publications per second whose latency is measured.
const RATE: usize = 200;
/// Topics of everything else that is published.
const LOAD_TOPICS: usize = 50;

/// Which way the frames go.
#[derive(Clone, Copy, Debug)]
struct Way {
    name: &'static str,
    on_redis: bool,
    /// The node of the subscriber; that of the publisher is the first.
    node: usize,
}

const WAYS: [Way; 3] = [
    Way { name: "in memory, the same node", on_redis: false, node: 0 },
    Way { name: "Redis, the same node", on_redis: true, node: 0 },
    Way { name: "Redis, another node", on_redis: true, node: 1 },
];

/// What was measured of a way, with and without other publications: 50th and 99th percentile, and the longest, in µs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latency([[Series; 3]; 2]);

/// By way.
pub(crate) type Latencies = [Latency; 3];

pub(crate) fn measure(cores: &Cores, options: &Options) -> anyhow::Result<Latencies> {
    let mut memory = System::alone(cores, &[])?;
    let mut redis = System::on_redis(cores, 2, &[])?;
    let mut found = Latencies::default();
    for round in 0..=options.rounds {
        for (way, Latency(found)) in WAYS.iter().zip(&mut found) {
            let system = if way.on_redis { &mut redis } else { &mut memory };
            for (load, found) in [0, options.load].into_iter().zip(found) {
                let latencies = once(system, way.node, load, options.seconds)?;
                // The first round wakes everything up.
                if round > 0 {
                    let most = latencies.last().copied().unwrap_or_default();
                    let figures = [percentile(&latencies, 0.5), percentile(&latencies, 0.99), most];
                    for (series, figure) in found.iter_mut().zip(figures) {
                        series.add(figure.as_secs_f64() * 1e6);
                    }
                }
            }
        }
    }
    Ok(found)
}

fn once(system: &mut System, node: usize, load: usize, seconds: f64) -> anyhow::Result<Vec<Duration>> {
    let probe = Probe::subscribe(system.nodes[node].address, 0)?;
    let addresses = system.nodes.iter().map(|node| node.address);
    let mut audience = Audience::gather(addresses, 1..1 + LOAD_TOPICS)?;
    let (each, nodes) = (load / system.nodes.len(), system.nodes.len());
    let count = (each as f64 * seconds) as usize;
    let mut loads = Vec::new();
    if each > 0 {
        // Each millisecond's at once.
        let pace = Pace::per_second(each, each.div_ceil(1000));
        for node in &mut system.nodes {
            loads.push(node.begin(Order { first: 1, topics: LOAD_TOPICS, count, pace })?);
        }
    }
    let count_of_probes = ((RATE as f64 * seconds) as usize).max(10);
    system.nodes[0].run(Order { first: 0, topics: 1, count: count_of_probes, pace: Pace::per_second(RATE, 1) })?;
    for (node, load) in system.nodes.iter_mut().zip(loads) {
        node.finish(load)?;
    }
    audience.receive(if each > 0 { count * nodes * nodes } else { 0 })?;
    let mut latencies = probe.end()?;
    anyhow::ensure!(latencies.len() == count_of_probes, "{} of {count_of_probes} frames arrived", latencies.len());
    latencies.sort_unstable();
    Ok(latencies)
}

pub(crate) fn table(latencies: &Latencies, options: &Options) -> String {
    let load = format!("beside {} others/s", options.load);
    let [alone, loaded] = ["alone", &load].map(|how| ["p50", "p99", "longest"].map(|what| format!("{what} {how}")));
    let columns: Vec<&str> = ["way"].into_iter().chain(alone.iter().chain(&loaded).map(String::as_str)).collect();
    let mut table = Table::new(&columns);
    for (way, Latency(found)) in WAYS.iter().zip(latencies) {
        let mut cells = vec![way.name.to_owned()];
        for (regime, [p50, p99, most]) in found.iter().enumerate() {
            let [base50, base99, _] = &latencies[0].0[regime];
            cells.extend([p50.compared(base50), p99.compared(base99), crate::figures::short(most.most())]);
        }
        table.row(&cells);
    }
    table.into_text()
}
