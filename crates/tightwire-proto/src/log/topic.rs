//! The log of one topic.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use uuid::Uuid;

use super::{Gap, Replay, Retention};
use crate::envelope::Publication;
use crate::frame::{OutboundFrame, Position};
use crate::inbound::ReplayStart;

/// What a frame takes in the log beside itself: a slot, and another that a growing list has in reserve.
const SLOT: usize = 2 * size_of::<(Instant, OutboundFrame)>();

/// The newest replayable frames of a topic.
///
/// A log without frames still knows its position, so that whoever comes back with it has missed nothing.
#[derive(Debug)]
pub struct ReplayLog {
    epoch: Arc<str>,
    /// The position of the newest frame, kept or not; 0 before the first.
    latest: u64,
    /// The `id` of that frame.
    latest_id: Option<Uuid>,
    /// Oldest first, dense, ending at `latest`.
    frames: VecDeque<(Instant, OutboundFrame)>,
    /// The memory that the frames take.
    bytes: usize,
}

impl ReplayLog {
    /// An empty log.
    #[must_use]
    pub fn new(epoch: Arc<str>) -> Self {
        Self { epoch, latest: 0, latest_id: None, frames: VecDeque::new(), bytes: 0 }
    }

    /// Gives the publication the next position and keeps it.
    pub fn append(&mut self, publication: Publication, retention: &Retention, now: Instant) -> OutboundFrame {
        self.latest += 1;
        let frame = publication.finish(Some(self.position()));
        self.latest_id = Some(frame.id());
        self.bytes += cost(&frame);
        self.frames.push_back((now, frame.clone()));
        self.expire(retention, now);
        frame
    }

    /// Everything after `start`, or a gap.
    ///
    /// A start in another epoch, in the future, or at a frame that is no longer kept is a gap; the newest frame is known
    /// even when it is not kept.
    pub fn after(&mut self, start: &ReplayStart, retention: &Retention, now: Instant) -> Replay {
        self.expire(retention, now);
        let seen = match start {
            ReplayStart::Position(position) if *position.epoch == *self.epoch => Some(position.seq),
            ReplayStart::Position(_) => None,
            ReplayStart::FrameId(id) if self.latest_id == Some(*id) => Some(self.latest),
            ReplayStart::FrameId(id) => self
                .frames
                .iter()
                .rfind(|(_, frame)| frame.id() == *id)
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

    /// How many frames are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether no frame is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The memory that the frames take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the oldest frame that is kept was published.
    #[must_use]
    pub fn oldest(&self) -> Option<Instant> {
        self.frames.front().map(|(at, _)| *at)
    }

    /// Forgets the oldest frame.
    pub fn forget_oldest(&mut self) {
        if let Some((_, frame)) = self.frames.pop_front() {
            self.bytes -= cost(&frame);
        }
        // No more slots than are counted.
        if self.frames.capacity() > 4 * self.frames.len() {
            self.frames.shrink_to(2 * self.frames.len());
        }
    }

    fn gap(&self) -> Gap {
        let kept = self.frames.len() as u64;
        let oldest = if kept == 0 { 0 } else { self.latest - kept + 1 };
        Gap { epoch: Arc::clone(&self.epoch), oldest, latest: self.latest }
    }

    fn expire(&mut self, retention: &Retention, now: Instant) {
        while self.frames.len() > retention.frames
            || self.bytes > retention.bytes
            || self.oldest().is_some_and(|at| now.duration_since(at) > retention.age)
        {
            self.forget_oldest();
        }
    }
}

/// What keeping a frame costs.
fn cost(frame: &OutboundFrame) -> usize {
    frame.memory() + SLOT
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::contract::Delivery;
    use crate::envelope::{Head, Stamp};
    use crate::inbound::StreamPosition;

    const RETENTION: Retention = Retention { frames: 3, age: Duration::from_secs(10), bytes: 1 << 20 };

    fn id(number: u64) -> Uuid {
        Uuid::from_u128(number.into())
    }

    /// A log that keeps 3 frames for 10 s, with 5 frames in it, one per second.
    fn log(start: Instant) -> ReplayLog {
        let mut log = ReplayLog::new("e1".into());
        for number in 1..=5 {
            let head = Head {
                stamp: Stamp { id: id(number), unix_ms: 0, correlation_id: Uuid::nil() },
                wire_type: "note".into(),
                topic: "a".into(),
                delivery: Delivery::Durable,
                heartbeat: false,
            };
            let publication = Publication::new(head, &json!({})).expect("encodes");
            let frame = log.append(publication, &RETENTION, start + Duration::from_secs(number));
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
        let found = match log(began).after(start, &RETENTION, began + Duration::from_secs(seconds)) {
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
        // Whoever has seen the newest has missed nothing, whether it is kept or not.
        check(&at("e1", 5), 60, Ok(&[]));
        check(&ReplayStart::FrameId(id(5)), 60, Ok(&[]));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let now = Instant::now();
        let (mut log, one) = (log(now), log(now).bytes() / 3);
        assert_eq!((log.len(), log.bytes()), (3, 3 * one));
        let retention = Retention { bytes: 2 * one, ..RETENTION };
        let found = log.after(&at("e1", 2), &retention, now);
        assert!(matches!(found, Replay::Gap(Gap { oldest: 4, latest: 5, .. })), "{found:?}");
        assert_eq!((log.len(), log.bytes()), (2, 2 * one));
    }
}
