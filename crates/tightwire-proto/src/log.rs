//! The logs of topics: the newest replayable frames, with dense positions.
//!
//! A broker keeps [`Logs`] and appends to them in the same step in which it hands the frame to the subscribers. What a
//! topic may keep is its [`Retention`]; what all topics together may keep is for the broker to see to, which asks for the
//! oldest frames of the topic that nobody has published to for longest.

mod many;
mod topic;

use std::sync::Arc;
use std::time::Duration;

use crate::contract::Limits;
use crate::frame::OutboundFrame;

pub use many::{Logs, Totals};
pub use topic::ReplayLog;

/// What is kept of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How many frames.
    pub frames: usize,
    /// For how long.
    pub age: Duration,
    /// In how much memory.
    pub bytes: usize,
}

impl Retention {
    /// As many frames and as long as the limits say, in so much memory.
    #[must_use]
    pub fn new(limits: &Limits, bytes: u64) -> Self {
        Self {
            frames: usize::try_from(limits.replay_frames).unwrap_or(usize::MAX),
            age: Duration::from_millis(limits.replay_age_ms),
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
        }
    }
}

/// What a topic's log has after a position.
#[derive(Clone, Debug)]
pub enum Replay {
    /// Everything, oldest first.
    Complete(Vec<OutboundFrame>),
    /// Not everything: nothing is replayed, and the client is told so.
    Gap(Gap),
}

/// What a log still has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The log's epoch.
    pub epoch: Arc<str>,
    /// The oldest position that is still kept; 0 for none.
    pub oldest: u64,
    /// The newest position; 0 for none.
    pub latest: u64,
}
