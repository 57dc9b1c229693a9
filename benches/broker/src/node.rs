//! A node, seen from outside: its process, and what it is told to publish.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tightwire_bench_kit::cores::Cores;
use tightwire_bench_kit::process::Process;

use crate::order::Order;

pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// How many orders it was given.
    given: usize,
    /// Orders that are done and that nobody has waited for yet.
    done: HashMap<usize, Duration>,
}

/// An order that a node is busy with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending(usize);

impl Node {
    /// Starts one on the second core, and waits until it listens.
    pub(crate) fn start(cores: &Cores, flags: &[String]) -> anyhow::Result<Self> {
        cores.pin_to_second()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").args(flags).stdin(Stdio::piped()).stdout(Stdio::piped());
        let started = Process::start_here(&mut command);
        cores.pin_to_first()?;
        let mut process = started?;
        let (orders, answers) = process.pipes();
        let (orders, mut answers) = (orders.context("piped")?, BufReader::new(answers.context("piped")?));
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let address = line.trim_end().strip_prefix("listens ").context("the node does not listen")?.parse()?;
        Ok(Self { address, process, orders, answers, given: 0, done: HashMap::new() })
    }

    pub(crate) fn begin(&mut self, order: Order) -> anyhow::Result<Pending> {
        self.given += 1;
        writeln!(self.orders, "{} {order}", self.given).context("a node has ended")?;
        Ok(Pending(self.given))
    }

    /// Waits until an order is done, and gives the time that it took.
    pub(crate) fn finish(&mut self, Pending(id): Pending) -> anyhow::Result<Duration> {
        loop {
            if let Some(took) = self.done.remove(&id) {
                return Ok(took);
            }
            let mut line = String::new();
            if self.answers.read_line(&mut line)? == 0 {
                bail!("a node has ended");
            }
            let words: Vec<&str> = line.trim_end().splitn(3, ' ').collect();
            match words[..] {
                [id, "done", nanoseconds] => {
                    self.done.insert(id.parse()?, Duration::from_nanos(nanoseconds.parse()?));
                }
                _ => bail!("a node could not publish: {line}"),
            }
        }
    }

    pub(crate) fn run(&mut self, order: Order) -> anyhow::Result<Duration> {
        let pending = self.begin(order)?;
        self.finish(pending)
    }
}
