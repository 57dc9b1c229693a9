//! The Redis of the system, set as one in earnest: it writes everything to disk and forgets nothing for want of memory.

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::process::Process;
use crate::say;

/// How long it may take to start.
const START: Duration = Duration::from_secs(10);

/// Where it writes what happens to it, in its folder.
const LOG: &str = "redis.log";

/// A Redis server.
#[derive(Debug)]
pub(crate) struct Redis {
    process: Process,
    address: SocketAddr,
    folder: PathBuf,
}

impl Redis {
    /// Starts one on a free port, with its data in a folder.
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("there is no free port")?;
        let address = free.local_addr()?;
        drop(free);
        let process = launch(address, folder)?;
        let mut redis = Self { process, address, folder: folder.to_owned() };
        let deadline = Instant::now() + START;
        while TcpStream::connect(address).await.is_err() {
            if let Some(status) = redis.process.status() {
                let log = std::fs::read_to_string(folder.join(LOG)).unwrap_or_default();
                bail!("redis-server has ended ({status}):\n{log}");
            }
            if Instant::now() > deadline {
                bail!("redis-server does not listen");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(redis)
    }

    /// A line about it.
    pub(crate) fn describe(&self) -> String {
        format!(
            "Redis     redis://{} process {}, data below {}",
            self.address,
            self.process.id(),
            self.folder.display()
        )
    }

    /// Starts it again, with its data, whenever it ends. Comes back only if that is not possible.
    pub(crate) async fn keep_alive(&mut self, after: Duration) -> anyhow::Error {
        loop {
            let status = self.process.ended().await;
            say(&format!("Redis has ended ({status})"));
            tokio::time::sleep(after).await;
            match launch(self.address, &self.folder) {
                Ok(process) => self.process = process,
                Err(error) => return error,
            }
            say(&format!("Redis is started again, process {}", self.process.id()));
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub(crate) async fn end(self, within: Duration) {
        self.process.terminate(within).await;
    }
}

fn launch(address: SocketAddr, folder: &Path) -> Result<Process> {
    let log = OpenOptions::new().create(true).append(true).open(folder.join(LOG)).context("no log for Redis")?;
    let mut command = Command::new("redis-server");
    command.args(["--port", &address.port().to_string(), "--bind", "127.0.0.1", "--save", ""]);
    command.args(["--appendonly", "yes", "--maxmemory-policy", "noeviction"]);
    command.arg("--dir").arg(folder).stdout(log);
    Process::start("redis-server; `make redis-server` installs it", &mut command)
}
