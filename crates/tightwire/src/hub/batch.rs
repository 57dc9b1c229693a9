//! Frames of one topic that are written together.

use std::sync::Arc;

use tightwire_proto::frame::OutboundFrame;

/// Frames of one topic that are written together, in the order of their numbers.
#[derive(Debug)]
pub(super) struct Batch {
    frames: Vec<OutboundFrame>,
    /// Their numbers within the shard.
    numbers: Vec<u64>,
    /// The same frames as they go over the wire, where there are several: one piece is written faster than many.
    joined: Vec<u8>,
}

impl Batch {
    pub(super) fn new(number: u64, frame: OutboundFrame) -> Self {
        Self { frames: vec![frame], numbers: vec![number], joined: Vec::new() }
    }

    /// Adds a frame. All have been added before [`Self::join`].
    pub(super) fn push(&mut self, number: u64, frame: OutboundFrame) {
        self.frames.push(frame);
        self.numbers.push(number);
    }

    /// Copies the frames together, once for all subscribers.
    pub(super) fn join(&mut self) {
        if self.frames.len() > 1 {
            self.joined = self.frames.iter().map(OutboundFrame::wire).collect::<Vec<_>>().concat();
        }
    }

    pub(super) fn topic(&self) -> &Arc<str> {
        &self.frames[0].tag().topic
    }

    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// The number of the last frame.
    pub(super) fn last(&self) -> u64 {
        self.numbers[self.numbers.len() - 1]
    }

    /// The frames from this number on, and the same as they go over the wire.
    pub(super) fn since(&self, number: u64) -> (&[OutboundFrame], &[u8]) {
        let skipped = self.numbers.partition_point(|present| *present < number);
        let wire = if self.joined.is_empty() { self.frames[0].wire() } else { &self.joined };
        let bytes: usize = self.frames[..skipped].iter().map(|frame| frame.wire().len()).sum();
        (&self.frames[skipped..], &wire[bytes..])
    }
}
