//! The nodes: chat servers that share a Redis. Whichever ends is started again after a while, as whatever runs servers in
//! earnest would.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::Instant;

use crate::frames;
use crate::process::Process;
use crate::say;

/// How long a node may take to start.
const START: Duration = Duration::from_secs(20);

/// All nodes.
#[derive(Debug)]
pub(crate) struct Nodes {
    binary: PathBuf,
    redis: String,
    all: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    name: String,
    address: SocketAddr,
    log: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// It is not there until then.
    Ended(Instant),
    Running(Process),
}

impl Nodes {
    pub(crate) fn new(binary: PathBuf, addresses: &[SocketAddr], redis: &str, folder: &Path) -> Self {
        let node = |(index, address): (usize, &SocketAddr)| Node {
            name: format!("node-{}", index + 1),
            address: *address,
            log: folder.join(format!("node-{}.log", index + 1)),
            state: Mutex::new(State::Ended(Instant::now())),
        };
        Self { binary, redis: redis.to_owned(), all: addresses.iter().enumerate().map(node).collect() }
    }

    /// Starts them and waits until all answer.
    pub(crate) async fn start(&self) -> Result<()> {
        for node in &self.all {
            *node.state() = State::Running(self.launch(node)?);
        }
        let deadline = Instant::now() + START;
        for (index, node) in self.all.iter().enumerate() {
            while !frames::is_healthy(node.address).await {
                if let State::Running(process) = &mut *node.state()
                    && let Some(status) = process.status()
                {
                    bail!("node {} has ended ({status}):\n{}", index + 1, node.said());
                }
                if Instant::now() > deadline {
                    bail!("node {} does not answer:\n{}", index + 1, node.said());
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    /// A line for each.
    pub(crate) fn describe(&self) -> Vec<String> {
        let line = |(index, node): (usize, &Node)| {
            let id = match &*node.state() {
                State::Running(process) => process.id().to_string(),
                State::Ended(_) => "-".to_owned(),
            };
            format!("node {}    http://{}/ process {id}, log {}", index + 1, node.address, node.log.display())
        };
        self.all.iter().enumerate().map(line).collect()
    }

    /// Starts again whichever ends. Comes back only if that is not possible.
    pub(crate) async fn keep_alive(&self, after: Duration) -> anyhow::Error {
        loop {
            for (index, node) in self.all.iter().enumerate() {
                if let Err(error) = self.look(index + 1, node, after) {
                    return error;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn look(&self, number: usize, node: &Node, after: Duration) -> Result<()> {
        let mut state = node.state();
        match &mut *state {
            State::Running(process) => {
                if let Some(status) = process.status() {
                    say(&format!("node {number} has ended ({status})"));
                    *state = State::Ended(Instant::now() + after);
                }
            }
            State::Ended(until) if Instant::now() >= *until => {
                let process = self.launch(node)?;
                say(&format!("node {number} is started again, process {}", process.id()));
                *state = State::Running(process);
            }
            State::Ended(_) => {}
        }
        Ok(())
    }

    /// Ends all of them at the same time.
    pub(crate) async fn end(&self, within: Duration) {
        let mut ending = tokio::task::JoinSet::new();
        for node in &self.all {
            let state = std::mem::replace(&mut *node.state(), State::Ended(Instant::now()));
            if let State::Running(process) = state {
                ending.spawn(process.terminate(within));
            }
        }
        ending.join_all().await;
    }

    fn launch(&self, node: &Node) -> Result<Process> {
        let log = OpenOptions::new().create(true).append(true).open(&node.log).context("no log for a node")?;
        let mut command = Command::new(&self.binary);
        command.args(["--bind", &node.address.to_string(), "--node-name", &node.name, "--auth-disabled"]);
        // All clients come from one address, the balancer's.
        command.args(["--handshakes-per-second", "0", "--drain-ms", "2000"]);
        command.env("REDIS_URL", &self.redis).stdout(log.try_clone()?).stderr(log);
        Process::start("a node", &mut command)
    }
}

impl Node {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}
