//! How long to wait before another attempt.

use std::time::Duration;

/// The bound of the first wait.
const FIRST: Duration = Duration::from_millis(100);

/// The bound that no wait exceeds, after many attempts.
const LONGEST: Duration = Duration::from_secs(3);

/// Waits between attempts: each is random between nothing and a bound that doubles, so that nodes that lost their
/// connections at the same moment do not come back at the same moment.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    attempts: u32,
    random: u64,
}

impl Backoff {
    /// From the same seed come the same waits.
    pub(super) fn new(seed: u64) -> Self {
        Self { attempts: 0, random: seed }
    }

    /// How long to wait before the next attempt.
    pub(super) fn next(&mut self) -> Duration {
        let bound = bound(self.attempts);
        self.attempts = self.attempts.saturating_add(1);
        self.within(bound)
    }

    /// A random time up to this.
    pub(super) fn within(&mut self, bound: Duration) -> Duration {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(mixed % micros.saturating_add(1).max(1))
    }

    /// The connection has held for a while: what follows is another story.
    pub(super) fn reset(&mut self) {
        self.attempts = 0;
    }
}

/// What the wait after so many attempts does not exceed.
fn bound(attempts: u32) -> Duration {
    FIRST.saturating_mul(1_u32.checked_shl(attempts).unwrap_or(u32::MAX)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_up_to_the_longest() {
        let bounds: Vec<_> = (0..7).map(|attempts| bound(attempts).as_millis()).collect();
        assert_eq!(bounds, [100, 200, 400, 800, 1600, 3000, 3000]);
        assert_eq!(bound(31), LONGEST);
        assert_eq!(bound(u32::MAX), LONGEST);
    }

    #[test]
    fn waits_are_spread_between_nothing_and_the_bound() {
        let mut backoff = Backoff::new(7);
        for attempts in 0..200 {
            assert!(backoff.next() <= bound(attempts), "attempt {attempts}");
        }
        let late: Vec<_> = (0..1000).map(|_| backoff.next()).collect();
        let below = |part: u32| late.iter().filter(|wait| **wait < LONGEST * part / 10).count();
        for part in 1..=9 {
            let found = below(part);
            assert!(found.abs_diff(part as usize * 100) < 50, "{found} of 1000 are below {part}0 %");
        }
    }

    #[test]
    fn a_seed_gives_the_same_waits_and_a_reset_short_ones() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            (0..20).map(|_| backoff.next()).collect::<Vec<_>>()
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
        let mut backoff = Backoff::new(3);
        for _ in 0..20 {
            backoff.next();
        }
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
