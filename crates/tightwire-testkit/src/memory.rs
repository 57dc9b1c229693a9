//! What a process takes of the machine's memory, as Linux tells it.

use std::fs;
use std::io;

/// What a process takes of the machine's memory, in bytes. The pages of its program do not count: they come from a file,
/// and how many of them are there says nothing about what the process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// What it takes now.
    pub now: u64,
    /// The most that it ever took; about, because the program's pages of now are taken from it.
    pub most: u64,
}

impl Memory {
    /// Of the process with that id.
    ///
    /// # Errors
    /// If there is no such process, or this is not Linux.
    pub fn of(process: u32) -> io::Result<Self> {
        let path = format!("/proc/{process}/status");
        let status = fs::read_to_string(&path)?;
        let value = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
            kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other(format!("{path} has no {key}")))
        };
        Ok(Self { now: value("RssAnon")?, most: value("VmHWM")?.saturating_sub(value("RssFile")?) })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_to_counts() {
        let before = Memory::of(std::process::id()).expect("this process runs");
        let written = vec![1_u8; 32 << 20];
        let after = Memory::of(std::process::id()).expect("this process runs");
        assert!(after.now >= before.now + (30 << 20), "{before:?}, {after:?}");
        assert!(after.most >= after.now / 2);
        drop(written);
        assert!(Memory::of(0).is_err());
    }
}
