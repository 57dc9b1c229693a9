//! The log of a topic: the newest replayable frames, with dense positions.
//!
//! A broker keeps one per topic and appends to it in the same step in which it hands the frame to the subscribers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::contract::Limits;
use crate::envelope::Publication;
use crate::frame::{OutboundFrame, Position};
use crate::inbound::ReplayStart;

/// The newest replayable frames of a topic.
#[derive(Debug)]
pub struct ReplayLog {
    epoch: Arc<str>,
    /// The position of the newest frame, kept or not; 0 before the first.
    latest: u64,
    /// Oldest first, dense, ending at `latest`.
    frames: VecDeque<(Instant, OutboundFrame)>,
    max_frames: usize,
    max_age: Duration,
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

impl ReplayLog {
    /// An empty log.
    #[must_use]
    pub fn new(epoch: Arc<str>, limits: &Limits) -> Self {
        Self {
            epoch,
            latest: 0,
            frames: VecDeque::new(),
            max_frames: usize::try_from(limits.replay_frames).unwrap_or(usize::MAX),
            max_age: Duration::from_millis(limits.replay_age_ms),
        }
    }

    /// Gives the publication the next position and keeps it.
    pub fn append(&mut self, publication: Publication, now: Instant) -> OutboundFrame {
        self.latest += 1;
        let frame = publication.finish(Some(self.position()));
        self.frames.push_back((now, frame.clone()));
        self.expire(now);
        frame
    }

    /// Everything after `start`, or a gap.
    ///
    /// A start in another epoch, in the future, or at a frame that is no longer kept is a gap.
    pub fn after(&mut self, start: &ReplayStart, now: Instant) -> Replay {
        self.expire(now);
        let seen = match start {
            ReplayStart::Position(position) if *position.epoch == *self.epoch => Some(position.seq),
            ReplayStart::Position(_) => None,
            ReplayStart::FrameId(id) => self
                .frames
                .iter()
                .find(|(_, frame)| frame.id() == *id)
                .and_then(|(_, frame)| frame.position())
                .map(|position| position.seq),
        };
        match seen.and_then(|seen| self.latest.checked_sub(seen)) {
            Some(missed) if missed <= self.frames.len() as u64 => {
                let skip = self.frames.len() - missed as usize;
                Replay::Complete(self.frames.iter().skip(skip).map(|(_, frame)| frame.clone()).collect())
            }
            _ => Replay::Gap(self.gap()),
        }
    }

    /// The position of the newest frame.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { epoch: Arc::clone(&self.epoch), seq: self.latest }
    }

    fn gap(&self) -> Gap {
        let kept = self.frames.len() as u64;
        let oldest = if kept == 0 { 0 } else { self.latest - kept + 1 };
        Gap { epoch: Arc::clone(&self.epoch), oldest, latest: self.latest }
    }

    fn expire(&mut self, now: Instant) {
        while self.frames.len() > self.max_frames
            || self.frames.front().is_some_and(|(at, _)| now.duration_since(*at) > self.max_age)
        {
            self.frames.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::contract::Delivery;
    use crate::envelope::{Head, Stamp};
    use crate::inbound::StreamPosition;

    fn id(number: u64) -> Uuid {
        Uuid::from_u128(number.into())
    }

    /// A log that keeps 3 frames for 10 s, with 5 frames in it, one per second.
    fn log(start: Instant) -> ReplayLog {
        let limits = Limits { replay_frames: 3, replay_age_ms: 10_000, ..Limits::DEFAULT };
        let mut log = ReplayLog::new("e1".into(), &limits);
        for number in 1..=5 {
            let head = Head {
                stamp: Stamp { id: id(number), unix_ms: 0, correlation_id: Uuid::nil() },
                wire_type: "note".into(),
                topic: "a".into(),
                delivery: Delivery::Durable,
                heartbeat: false,
            };
            let publication = Publication::new(head, &json!({})).expect("encodes");
            let frame = log.append(publication, start + Duration::from_secs(number));
            assert_eq!(frame.position().map(|position| position.seq), Some(number));
        }
        log
    }

    fn at(epoch: &str, seq: u64) -> ReplayStart {
        ReplayStart::Position(StreamPosition { epoch: epoch.to_owned(), seq })
    }

    #[track_caller]
    fn check(start: &ReplayStart, seconds: u64, expected: Result<&[u64], (u64, u64)>) {
        let began = Instant::now();
        let found = match log(began).after(start, began + Duration::from_secs(seconds)) {
            Replay::Complete(frames) => {
                Ok(frames.iter().filter_map(|frame| Some(frame.position()?.seq)).collect::<Vec<_>>())
            }
            Replay::Gap(gap) => Err((gap.oldest, gap.latest)),
        };
        assert_eq!(found, expected.map(<[u64]>::to_vec), "{start:?}");
    }

    #[test]
    fn a_replay_is_complete_or_a_gap() {
        check(&at("e1", 5), 5, Ok(&[]));
        check(&at("e1", 3), 5, Ok(&[4, 5]));
        check(&at("e1", 2), 5, Ok(&[3, 4, 5]));
        check(&at("e1", 1), 5, Err((3, 5)));
        check(&at("e1", 0), 5, Err((3, 5)));
        check(&at("e1", 6), 5, Err((3, 5)));
        check(&at("e2", 5), 5, Err((3, 5)));
        check(&ReplayStart::FrameId(id(4)), 5, Ok(&[5]));
        check(&ReplayStart::FrameId(id(1)), 5, Err((3, 5)));
        check(&ReplayStart::FrameId(id(9)), 5, Err((3, 5)));
    }

    #[test]
    fn old_frames_expire() {
        check(&at("e1", 3), 14, Ok(&[4, 5]));
        check(&at("e1", 3), 15, Err((5, 5)));
        check(&at("e1", 4), 60, Err((0, 5)));
        check(&at("e1", 5), 60, Ok(&[]));
    }
}
