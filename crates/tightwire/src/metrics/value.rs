//! The numbers themselves: atomics, each for itself, so relaxed order suffices.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Only goes up.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

/// Goes up and down.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

/// How long things took.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    /// By the first bound that is not exceeded; the last for what exceeds them all.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_ns: AtomicU64,
}

/// Upper bounds of the buckets of all histograms, in microseconds: from a write to a socket to what nobody waits for.
pub(super) const BOUNDS_US: [u64; 19] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000,
];

/// What a histogram holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Distribution {
    /// How many were at most as long as each of [`BOUNDS_US`].
    pub(super) cumulative: [u64; BOUNDS_US.len()],
    /// How many there were.
    pub(super) count: u64,
    /// How long they were together.
    pub(super) sum: Duration,
}

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn increment(&self) {
        self.add(1);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauge {
    pub(crate) fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn decrement(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// A part of what is measured was `before` and is `after`.
    pub(crate) fn change(&self, before: u64, after: u64) {
        self.0.fetch_add(after.wrapping_sub(before), Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Histogram {
    /// Something took `time`.
    pub(crate) fn observe(&self, time: Duration) {
        self.observe_each(time, 1);
    }

    /// `count` things took `time` each.
    pub(crate) fn observe_each(&self, time: Duration, count: u64) {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| bound * 1000 < ns);
        self.buckets[bucket].fetch_add(count, Ordering::Relaxed);
        self.sum_ns.fetch_add(ns.saturating_mul(count), Ordering::Relaxed);
    }

    /// What it holds now. The count is that of the buckets, so that both agree while others add to them.
    pub(crate) fn get(&self) -> Distribution {
        let mut count = 0;
        let mut cumulative = [0; BOUNDS_US.len()];
        for (bucket, at_most) in self.buckets.iter().zip(&mut cumulative) {
            count += bucket.load(Ordering::Relaxed);
            *at_most = count;
        }
        count += self.buckets[BOUNDS_US.len()].load(Ordering::Relaxed);
        Distribution { cumulative, count, sum: Duration::from_nanos(self.sum_ns.load(Ordering::Relaxed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(time: Duration, at_most_us: Option<u64>) {
        let histogram = Histogram::default();
        histogram.observe_each(time, 3);
        let found = histogram.get();
        let first = found.cumulative.iter().position(|&count| count > 0).map(|index| BOUNDS_US[index]);
        assert_eq!((first, found.count, found.sum), (at_most_us, 3, time * 3));
        assert!(found.cumulative.is_sorted());
    }

    #[test]
    fn a_time_counts_in_the_bucket_that_ends_with_it() {
        check(Duration::ZERO, Some(10));
        check(Duration::from_micros(10), Some(10));
        check(Duration::from_nanos(10_001), Some(25));
        check(Duration::from_secs(10), Some(10_000_000));
        check(Duration::from_secs(11), None);
    }
}
