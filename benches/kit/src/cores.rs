//! The machine: which core a process runs on, and how many files it may open.

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Pins this thread, and every process that it starts from now on, to one of the cores that this process was given. On
/// a machine with one core everything runs there.
#[derive(Debug)]
pub struct Cores(Vec<usize>);

impl Cores {
    /// The cores of this process.
    ///
    /// # Errors
    /// If the system does not tell them.
    pub fn available() -> anyhow::Result<Self> {
        let set = sched_getaffinity(None).context("the cores of this process cannot be read")?;
        Ok(Self((0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The first, for servers.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn pin_to_first(&self) -> anyhow::Result<()> {
        pin(self.0[0])
    }

    /// The second, for the load.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn pin_to_second(&self) -> anyhow::Result<()> {
        pin(self.0[1 % self.0.len()])
    }
}

fn pin(core: usize) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).with_context(|| format!("cannot run on core {core} only"))
}

/// Raises the number of files that may be open to what the system allows.
///
/// # Errors
/// If the system refuses.
pub fn allow_many_files() -> anyhow::Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .context("the limit of open files cannot be raised")
}
