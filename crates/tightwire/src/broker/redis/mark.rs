//! How far a shard is.

use std::cmp::max;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

/// How far a shard is: every publication has a number within a generation, and its entry in the shard's stream is called
/// `<generation>-<number>`. A generation ends where data is lost; the next one is higher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) generation: u64,
    pub(super) number: u64,
}

/// Scripts count exactly up to here.
const MOST: u64 = 1 << 52;

impl Mark {
    /// Reads the name of an entry. None, if no server of ours can have given it.
    pub(super) fn read(entry: &str) -> Option<Self> {
        let (generation, number) = entry.split_once('-')?;
        let mark = Self { generation: generation.parse().ok()?, number: number.parse().ok()? };
        (mark.generation <= MOST && mark.number <= MOST).then_some(mark)
    }

    /// The name of its entry.
    pub(super) fn entry(self) -> String {
        format!("{}-{}", self.generation, self.number)
    }
}

/// What a node knows of a shard.
#[derive(Debug)]
pub(super) struct Shard {
    /// The newest that Redis has ever told of. If it does not know of it later, it has lost something.
    seen: Mutex<Mark>,
    /// The newest publication of this node that Redis has acknowledged, and the id of its frame.
    acknowledged: Mutex<(Mark, Uuid)>,
    /// How far this node has handed frames to its subscribers.
    delivered: watch::Sender<Mark>,
    /// Where the reader has gone on last after what it could not read.
    skipped_to: Mutex<Mark>,
}

impl Shard {
    pub(super) fn new() -> Self {
        Self {
            seen: Mutex::default(),
            acknowledged: Mutex::default(),
            delivered: watch::Sender::default(),
            skipped_to: Mutex::default(),
        }
    }

    pub(super) fn seen(&self) -> Mark {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of what Redis has told.
    pub(super) fn saw(&self, mark: Mark) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = max(*seen, mark);
    }

    /// Takes note of what Redis has published for this node under that name.
    pub(super) fn acknowledges(&self, mark: Mark, id: Uuid) {
        self.saw(mark);
        let mut acknowledged = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        if mark > acknowledged.0 {
            *acknowledged = (mark, id);
        }
    }

    /// The newest publication of this node that Redis has acknowledged, and the id of its frame.
    pub(super) fn acknowledged(&self) -> Option<(Mark, Uuid)> {
        let acknowledged = *self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        (acknowledged.0 > Mark::default()).then_some(acknowledged)
    }

    /// Whether something else has this name now than what this node has published under it: then Redis has lost that.
    pub(super) fn misses(&self, mark: Mark, id: &str) -> bool {
        self.acknowledged().is_some_and(|(name, own)| name == mark && Uuid::try_parse(id) != Ok(own))
    }

    /// Takes note of what was handed to the subscribers.
    pub(super) fn delivered(&self, mark: Mark) {
        self.saw(mark);
        self.delivered.send_if_modified(|delivered| {
            let is_newer = mark > *delivered;
            *delivered = max(*delivered, mark);
            is_newer
        });
    }

    /// The reader goes on from here, without having read all that comes before.
    pub(super) fn skips_to(&self, mark: Mark) {
        *self.skipped_to.lock().unwrap_or_else(PoisonError::into_inner) = mark;
    }

    /// Whether the reader has not read all that comes after this.
    pub(super) fn has_skipped_after(&self, mark: Mark) -> bool {
        *self.skipped_to.lock().unwrap_or_else(PoisonError::into_inner) > mark
    }

    /// Waits until this node has begun to follow the shard. What Redis tells later is not before its beginning.
    pub(super) async fn begins(&self) {
        let mut delivered = self.delivered.subscribe();
        // The sender lives as long as `self`.
        let _ = delivered.wait_for(|delivered| *delivered > Mark::default()).await;
    }

    /// Waits until everything up to this is handed to the subscribers.
    pub(super) async fn delivers(&self, mark: Mark) {
        let mut delivered = self.delivered.subscribe();
        // The sender lives as long as `self`.
        let _ = delivered.wait_for(|delivered| *delivered >= mark).await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn marks_are_the_names_of_entries() {
        let mark = Mark { generation: 1_763_000_000_000, number: 42 };
        assert_eq!(mark.entry(), "1763000000000-42");
        assert_eq!(Mark::read(&mark.entry()), Some(mark));
        for wrong in [
            "",
            "1",
            "1-",
            "-1",
            "a-b",
            "1-2-3",
            "99999999999999999999-0",
            "18446744073709551615-1",
            "1-9007199254740993",
        ] {
            assert_eq!(Mark::read(wrong), None, "{wrong}");
        }
        assert!(Mark { generation: 2, number: 0 } > Mark { generation: 1, number: 9 });
    }

    #[test]
    fn what_was_acknowledged_keeps_its_name() {
        let (shard, id, other) = (Shard::new(), Uuid::from_u128(1), Uuid::from_u128(2));
        let mark = |number| Mark { generation: 1, number };
        assert_eq!(shard.acknowledged(), None);
        assert!(!shard.misses(mark(5), &id.to_string()));
        shard.acknowledges(mark(5), id);
        shard.acknowledges(mark(4), other);
        assert_eq!((shard.acknowledged(), shard.seen()), (Some((mark(5), id)), mark(5)));
        assert!(shard.misses(mark(5), &other.to_string()));
        assert!(!shard.misses(mark(5), &id.to_string()) && !shard.misses(mark(4), &id.to_string()));
    }

    #[test]
    fn what_was_seen_never_goes_back() {
        let shard = Shard::new();
        let mark = |generation, number| Mark { generation, number };
        shard.saw(mark(1, 5));
        shard.saw(mark(1, 3));
        assert_eq!(shard.seen(), mark(1, 5));
        shard.delivered(mark(1, 4));
        assert_eq!(shard.seen(), mark(1, 5));
        assert!(shard.delivers(mark(1, 4)).now_or_never().is_some());
        assert!(shard.delivers(mark(1, 5)).now_or_never().is_none());
        shard.delivered(mark(2, 0));
        assert!(shard.delivers(mark(1, 5)).now_or_never().is_some(), "a later generation is behind it");
    }
}
