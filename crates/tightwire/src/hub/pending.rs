//! What was published to the topics of a shard and is not written yet.

use std::mem;
use std::time::Instant;

use tightwire_proto::frame::OutboundFrame;
use tracing::Span;

use super::batch::Batch;
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
    /// The number of the first of the frames; those before were taken.
    first: u64,
    /// All frames before this number are written, or wait in their receivers' own queues.
    written: u64,
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

    /// The number of the frame that is published next.
    pub(super) fn next(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    /// Takes everything, topic by topic. The order of a topic's frames stays. Until [`Self::finish`] they count as not
    /// written.
    pub(super) fn take(&mut self) -> Option<Taken> {
        let since = self.since.take()?;
        self.bytes = 0;
        let mut batches = Vec::<Batch>::new();
        for (frame, number) in self.frames.drain(..).zip(self.first..) {
            let of_topic = |batch: &&mut Batch| *batch.topic() == frame.tag().topic;
            match batches.iter_mut().find(of_topic) {
                Some(batch) => batch.push(number, frame),
                None => batches.push(Batch::new(number, frame)),
            }
            self.first = number + 1;
        }
        batches.iter_mut().for_each(Batch::join);
        Some(Taken { since, spans: mem::take(&mut self.spans), batches })
    }

    /// What waits for one topic from this number on, if anything does. It goes on waiting, for others.
    pub(super) fn of(&self, topic: &str, number: u64) -> Option<Batch> {
        let frames = self.frames.iter().zip(self.first..);
        let mut frames = frames.filter(|(frame, own)| *frame.tag().topic == *topic && *own >= number);
        let (first, own) = frames.next()?;
        let mut batch = Batch::new(own, first.clone());
        frames.for_each(|(frame, own)| batch.push(own, frame.clone()));
        batch.join();
        Some(batch)
    }

    /// What was taken is written, or waits in its receivers' own queues.
    pub(super) fn finish(&mut self) {
        self.written = self.first;
    }

    /// Whether everything before this number is written, or waits in its receivers' own queues.
    pub(super) fn is_written_to(&self, number: u64) -> bool {
        self.written >= number
    }

    /// Whether everything that was ever published is written, or waits in its receivers' own queues.
    pub(super) fn is_written(&self) -> bool {
        self.is_written_to(self.next())
    }

    /// The flusher ends; the next publisher starts one.
    pub(super) fn rest(&mut self) {
        self.flushing = false;
    }
}
