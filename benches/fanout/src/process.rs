//! A server's process: started on its core, watched through `/proc`, ended when it is dropped.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::cores::Cores;

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(20);

pub(crate) struct Process(Child);

impl Process {
    /// Starts a command on the first core.
    pub(crate) fn start(cores: &Cores, command: &mut Command) -> anyhow::Result<Self> {
        // A child runs where the thread runs that starts it.
        cores.pin_to_first()?;
        let child = command.spawn();
        cores.pin_to_second()?;
        Ok(Self(child.with_context(|| format!("{command:?} cannot be started"))?))
    }

    /// Connects as soon as the server listens.
    pub(crate) fn connect(&mut self, address: SocketAddr) -> anyhow::Result<TcpStream> {
        let deadline = Instant::now() + START;
        loop {
            if let Some(status) = self.0.try_wait()? {
                bail!("the server has ended: {status}");
            }
            match TcpStream::connect(address) {
                Ok(stream) => return Ok(stream),
                Err(error) if Instant::now() > deadline => return Err(error).context("the server does not listen"),
                Err(_) => sleep(Duration::from_millis(20)),
            }
        }
    }

    /// The CPU time of all its threads so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut total = 0;
        for task in fs::read_dir(self.proc("task"))? {
            // A thread may end while its file is being looked for.
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
            total += text.split(' ').next().and_then(|text| text.parse::<u64>().ok()).context("schedstat is odd")?;
        }
        Ok(Duration::from_nanos(total))
    }

    /// Its resident memory, in bytes.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let text = fs::read_to_string(self.proc("status"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("there is no VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().context("VmRSS is odd")?;
        Ok(kib * 1024)
    }

    /// How many files and sockets it has open.
    pub(crate) fn files(&self) -> anyhow::Result<usize> {
        Ok(fs::read_dir(self.proc("fd"))?.count())
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.0.id()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
