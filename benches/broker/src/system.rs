//! Nodes on one Redis, or one without, and what they take of the machine.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tightwire_bench_kit::cores::Cores;
use tightwire_bench_kit::process::cpu_of;
use tightwire_testbed::RedisServer;

use crate::node::Node;
use crate::order::Order;

/// A system. Redis has the first core and the nodes share the second.
pub(crate) struct System {
    // Before Redis, so that they end while it is there.
    pub(crate) nodes: Vec<Node>,
    pub(crate) redis: Option<RedisServer>,
}

/// What a system has taken so far, or within some time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) redis: OfRedis,
    /// The CPU time of each node.
    pub(crate) nodes: Vec<Duration>,
}

/// What Redis says of itself, and the system of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OfRedis {
    pub(crate) cpu: Duration,
    /// Time in the publishing script.
    pub(crate) publishing: Duration,
    /// Time in reads, and their number.
    pub(crate) reading: Duration,
    pub(crate) reads: f64,
    pub(crate) bytes_in: f64,
    pub(crate) bytes_out: f64,
}

impl System {
    /// A node without Redis.
    pub(crate) fn alone(cores: &Cores, flags: &[&str]) -> anyhow::Result<Self> {
        let flags: Vec<_> = flags.iter().map(|&flag| flag.to_owned()).collect();
        Ok(Self { nodes: vec![Node::start(cores, &flags)?], redis: None })
    }

    /// Nodes on a Redis that is set up as docs/redis.md has it. It never writes its file anew while something is measured.
    pub(crate) fn on_redis(cores: &Cores, nodes: usize, flags: &[&str]) -> anyhow::Result<Self> {
        let redis = launch_redis(cores)?;
        let url = redis.url();
        Self::at(cores, redis, &vec![url; nodes], flags)
    }

    /// Nodes that reach their Redis at these URLs.
    pub(crate) fn at(cores: &Cores, redis: RedisServer, urls: &[String], flags: &[&str]) -> anyhow::Result<Self> {
        let start = |url: &String| {
            let flags = ["--redis-url", url].iter().chain(flags).map(|&flag| flag.to_owned()).collect::<Vec<_>>();
            Node::start(cores, &flags)
        };
        let nodes = urls.iter().map(start).collect::<anyhow::Result<_>>()?;
        Ok(Self { nodes, redis: Some(redis) })
    }

    /// Gives each node its order, and waits until all are done. Gives the longest time.
    pub(crate) fn run(&mut self, order: impl Fn(usize) -> Order) -> anyhow::Result<Duration> {
        let mut pending = Vec::new();
        for (index, node) in self.nodes.iter_mut().enumerate() {
            pending.push(node.begin(order(index))?);
        }
        let mut longest = Duration::ZERO;
        for (node, pending) in self.nodes.iter_mut().zip(pending) {
            longest = longest.max(node.finish(pending)?);
        }
        Ok(longest)
    }

    /// What was taken so far.
    pub(crate) fn taken(&self) -> anyhow::Result<Taken> {
        let nodes = self.nodes.iter().map(|node| node.process.cpu()).collect::<anyhow::Result<_>>()?;
        let redis = self.redis.as_ref().map(of_redis).transpose()?.unwrap_or_default();
        Ok(Taken { redis, nodes })
    }

    /// What was taken since then.
    pub(crate) fn taken_since(&self, then: &Taken) -> anyhow::Result<Taken> {
        let now = self.taken()?;
        let nodes = now.nodes.iter().zip(&then.nodes).map(|(now, then)| now.saturating_sub(*then)).collect();
        let (a, b) = (now.redis, then.redis);
        let redis = OfRedis {
            cpu: a.cpu.saturating_sub(b.cpu),
            publishing: a.publishing.saturating_sub(b.publishing),
            reading: a.reading.saturating_sub(b.reading),
            reads: a.reads - b.reads,
            bytes_in: a.bytes_in - b.bytes_in,
            bytes_out: a.bytes_out - b.bytes_out,
        };
        Ok(Taken { redis, nodes })
    }
}

impl Taken {
    /// The CPU time of all nodes.
    pub(crate) fn all_nodes(&self) -> Duration {
        self.nodes.iter().sum()
    }
}

/// Starts a Redis on the first core, where this thread runs.
pub(crate) fn launch_redis(cores: &Cores) -> anyhow::Result<RedisServer> {
    cores.pin_to_first()?;
    let launch = RedisServer::launch().append_only().line("auto-aof-rewrite-percentage 0");
    launch.start().context("redis-server is not installed: `make redis-server` installs it")
}

fn of_redis(redis: &RedisServer) -> anyhow::Result<OfRedis> {
    let info = redis.ask(&["INFO", "everything"]);
    let info = info.text().context("INFO is text")?;
    let line = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = |name: &str| -> anyhow::Result<f64> {
        let text = line(name).with_context(|| format!("`{name}` is not in INFO"))?;
        Ok(text.trim().parse()?)
    };
    // A command that was never called is not there.
    let command = |name: &str, field: &str| -> anyhow::Result<f64> {
        let Some(line) = line(&format!("cmdstat_{name}")) else { return Ok(0.0) };
        let found = line.split(',').find_map(|pair| pair.strip_prefix(field)?.strip_prefix('='));
        Ok(found.context("commandstats are odd")?.parse()?)
    };
    let micros = |number: f64| Duration::from_secs_f64(number / 1e6);
    let id = number("process_id")?;
    ensure!(id > 0.0, "the process has a number");
    Ok(OfRedis {
        cpu: cpu_of(id as u32)?,
        publishing: micros(command("evalsha", "usec")?),
        reading: micros(command("xread", "usec")?),
        reads: command("xread", "calls")?,
        bytes_in: number("total_net_input_bytes")?,
        bytes_out: number("total_net_output_bytes")?,
    })
}
