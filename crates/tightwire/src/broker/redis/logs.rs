//! A topic's log, as far as it was read, and who has what they asked for in it.

use std::sync::Arc;

use tightwire_proto::frame::{OutboundFrame, Position};
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::Gap;
use uuid::Uuid;

use super::history::{Found, Question, Told};
use crate::broker::{Frames, History, Page};

/// A topic's log from somewhere on, page by page.
///
/// A frame never changes, so that what was read stays true for as long as the epoch does, which every page says.
#[derive(Clone, Debug)]
pub(super) struct Log {
    /// What the frames come after. Where all that is kept was asked for that is not known before the first page.
    start: Option<Position>,
    frames: Frames,
    /// Where the topic was when it was last asked about; none before.
    here: Option<Position>,
    newest: Option<Uuid>,
    /// The oldest frame that is kept, where Redis has said so; 0 for none.
    oldest: Option<u64>,
    /// Whether all that is kept was asked for.
    is_all: bool,
    /// Whether what was asked for is there.
    is_there: bool,
}

/// What became of a page.
#[derive(Debug)]
pub(super) enum Turned {
    /// These follow, and whether there are more.
    Page(Vec<OutboundFrame>, bool),
    /// The log does not have what was asked for.
    Missing,
}

impl Log {
    /// A log of which nothing was read.
    pub(super) fn after(start: Option<Position>) -> Self {
        let is_all = start.is_none();
        Self { start, frames: Frames::default(), here: None, newest: None, oldest: None, is_all, is_there: true }
    }

    /// What is to be asked next.
    pub(super) fn question(&self) -> Question<'_> {
        let last = self.frames.newest().and_then(OutboundFrame::position);
        last.or(self.start.as_ref()).map_or(Question::All, Question::After)
    }

    /// Takes note of what was said. The frames are added by [`Self::push`].
    pub(super) fn turn(&mut self, told: Told) -> Turned {
        let Told { position, newest, found, .. } = told;
        let turned = match found {
            Found::Page(frames, has_more) => {
                if self.start.is_none() {
                    let first = frames.first().and_then(OutboundFrame::position).map(|first| first.seq);
                    self.oldest = Some(first.unwrap_or(0));
                    let seq = first.map_or(position.seq, |first| first - 1);
                    self.start = Some(Position { epoch: Arc::clone(&position.epoch), seq });
                }
                Turned::Page(frames, has_more)
            }
            Found::Missing(oldest) => {
                self.oldest = Some(oldest);
                self.frames = Frames::default();
                self.is_there = false;
                Turned::Missing
            }
        };
        self.here = Some(position);
        self.newest = newest;
        turned
    }

    pub(super) fn push(&mut self, page: Page) {
        self.frames.push(page);
    }

    /// Whether somebody who asks for this finds it in what was read and in what has come since.
    pub(super) fn reaches(&self, start: &ReplayStart) -> bool {
        let Some(begin) = self.start.as_ref().filter(|_| self.is_there) else { return false };
        let latest = self.here.as_ref().map_or(begin.seq, |here| here.seq);
        match start {
            ReplayStart::Position(start) => *start.epoch == *begin.epoch && (begin.seq..=latest).contains(&start.seq),
            ReplayStart::FrameId(_) => false,
        }
    }

    /// What somebody who asks for this is told. `None` where the log does not say.
    pub(super) fn answer(&self, start: &ReplayStart) -> Option<History> {
        let here = self.here.as_ref()?;
        let all = |frames| Some(History::Complete(frames));
        let gap = || self.oldest.map(|_| self.gap());
        let position = match start {
            ReplayStart::Position(position) => position,
            ReplayStart::FrameId(id) if self.newest == Some(*id) => return all(Frames::default()),
            ReplayStart::FrameId(id) => {
                return match self.frames.iter().position(|frame| frame.id() == *id) {
                    Some(index) => all(self.frames.without(index + 1)),
                    None if self.is_all => gap(),
                    None => None,
                };
            }
        };
        if *position.epoch != *here.epoch || position.seq > here.seq {
            gap()
        } else if position.seq == here.seq {
            all(Frames::default())
        } else if self.reaches(start) {
            let known = position.seq - self.start.as_ref()?.seq;
            all(self.frames.without(usize::try_from(known).unwrap_or(usize::MAX)))
        } else {
            let is_gone = self.oldest.is_some_and(|oldest| oldest == 0 || position.seq + 1 < oldest);
            is_gone.then(|| self.gap())
        }
    }

    /// That the topic does not have what was asked for.
    pub(super) fn gap(&self) -> History {
        let (epoch, latest) = self.here.as_ref().map(|here| (Arc::clone(&here.epoch), here.seq)).unwrap_or_default();
        History::Gap(Gap { epoch, oldest: self.oldest.unwrap_or(0), latest })
    }

    /// Where the topic is.
    pub(super) fn here(&self) -> Option<&Position> {
        self.here.as_ref()
    }

    /// Whether it has frames that others may want.
    pub(super) fn is_there(&self) -> bool {
        self.is_there
    }
}

#[cfg(test)]
mod tests {
    use tightwire_proto::contract::Delivery;

