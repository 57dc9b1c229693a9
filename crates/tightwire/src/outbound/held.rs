//! Live frames that have to wait for something else to be queued first.

use std::sync::Arc;

use tightwire_proto::frame::{OutboundFrame, Position};

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
