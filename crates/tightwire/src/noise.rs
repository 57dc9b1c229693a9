//! Keeps strangers from filling the log: what anybody can cause as often as he likes is not logged as often.
//!
//! Lines about one connection get rarer with their number ([`Lines`]). Lines about requests, of which anybody can make any
//! number, are bounded for each kind and second ([`Limit`]). Either way a line says how many there were, and `/metrics`
//! counts them all.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// So many lines of a connection are logged, and from then on every one whose number is a power of two.
const FIRST: u32 = 10;

/// So many lines of a kind are logged within a second.
const PER_SECOND: u32 = 20;

/// The lines that a connection causes.
#[derive(Debug, Default)]
pub(crate) struct Lines(AtomicU32);

impl Lines {
    /// The number of another line, if it is to be logged.
    pub(crate) fn another(&self) -> Option<u32> {
        let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        (number <= FIRST || number.is_power_of_two()).then_some(number)
    }
}

/// A bound for one kind of lines.
#[derive(Debug)]
pub(crate) struct Limit(Mutex<State>);

#[derive(Debug)]
struct State {
    second: u64,
    lines: u32,
    left_out: u64,
}

impl Limit {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(State { second: 0, lines: 0, left_out: 0 }))
    }

    /// Whether another line is to be logged now; if so, how many were left out since the last one.
    pub(crate) fn pass(&self, unix_ms: u64) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let second = unix_ms / 1000;
        if state.second != second {
            (state.second, state.lines) = (second, 0);
        }
        if state.lines == PER_SECOND {
            state.left_out += 1;
            return None;
        }
        state.lines += 1;
        Some(std::mem::take(&mut state.left_out))
    }
}

/// Logs at `info`, within a [`Limit`] of its own.
macro_rules! info_limited {
    ($($line:tt)+) => { $crate::noise::limited!(INFO, info, $($line)+) };
}

/// Logs at `warn`, within a [`Limit`] of its own.
#[cfg(feature = "redis")]
macro_rules! warn_limited {
    ($($line:tt)+) => { $crate::noise::limited!(WARN, warn, $($line)+) };
}

macro_rules! limited {
    ($level:ident, $log:ident, $($line:tt)+) => {{
        static LIMIT: $crate::noise::Limit = $crate::noise::Limit::new();
        if tracing::enabled!(tracing::Level::$level)
            && let Some(left_out) = LIMIT.pass($crate::clock::unix_ms())
        {
            tracing::$log!(left_out = (left_out > 0).then_some(left_out), $($line)+);
        }
    }};
}

#[cfg(feature = "redis")]
pub(crate) use warn_limited;
pub(crate) use {info_limited, limited};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_connection_get_rare() {
        let lines = Lines::default();
        let logged: Vec<_> = (0..1000).filter_map(|_| lines.another()).collect();
        assert_eq!(logged, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 32, 64, 128, 256, 512]);
    }

    #[test]
    fn a_second_has_only_so_many_lines() {
        let limit = Limit::new();
        let passed = |times: usize, unix_ms| (0..times).filter_map(|_| limit.pass(unix_ms)).collect::<Vec<_>>();
        assert_eq!(passed(30, 5000), [0; 20]);
        assert_eq!(passed(5, 5999), [0; 0]);
        // The first line of the next second says how many are missing.
        assert_eq!(passed(2, 6000), [15, 0]);
        assert_eq!(passed(2, 9000), [0, 0]);
    }
}
