//! What was published to the topics of a shard and is not written yet.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use tightwire_proto::frame::OutboundFrame;
use tracing::Span;

use crate::clock;

/// Who publishes beyond these bounds writes what waits itself, instead of leaving it to the shard's flusher: so nothing
/// piles up, and whoever publishes faster than sockets can be written to is slowed down to their pace.
const MAX_FRAMES: usize = 128;
const MAX_BYTES: usize = 256 * 1024;

/// What was published to the topics of a shard and is not written yet, in the order in which it was published.
#[derive(Debug, Default)]
pub(super) struct Pending {
    frames: Vec<OutboundFrame>,
    bytes: usize,
    /// When the first of the frames was published.
    since: Option<Instant>,
    /// Within which spans they were, where that is traced.
    spans: Vec<Span>,
    /// Whether frames were taken that are not all written yet.
    taken: bool,
    /// Whether a flusher is at work or about to be.
    flushing: bool,
}

/// What a publisher has to do about what waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    /// Nothing: a flusher is at work.
    None,
    /// To start a flusher.
    Start,
    /// To write what waits itself.
    Flush,
}

/// What [`Pending::take`] took.
#[derive(Debug)]
pub(super) struct Taken {
    /// When the first frame was published.
    pub(super) since: Instant,
    /// Within which spans the frames were published, where that is traced.
    pub(super) spans: Vec<Span>,
    pub(super) batches: Vec<Batch>,
}

/// Frames of one topic that are written together.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) frames: Vec<OutboundFrame>,
    /// The same as they go over the wire, where there are several.
    joined: Vec<u8>,
}

impl Pending {
    /// Appends a frame that was published within `span`.
    pub(super) fn push(&mut self, frame: OutboundFrame, span: Span) -> Duty {
        if !span.is_none() {
            self.spans.push(span);
        }
        self.since.get_or_insert_with(clock::now);
        self.bytes += frame.wire().len();
        self.frames.push(frame);
        if self.frames.len() >= MAX_FRAMES || self.bytes >= MAX_BYTES {
            Duty::Flush
        } else if self.flushing {
            Duty::None
        } else {
            self.flushing = true;
            Duty::Start
        }
    }

    /// Takes everything, topic by topic. The order of a topic's frames stays. Until [`Self::finish`] they count as not
    /// written.
    pub(super) fn take(&mut self) -> Option<Taken> {
        let since = self.since.take()?;
        self.bytes = 0;
        self.taken |= !self.frames.is_empty();
        let mut batches = Vec::<Batch>::new();
        for frame in self.frames.drain(..) {
            let of_topic = |batch: &&mut Batch| *batch.topic() == frame.tag().topic;
            match batches.iter_mut().find(of_topic) {
                Some(batch) => batch.frames.push(frame),
                None => batches.push(Batch { frames: vec![frame], joined: Vec::new() }),
            }
        }
        for batch in &mut batches {
            batch.join();
        }
        Some(Taken { since, spans: mem::take(&mut self.spans), batches })
    }

    /// What was taken is written, or waits in its receivers' own queues.
    pub(super) fn finish(&mut self) {
        self.taken = false;
    }

    /// Whether everything that was ever published is written, or waits in its receivers' own queues.
    pub(super) fn is_written(&self) -> bool {
        self.frames.is_empty() && !self.taken
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The flusher ends; the next publisher starts one.
    pub(super) fn rest(&mut self) {
        self.flushing = false;
    }
}

impl Batch {
    pub(super) fn topic(&self) -> &Arc<str> {
        &self.frames[0].tag().topic
    }

    /// All frames, one after the other, as they go over the wire.
    pub(super) fn wire(&self) -> &[u8] {
        if self.joined.is_empty() { self.frames[0].wire() } else { &self.joined }
    }

    /// Copies the frames together, once for all subscribers: one piece is written faster than many.
    fn join(&mut self) {
        if self.frames.len() > 1 {
            let wires = self.frames.iter().map(OutboundFrame::wire);
            self.joined = wires.collect::<Vec<_>>().concat();
        }
    }
}
