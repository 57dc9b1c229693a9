//! What all logs together may keep, and what they do keep.

use std::sync::Arc;

use tightwire_proto::log::Totals;

use crate::metrics::Counters;

/// Stands for "there is no turn".
pub(super) const NONE: u64 = u64::MAX;

/// What all logs together may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Bytes of memory.
    pub(crate) bytes: u64,
    /// Topics, those included whose frames are all forgotten.
    pub(crate) topics: u64,
}

/// What all logs together keep. The sums are among what the server measures.
#[derive(Debug)]
pub(super) struct Budget {
    bounds: Bounds,
    counters: Arc<Counters>,
}

impl Budget {
    pub(super) fn new(bounds: Bounds, counters: Arc<Counters>) -> Self {
        Self { bounds, counters }
    }

    pub(super) fn has_too_many_bytes(&self) -> bool {
        self.counters.replay_bytes.get() > self.bounds.bytes
    }

    pub(super) fn has_too_many_topics(&self) -> bool {
        self.counters.replay_topics.get() > self.bounds.topics
    }

    /// Some of the logs have changed.
    pub(super) fn changed(&self, before: Totals, after: Totals) {
        let Counters { replay_topics, replay_frames, replay_bytes, .. } = &*self.counters;
        replay_topics.change(before.topics as u64, after.topics as u64);
        replay_frames.change(before.frames as u64, after.frames as u64);
        replay_bytes.change(before.bytes as u64, after.bytes as u64);
    }
}
