//! Live frames that have to wait for something else to be queued first.

use std::sync::Arc;

use tightwire_proto::frame::{OutboundFrame, Position};
use uuid::Uuid;

/// Live frames of what is just being subscribed to: they follow the reply or the replay.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// One topic; or the groups that a handler has joined so far.
    topics: Vec<Arc<str>>,
    frames: Vec<OutboundFrame>,
    bytes: usize,
}

impl Held {
    /// Holds the topic's frames from now on.
    pub(super) fn add_topic(&mut self, topic: &Arc<str>) {
        self.topics.push(Arc::clone(topic));
    }

    /// Forgets a topic and its frames.
    pub(super) fn remove_topic(&mut self, topic: &str) {
        self.topics.retain(|held| **held != *topic);
        self.frames.retain(|frame| *frame.tag().topic != *topic);
        self.count_bytes();
    }

    /// Forgets the frames up to and with the one of that id. None, if there is no such frame.
    pub(super) fn forget_until(&mut self, id: Uuid) {
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

    pub(super) fn push(&mut self, frame: OutboundFrame) {
        self.bytes += frame.wire().len();
        self.frames.push(frame);
    }

    /// How many frames and bytes there are.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.frames.len(), self.bytes)
    }

    /// The frames, without what lies at or before this position.
    pub(super) fn into_frames_after(self, after: Option<&Position>) -> impl Iterator<Item = OutboundFrame> {
        self.frames.into_iter().filter(move |frame| {
            !after
                .zip(frame.position())
                .is_some_and(|(after, position)| after.epoch == position.epoch && position.seq <= after.seq)
        })
    }
}

#[cfg(test)]
mod tests {
    use tightwire_proto::contract::Delivery;
    use tightwire_proto::envelope::{Head, Publication, Stamp};

    use super::*;

    /// Holds frames 3 to 6 of the epoch `e`, does something to them, and looks what is left after a position.
    #[track_caller]
    fn check(change: impl FnOnce(&mut Held), after: Option<(&str, u64)>, expected: &[u64]) {
        let mut held = Held::default();
        for seq in 3..=6 {
            let position = Position { epoch: "e".into(), seq };
            held.push(publication(seq).finish(Some(position)));
        }
        change(&mut held);
        assert_eq!(held.size(), (held.frames.len(), held.frames.iter().map(|frame| frame.wire().len()).sum()));
        let after = after.map(|(epoch, seq)| Position { epoch: epoch.into(), seq });
        let left = held.into_frames_after(after.as_ref());
        let left: Vec<u64> = left.map(|frame| frame.position().expect("a position").seq).collect();
        assert_eq!(left, expected);
    }

    fn publication(id: u64) -> Publication {
        let stamp = Stamp { id: Uuid::from_u128(id.into()), unix_ms: 0, correlation_id: Uuid::nil() };
        let head =
            Head { stamp, wire_type: "t".into(), topic: "a".into(), delivery: Delivery::Durable, heartbeat: false };
        Publication::new(head, &serde_json::json!({})).expect("encodes")
    }

    #[test]
    fn what_the_client_has_is_left_out() {
        check(|_| {}, None, &[3, 4, 5, 6]);
        check(|_| {}, Some(("e", 4)), &[5, 6]);
        check(|_| {}, Some(("e", 2)), &[3, 4, 5, 6]);
        check(|_| {}, Some(("f", 4)), &[3, 4, 5, 6]);
        let until = |id: u64| move |held: &mut Held| held.forget_until(Uuid::from_u128(id.into()));
        check(until(4), None, &[5, 6]);
        check(until(6), None, &[]);
        check(until(2), None, &[3, 4, 5, 6]);
    }
}
