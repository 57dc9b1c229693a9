//! How often what happened in a run.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that everyone who takes part counts up.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Doings {
    pub(crate) acknowledged: Count,
    pub(crate) refused: Count,
    pub(crate) unknown: Count,
    /// Publications that were tried again under the same key.
    pub(crate) retries: Count,
    pub(crate) reconnects: Count,
    /// How often a client was told of a gap.
    pub(crate) gaps: Count,
    /// How often a client stopped reading for a while.
    pub(crate) stalls: Count,
    /// How often a client was told that it cannot have what it missed yet.
    pub(crate) told_later: Count,
}

impl fmt::Display for Doings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, refused, unknown, retries, reconnects, gaps, stalls, told_later } = self;
        let all = [
            ("acknowledged", acknowledged),
            ("refused", refused),
            ("unknown", unknown),
            ("retries", retries),
            ("reconnects", reconnects),
            ("gaps", gaps),
            ("stalls", stalls),
            ("asked to come later", told_later),
        ];
        let all = all.map(|(what, count)| format!("{what} {}", count.get()));
        f.write_str(&all.join(", "))
    }
}
