//! A process that this one started, in a group of its own: Ctrl-C reaches this program alone, which ends the others in the
//! order that makes sense.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A process. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a command, called `name` in complaints.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).process_group(0).spawn();
        Ok(Self { child: child.with_context(|| format!("cannot start {name}"))? })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it has ended, if it has.
    pub(crate) fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.status() {
                return status;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Asks it to end as Ctrl-C does, and waits; kills it if it does not.
    pub(crate) async fn interrupt(mut self, within: Duration) {
        self.end_by(Signal::INT, within).await;
    }

    /// Asks it to end, and waits; kills it if it does not.
    pub(crate) async fn terminate(mut self, within: Duration) {
        self.end_by(Signal::TERM, within).await;
    }

    async fn end_by(&mut self, signal: Signal, within: Duration) {
        if self.status().is_some() {
            return;
        }
        // It has not been waited for, so its number is still its own.
        if let Some(id) = i32::try_from(self.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(id, signal);
        }
        let _ = tokio::time::timeout(within, self.ended()).await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.status().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