    use super::super::mark::Mark;
    use super::*;
    use crate::fixture::publication;

    fn at(epoch: &str, seq: u64) -> Position {
        Position { epoch: epoch.into(), seq }
    }

    fn frames(epoch: &str, seqs: std::ops::RangeInclusive<u64>) -> Vec<OutboundFrame> {
        seqs.map(|seq| publication("a", Delivery::Durable, "x").finish(Some(at(epoch, seq)))).collect()
    }

    fn told(position: Position, newest: Option<Uuid>, found: Found) -> Told {
        Told { mark: Mark::default(), position, newest, found }
    }

    /// Reads a page.
    fn turn(log: &mut Log, here: Position, page: Vec<OutboundFrame>) {
        let (newest, has_more) =
            (page.last().map(OutboundFrame::id), page.last().is_some_and(|last| last.position() != Some(&here)));
        match log.turn(told(here, newest, Found::Page(page, has_more))) {
            Turned::Page(frames, _) => log.push(Page::new(frames)),
            Turned::Missing => panic!("it is there"),
        }
    }

    /// In short: the sequence numbers, or the oldest and the newest.
    fn answer(log: &Log, start: impl Into<ReplayStart>) -> Option<Result<Vec<u64>, (u64, u64)>> {
        log.answer(&start.into()).map(|answer| match answer {
            History::Complete(frames) => Ok(frames.map(|frame| frame.position().expect("a position").seq).collect()),
            History::Gap(gap) => Err((gap.oldest, gap.latest)),
        })
    }

    fn after(epoch: &str, seq: u64) -> ReplayStart {
        ReplayStart::Position((&at(epoch, seq)).into())
    }

    #[test]
    fn what_comes_after_a_position_answers_those_who_have_seen_more() {
        let mut log = Log::after(Some(at("e", 3)));
        assert!(matches!(log.question(), Question::After(position) if position.seq == 3));
        turn(&mut log, at("e", 9), frames("e", 4..=6));
        assert!(matches!(log.question(), Question::After(position) if position.seq == 6), "the next page");
        let page = frames("e", 7..=9);
        let id = page[0].id();
        turn(&mut log, at("e", 9), page);
        assert_eq!(answer(&log, after("e", 3)), Some(Ok((4..=9).collect())));
        assert_eq!(answer(&log, after("e", 6)), Some(Ok(vec![7, 8, 9])));
        assert_eq!(answer(&log, after("e", 7)), Some(Ok(vec![8, 9])));
        assert_eq!(answer(&log, after("e", 9)), Some(Ok(vec![])));
        assert_eq!(answer(&log, id), Some(Ok(vec![8, 9])));
        // What is kept before that was not asked.
        for start in [after("e", 2), after("e", 10), after("f", 3), Uuid::nil().into()] {
            assert_eq!(answer(&log, start), None);
        }
    }

    #[test]
    fn all_that_is_kept_answers_everybody() {
        let mut log = Log::after(None);
        assert!(matches!(log.question(), Question::All));
        turn(&mut log, at("e", 9), frames("e", 5..=7));
        assert!(matches!(log.question(), Question::After(position) if position.seq == 7));
        turn(&mut log, at("e", 9), frames("e", 8..=9));
        assert_eq!(answer(&log, after("e", 4)), Some(Ok((5..=9).collect())));
        assert_eq!(answer(&log, after("e", 9)), Some(Ok(vec![])));
        for start in [after("e", 3), after("e", 10), after("f", 9), Uuid::nil().into()] {
            assert_eq!(answer(&log, start), Some(Err((5, 9))));
        }
        let mut empty = Log::after(None);
        turn(&mut empty, at("e", 9), Vec::new());
        assert_eq!(answer(&empty, after("e", 9)), Some(Ok(vec![])));
        assert_eq!(answer(&empty, after("e", 8)), Some(Err((0, 9))));
    }

    #[test]
    fn what_is_lost_between_two_pages_is_a_gap() {
        let mut log = Log::after(Some(at("e", 3)));
        turn(&mut log, at("e", 9), frames("e", 4..=6));
        assert!(matches!(log.turn(told(at("f", 2), None, Found::Missing(1))), Turned::Missing));
        assert_eq!(answer(&log, after("e", 3)), Some(Err((1, 2))));
        assert_eq!(answer(&log, after("e", 5)), Some(Err((1, 2))));
        assert_eq!(answer(&log, after("f", 2)), Some(Ok(vec![])));
        assert_eq!(answer(&log, after("f", 1)), None, "that was not asked for");
        assert!(!log.is_there());
    }

    #[test]
    fn too_old_a_position_is_a_gap_for_whoever_has_seen_as_little() {
        let mut log = Log::after(Some(at("e", 3)));
        log.turn(told(at("e", 9), None, Found::Missing(6)));
        assert_eq!(answer(&log, after("e", 3)), Some(Err((6, 9))));
        assert_eq!(answer(&log, after("e", 4)), Some(Err((6, 9))));
        assert_eq!(answer(&log, after("e", 5)), None, "that is kept");
        assert_eq!(answer(&log, Uuid::nil()), None);
    }
}
