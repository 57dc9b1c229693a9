//! What is measured: broadcasts one at a time and in bursts, round trips, idle memory, and clients that do not read.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tightwire_bench_kit::cores::{self, Cores};

use crate::load::{self, Clients, Wait};
use crate::options::{Kind, Options};
use crate::others::{self, Server};
use crate::report::{self, Figures, Report, Stalled};
use crate::wire;

/// How many broadcasts make a burst.
const BURST: usize = 16;
/// How many round trips are under way at once, in the second kind.
const WINDOW: usize = 32;
/// How many of the clients do not read.
const STALLED: usize = 10;
/// How many clients there are beside them.
const HEALTHY: usize = 190;

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    cores::allow_many_files()?;
    let cores = Cores::available()?;
    let mut report = Report::new(&cores);
    let others = options.servers.iter().copied().filter(|kind| *kind != Kind::Limit);
    for kind in std::iter::once(Kind::Limit).chain(others) {
        match others::missing(kind) {
            Some(reason) => {
                report::say(&format!("{} is left out: {reason}", kind.name()));
                report.skipped.push((kind, reason));
            }
            None => report.servers.push((kind, Figures::default())),
        }
    }
    // Every run has every server in it, so that what else the machine does meets them all.
    for run in 1..=options.runs {
        for (kind, figures) in &mut report.servers {
            report::say(&format!("run {run}: {}", kind.name()));
            measure(&cores, *kind, options, figures).with_context(|| format!("{} failed", kind.name()))?;
        }
    }
    for (kind, figures) in &mut report.servers {
        report::say(&format!("memory and stalled clients: {}", kind.name()));
        measure_once(&cores, *kind, options, figures).with_context(|| format!("{} failed", kind.name()))?;
    }
    report::say(&report.markdown(options));
    options.write.as_deref().map_or(Ok(()), |path| report.write(path, options))
}

/// One run of what is measured several times.
fn measure(cores: &Cores, kind: Kind, options: &Options, figures: &mut Figures) -> anyhow::Result<()> {
    let mut server = Server::start(cores, kind)?;
    let mut clients = Clients::new()?;
    if server.answers_pings() {
        clients.grow(kind, server.address, 1)?;
        for (window, samples) in [1, WINDOW].into_iter().zip(&mut figures.round_trips) {
            samples.push(round_trip(&server, &mut clients, window, options)?);
        }
    }
    for &count in &options.subscribers {
        clients.grow(kind, server.address, count)?;
        warm_up(&mut server, &mut clients)?;
        let one = fan_out(&mut server, &mut clients, 1, options)?;
        let burst = fan_out(&mut server, &mut clients, BURST, options)?;
        let [ones, bursts] = figures.fan_out.entry(count).or_default();
        ones.push(one);
        bursts.push(burst);
    }
    Ok(())
}

/// What is measured once: bytes and counts, which hardly vary.
fn measure_once(cores: &Cores, kind: Kind, options: &Options, figures: &mut Figures) -> anyhow::Result<()> {
    if options.idle > 0 {
        figures.idle_bytes = Some(idle_memory(cores, kind, options.idle)?);
    }
    if options.stalled_broadcasts > 0 && kind != Kind::Limit {
        figures.stalled = Some(stalled(cores, kind, options.stalled_broadcasts)?);
    }
    Ok(())
}

/// Broadcasts until one has reached everyone: a server may take a while to know its clients.
fn warm_up(server: &mut Server, clients: &mut Clients) -> anyhow::Result<()> {
    for _ in 0..20 {
        server.broadcast(1)?;
        let frames = clients.settle(Duration::from_millis(300))?;
        server.after_broadcast()?;
        if frames == clients.len() {
            return Ok(());
        }
    }
    anyhow::bail!("the broadcasts do not reach all {} clients", clients.len())
}

/// The server's time per delivery.
fn fan_out(server: &mut Server, clients: &mut Clients, burst: usize, options: &Options) -> anyhow::Result<Duration> {
    let rounds = options.deliveries.div_ceil(clients.len() * burst).max(2);
    let before = server.process.cpu()?;
    for _ in 0..rounds {
        server.broadcast(burst)?;
        clients.receive(burst * clients.len(), Wait::Away, |_| ())?;
        server.after_broadcast()?;
    }
    Ok((server.process.cpu()? - before).div_f64((rounds * burst * clients.len()) as f64))
}

/// The server's time per ping.
fn round_trip(server: &Server, clients: &mut Clients, window: usize, options: &Options) -> anyhow::Result<Duration> {
    let pings = wire::ping().repeat(window);
    let rounds = options.pings.div_ceil(window);
    let before = server.process.cpu()?;
    for _ in 0..rounds {
        clients.ping(&pings)?;
        clients.receive(window, Wait::Listening, |_| ())?;
    }
    Ok((server.process.cpu()? - before).div_f64((rounds * window) as f64))
}

/// What the resident memory grows by per connection, from a tenth of `count` to all of it.
fn idle_memory(cores: &Cores, kind: Kind, count: usize) -> anyhow::Result<u64> {
    let server = Server::start(cores, kind)?;
    let mut clients = Clients::new()?;
    let few = count.div_ceil(10);
    clients.grow(kind, server.address, few)?;
    clients.settle(Duration::from_millis(300))?;
    let before = server.process.memory()?;
    clients.grow(kind, server.address, count)?;
    clients.settle(Duration::from_millis(300))?;
    Ok(server.process.memory()?.saturating_sub(before) / (count - few).max(1) as u64)
}

/// The latencies of those who read, without and with clients that do not, and what those cost.
fn stalled(cores: &Cores, kind: Kind, broadcasts: usize) -> anyhow::Result<Stalled> {
    let mut server = Server::start(cores, kind)?;
    let mut clients = Clients::new()?;
    clients.grow(kind, server.address, HEALTHY)?;
    warm_up(&mut server, &mut clients)?;
    let without = p99(&mut server, &mut clients, broadcasts.div_ceil(4))?;
    let before = server.process.memory()?;
    let stalled: Vec<_> = (0..STALLED).map(|_| load::open_stalled(kind, server.address)).collect::<Result<_, _>>()?;
    let files = server.process.files()?;
    let with = p99(&mut server, &mut clients, broadcasts)?;
    let grown = server.process.memory()?.saturating_sub(before);
    let ended = files.saturating_sub(server.process.files()?);
    drop(stalled);
    Ok(Stalled { without, with, grown, ended, of: STALLED })
}

/// The 99th percentile of the time from asking for a broadcast to a client's having it.
fn p99(server: &mut Server, clients: &mut Clients, broadcasts: usize) -> anyhow::Result<Duration> {
    let mut latencies = Vec::with_capacity(broadcasts * clients.len());
    for _ in 0..broadcasts {
        let asked = Instant::now();
        server.broadcast(1)?;
        clients.receive(clients.len(), Wait::Listening, |frames| {
            let latency = asked.elapsed();
            latencies.extend(std::iter::repeat_n(latency, frames));
        })?;
        server.after_broadcast()?;
    }
    latencies.sort_unstable();
    latencies.get(latencies.len() * 99 / 100).copied().context("nothing was delivered")
}
