//! The token bucket that bounds how many frames a connection may send.

use std::time::{Duration, Instant};

/// Tokens are counted in billionths, so that a token a day is still exact.
const TOKEN: u64 = 1_000_000_000;

/// A bucket of tokens that fills at a steady rate. A frame costs one.
#[derive(Debug)]
pub struct TokenBucket {
    /// In billionths of a token.
    level: u64,
    /// In billionths of a token.
    capacity: u64,
    per_second: u64,
    filled_at: Instant,
}

impl TokenBucket {
    /// A full bucket of `burst` tokens that gains `per_second` of them.
    #[must_use]
    pub fn new(per_second: u64, burst: u64, now: Instant) -> Self {
        let capacity = burst.max(1).saturating_mul(TOKEN);
        Self { level: capacity, capacity, per_second, filled_at: now }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        let passed = u64::try_from(now.duration_since(self.filled_at).as_nanos()).unwrap_or(u64::MAX);
        self.filled_at = now;
        // One token per second is one billionth per nanosecond.
        self.level = self.capacity.min(self.level.saturating_add(passed.saturating_mul(self.per_second)));
        let taken = self.level >= TOKEN;
        if taken {
            self.level -= TOKEN;
        }
        taken
    }
}

/// Lets something through at most once per interval.
#[derive(Debug)]
pub struct Cooldown {
    interval: Duration,
    last: Option<Instant>,
}

impl Cooldown {
    /// The first one passes at once.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self { interval, last: None }
    }

    /// Whether one may pass now.
    pub fn pass(&mut self, now: Instant) -> bool {
        let passes = self.last.is_none_or(|last| now.duration_since(last) >= self.interval);
        if passes {
            self.last = Some(now);
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tries at the given milliseconds with 20 tokens per second and a burst of 3.
    #[track_caller]
    fn check(attempts: &[u64], expected: &[bool]) {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(20, 3, start);
        let found: Vec<bool> = attempts.iter().map(|&ms| bucket.take(start + Duration::from_millis(ms))).collect();
        assert_eq!(found, expected, "{attempts:?}");
    }

    #[test]
    fn a_burst_then_the_rate() {
        check(&[0, 0, 0, 0], &[true, true, true, false]);
        check(&[0, 0, 0, 49, 50, 50], &[true, true, true, false, true, false]);
        check(&[0, 0, 0, 25, 50, 75, 100], &[true, true, true, false, true, false, true]);
        check(&[1000, 1000, 1000, 1000], &[true, true, true, false]);
        check(&[3_600_000, 3_600_000, 3_600_000, 3_600_000], &[true, true, true, false]);
    }

    #[test]
    fn a_cooldown_passes_once_per_interval() {
        let start = Instant::now();
        let mut cooldown = Cooldown::new(Duration::from_millis(100));
        let found: Vec<bool> =
            [0, 1, 99, 100, 150, 200].iter().map(|&ms| cooldown.pass(start + Duration::from_millis(ms))).collect();
        assert_eq!(found, [true, false, false, true, false, true]);
    }
}
