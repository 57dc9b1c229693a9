//! A server's process: started on its core, watched through `/proc`, ended when it is dropped.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::cores::Cores;

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(20);

/// A process of a server.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts a command on the first core, and leaves this thread on the second.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(cores: &Cores, command: &mut Command) -> anyhow::Result<Self> {
        // A child runs where the thread runs that starts it.
        cores.pin_to_first()?;
        let started = Self::start_here(command);
        cores.pin_to_second()?;
        started
    }

    /// Starts a command where this thread runs.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_here(command: &mut Command) -> anyhow::Result<Self> {
        Ok(Self(command.spawn().with_context(|| format!("{command:?} cannot be started"))?))
    }

    /// The pipes to it and from it, where there are any.
    pub fn pipes(&mut self) -> (Option<ChildStdin>, Option<ChildStdout>) {
        (self.0.stdin.take(), self.0.stdout.take())
    }

    /// Connects as soon as the server listens.
    ///
    /// # Errors
    /// If it ends instead, or does not listen in time.
    pub fn connect(&mut self, address: SocketAddr) -> anyhow::Result<TcpStream> {
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
    ///
    /// # Errors
    /// If it has ended.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        cpu_of(self.0.id())
    }

    /// Its resident memory, in bytes.
    ///
    /// # Errors
    /// If it has ended.
    pub fn memory(&self) -> anyhow::Result<u64> {
        let text = fs::read_to_string(self.proc("status"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("there is no VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().context("VmRSS is odd")?;
        Ok(kib * 1024)
    }

    /// How many files and sockets it has open.
    ///
    /// # Errors
    /// If it has ended.
    pub fn files(&self) -> anyhow::Result<usize> {
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

/// The CPU time so far of all threads that a process has.
///
/// # Errors
/// If there is no such process.
pub fn cpu_of(id: u32) -> anyhow::Result<Duration> {
    let mut total = 0;
    for task in fs::read_dir(format!("/proc/{id}/task"))? {
        // A thread may end while its file is being looked for.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        total += text.split(' ').next().and_then(|text| text.parse::<u64>().ok()).context("schedstat is odd")?;
    }
    Ok(Duration::from_nanos(total))
}
