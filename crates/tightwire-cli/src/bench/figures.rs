//! What is measured.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Three digits of each value are kept.
const DIGITS: u8 = 3;

/// Times, in microseconds.
#[derive(Debug)]
pub(super) struct Times(Histogram<u64>);

impl Times {
    pub(super) fn new() -> Self {
        // An hour is more than anything takes; `new_with_bounds` fails for bounds that make no sense only.
        Self(Histogram::new_with_bounds(1, 3_600_000_000, DIGITS).expect("the bounds make sense"))
    }

    pub(super) fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// The percentiles, if anything was recorded.
    pub(super) fn percentiles(&self) -> Option<Percentiles> {
        let histogram = &self.0;
        (!histogram.is_empty()).then(|| Percentiles {
            count: histogram.len(),
            mean: histogram.mean().round() as u64,
            p50: histogram.value_at_quantile(0.5),
            p90: histogram.value_at_quantile(0.9),
            p99: histogram.value_at_quantile(0.99),
            p99_9: histogram.value_at_quantile(0.999),
            max: histogram.max(),
        })
    }
}

/// Times of a distribution, in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Percentiles {
    pub(super) count: u64,
    pub(super) mean: u64,
    pub(super) p50: u64,
    pub(super) p90: u64,
    pub(super) p99: u64,
    pub(super) p99_9: u64,
    pub(super) max: u64,
}

/// What happened to the frames of one message.
#[derive(Debug)]
pub(super) struct PerKind {
    pub(super) sent: u64,
    pub(super) answered: u64,
    pub(super) refused: u64,
    pub(super) latency: Times,
}

impl PerKind {
    pub(super) fn new() -> Self {
        Self { sent: 0, answered: 0, refused: 0, latency: Times::new() }
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub(super) struct Figures {
    /// How many connections there were when the measurement began.
    pub(super) opened: usize,
    /// How long it took to open them.
    pub(super) opening: Duration,
    /// How many handshakes were answered with 429.
    pub(super) limited: u64,
    /// For how long frames were sent.
    pub(super) elapsed: Duration,
    pub(super) sent: u64,
    pub(super) sent_bytes: u64,
    /// Frames that were due, and not sent: the connection was gone, or took nothing any more.
    pub(super) unsent: u64,
    pub(super) received: u64,
    pub(super) received_bytes: u64,
    /// Frames to many.
    pub(super) broadcasts: u64,
    /// Frames that are not what the contract says.
    pub(super) unknown: u64,
    /// Frames that were to be answered and were not, in time.
    pub(super) unanswered: u64,
    /// From the time at which the frame should have been sent to its reply.
    pub(super) latency: Times,
    /// From the time at which a frame should have been sent to the time at which it was: the generator's own fault.
    pub(super) late: Times,
    /// From the time at which a frame should have been sent to the arrival of what others get because of it; of frames to
    /// many that are not because of ours, from the time that they say they were made.
    pub(super) lag: Times,
    pub(super) kinds: Vec<PerKind>,
    /// Error frames by code.
    pub(super) errors: BTreeMap<String, u64>,
    /// Ends of connections by close code; 1006 without one.
    pub(super) closes: BTreeMap<u16, u64>,
}

impl Figures {
    pub(super) fn new(kinds: usize) -> Self {
        Self {
            opened: 0,
            opening: Duration::ZERO,
            limited: 0,
            elapsed: Duration::ZERO,
            sent: 0,
            sent_bytes: 0,
            unsent: 0,
            received: 0,
            received_bytes: 0,
            broadcasts: 0,
            unknown: 0,
            unanswered: 0,
            latency: Times::new(),
            late: Times::new(),
            lag: Times::new(),
            kinds: (0..kinds).map(|_| PerKind::new()).collect(),
            errors: BTreeMap::new(),
            closes: BTreeMap::new(),
        }
    }

    /// How many replies came.
    pub(super) fn answered(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.answered).sum()
    }

    /// Everything that should not have been: error frames, closes, frames that the contract does not have, missing replies.
    pub(super) fn failures(&self) -> u64 {
        self.errors.values().chain(self.closes.values()).sum::<u64>() + self.unknown + self.unanswered + self.unsent
    }
}
