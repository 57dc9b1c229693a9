//! The frames of one connection that wait for their reply.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A frame that was sent and is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// Its number. Later frames have larger ones.
    pub(super) number: u64,
    /// Which message it is, as an index into the plan's.
    pub(super) kind: usize,
    /// When it should have been sent: a generator or a server that is late makes replies late.
    pub(super) intended: Instant,
}

/// What is in flight, oldest first. Those that were answered out of order leave a hole until they are the oldest.
#[derive(Debug, Default)]
pub(super) struct Flight(VecDeque<(Sent, bool)>);

impl Flight {
    /// A frame was sent.
    pub(super) fn push(&mut self, sent: Sent) {
        self.0.push_back((sent, true));
    }

    /// The frame of that number was answered. None if it is not waited for, or not any more.
    pub(super) fn answered(&mut self, number: u64) -> Option<Sent> {
        let at = self.0.binary_search_by_key(&number, |(sent, _)| sent.number).ok()?;
        self.take(at)
    }

    /// The oldest frame that such a reply can answer was answered.
    pub(super) fn answered_by(&mut self, may_be: impl Fn(&Sent) -> bool) -> Option<Sent> {
        let at = self.0.iter().position(|(sent, waits)| *waits && may_be(sent))?;
        self.take(at)
    }

    /// Takes out what was to be sent before `deadline - patience` and is not answered; says how many those are.
    pub(super) fn give_up(&mut self, now: Instant, patience: Duration) -> u64 {
        let mut given_up = 0;
        while self.0.front().is_some_and(|(sent, _)| now.saturating_duration_since(sent.intended) >= patience) {
            given_up += u64::from(self.0.pop_front().is_some_and(|(_, waits)| waits));
        }
        given_up
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.0.iter().filter(|(_, waits)| *waits).count()
    }

    fn take(&mut self, at: usize) -> Option<Sent> {
        let (sent, waits) = self.0.get_mut(at)?;
        let found = std::mem::take(waits).then_some(*sent);
        while self.0.front().is_some_and(|(_, waits)| !waits) {
            self.0.pop_front();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_come_in_any_order_and_once() {
        let start = Instant::now();
        let mut flight = Flight::default();
        for (number, kind) in [(3, 0), (5, 1), (8, 0), (9, 1)] {
            flight.push(Sent { number, kind, intended: start + Duration::from_secs(number) });
        }
        assert_eq!(flight.answered(5).map(|sent| sent.number), Some(5));
        assert_eq!((flight.answered(5), flight.answered(4), flight.answered(99)), (None, None, None));
        assert_eq!(flight.answered_by(|sent| sent.kind == 1).map(|sent| sent.number), Some(9));
        assert_eq!(flight.len(), 2);
        // 3 is too old, 5 is a hole, 8 is not old enough.
        assert_eq!(flight.give_up(start + Duration::from_secs(17), Duration::from_secs(10)), 1);
        assert_eq!(flight.answered(8).map(|sent| sent.kind), Some(0));
        assert_eq!((flight.len(), flight.0.len()), (0, 0));
    }
}
