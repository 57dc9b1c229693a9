//! Live frames that have to wait for something else to be queued first.

use std::sync::Arc;

use tightwire_proto::frame::{OutboundFrame, Position};
use uuid::Uuid;

use super::{Outbound, State};

/// Live frames of what is just being subscribed to: they follow the reply or the replay.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Those that a client is just being given; or the groups that a handler has joined so far.
    topics: Vec<Arc<str>>,
    frames: Vec<OutboundFrame>,
    bytes: usize,
}

impl Held {
    /// Holds the topic's frames from now on.
    fn add_topic(&mut self, topic: &Arc<str>) {
        self.topics.push(Arc::clone(topic));
    }

    /// Takes a topic and its frames out.
    fn take_topic(&mut self, topic: &str) -> Self {
        let is_its = |held: &str| *held == *topic;
        let topics = self.topics.extract_if(.., |held| is_its(held)).collect();
        let frames = self.frames.extract_if(.., |frame| is_its(&frame.tag().topic)).collect();
        let mut taken = Self { topics, frames, bytes: 0 };
        taken.count_bytes();
        self.bytes -= taken.bytes;
        taken
    }

    /// Forgets the frames up to and with the one of that id. None, if there is no such frame.
    fn forget_until(&mut self, id: Uuid) {
        if let Some(index) = self.frames.iter().position(|frame| frame.id() == id) {
            self.frames.drain(..=index);
            self.count_bytes();
        }
    }

    fn count_bytes(&mut self) {
        self.bytes = self.frames.iter().map(|frame| frame.wire().len()).sum();
    }

    /// Whether frames of this topic are held.
    pub(super) fn holds(&self, topic: &Arc<str>) -> bool {
        self.topics.contains(topic)
    }

    fn push(&mut self, frame: OutboundFrame) {
        self.bytes += frame.wire().len();
        self.frames.push(frame);
    }

    /// How many frames and bytes there are.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.frames.len(), self.bytes)
    }

    /// The frames, without what lies at or before this position. That goes for gaps as well: the client was told of them, or
    /// has what is missing there. And it goes for former epochs: the client is told no more of them once it is in the next.
    fn into_frames_after(self, after: Option<&Position>) -> impl Iterator<Item = OutboundFrame> {
        let is_told = move |position: &Position| {
            after.is_some_and(|after| after.epoch == position.epoch && position.seq <= after.seq)
        };
        let newest = self.frames.iter().rposition(|frame| frame.position().is_some_and(is_told)).unwrap_or(0);
        let is_former = move |index, position: &Position| {
            index < newest && after.is_some_and(|after| after.epoch != position.epoch)
        };
        let stays = move |(index, frame): &(usize, OutboundFrame)| {
            !frame.position().is_some_and(|position| is_told(position) || is_former(*index, position))
        };
        self.frames.into_iter().enumerate().filter(stays).map(|(_, frame)| frame)
    }
}

impl Outbound {
    /// Holds the topic's live frames back until [`Self::release`].
    pub(crate) fn hold(&self, topic: &Arc<str>) {
        self.lock().held.get_or_insert_default().add_topic(topic);
    }

    /// Forgets what was held back of a topic: the client has left it again, or has not got it after all.
    pub(crate) fn unhold(&self, topic: &str) {
        if let Some(held) = &mut self.lock().held {
            held.take_topic(topic);
        }
    }

    /// Sends all that was held back.
    pub(crate) fn release_all(&self) {
        let mut state = self.lock();
        let Some(held) = state.held.take() else { return };
        self.send_held(&mut state, *held, None);
    }

    /// Sends what was held back of a topic, without what lies at or before `after`: the client has it already.
    pub(crate) fn release(&self, topic: &str, after: Option<&Position>) {
        let mut state = self.lock();
        let Some(held) = &mut state.held else { return };
        let released = held.take_topic(topic);
        if held.topics.is_empty() {
            state.held = None;
        }
        self.send_held(&mut state, released, after);
    }

    fn send_held(&self, state: &mut State, held: Held, after: Option<&Position>) {
        for frame in held.into_frames_after(after) {
            self.push(state, frame);
        }
        self.task.wake();
    }

    /// Forgets what was held back up to and with that frame, if it is there.
    pub(crate) fn forget_held_until(&self, id: Uuid) {
        if let Some(held) = &mut self.lock().held {
            held.forget_until(id);
        }
    }

    /// Keeps a live frame for [`Self::release`]. False if the client will not get it.
    pub(super) fn hold_back(&self, state: &mut State, frame: &OutboundFrame) -> bool {
        let Some(held) = &mut state.held else { return self.push(state, frame.clone()) };
        held.push(frame.clone());
        let fits = state.queue.fits_with(held.size());
        if !fits {
            self.overflow(state);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use tightwire_proto::contract::Delivery;
    use tightwire_proto::log::Gap;
    use tightwire_proto::session::Voice;

    use super::*;
    use crate::clock;
    use crate::fixture::{CONTRACT, publication};

    /// Holds frames 3 to 6 of the epoch `e`, does something to them, and looks what is left after a position.
    #[track_caller]
    fn check(change: impl FnOnce(&mut Held), after: Option<(&str, u64)>, expected: &[u64]) {
        let mut held = Held::default();
        for seq in 3..=6 {
            let position = Position { epoch: "e".into(), seq };
            held.push(publication("a", Delivery::Durable, "").finish(Some(position)));
        }
        change(&mut held);
        assert_eq!(held.size(), (held.frames.len(), held.frames.iter().map(|frame| frame.wire().len()).sum()));
        let after = after.map(|(epoch, seq)| Position { epoch: epoch.into(), seq });
        let left = held.into_frames_after(after.as_ref());
        let left: Vec<u64> = left.map(|frame| frame.position().expect("a position").seq).collect();
        assert_eq!(left, expected);
    }

    #[test]
    fn gaps_up_to_where_the_client_is_are_left_out() {
        let gap = |epoch: &str, latest| {
            let (stamp, gap) = (clock::stamp(None), Gap { epoch: epoch.into(), oldest: 0, latest });
            Voice::new(&CONTRACT).say_gap(&"a".into(), stamp, &gap).expect("there is a message for it")
        };
        let all = |held: &mut Held| [gap("e", 4), gap("e", 5), gap("f", 0)].into_iter().for_each(|gap| held.push(gap));
        check(all, Some(("e", 4)), &[5, 6, 5, 0]);
        check(all, None, &[3, 4, 5, 6, 4, 5, 0]);
        check(all, Some(("f", 0)), &[]);
        let both = |held: &mut Held| [gap("f", 0), gap("g", 0)].into_iter().for_each(|gap| held.push(gap));
        check(both, Some(("f", 2)), &[0]);
        check(both, Some(("e", 9)), &[0, 0]);
    }

    #[test]
    fn what_the_client_has_is_left_out() {
        check(|_| {}, None, &[3, 4, 5, 6]);
        check(|_| {}, Some(("e", 4)), &[5, 6]);
        check(|_| {}, Some(("e", 2)), &[3, 4, 5, 6]);
        check(|_| {}, Some(("f", 4)), &[3, 4, 5, 6]);
        let until = |index: usize| move |held: &mut Held| held.forget_until(held.frames[index].id());
        check(until(1), None, &[5, 6]);
        check(until(3), None, &[]);
        check(|held| held.forget_until(Uuid::nil()), None, &[3, 4, 5, 6]);
    }
}
