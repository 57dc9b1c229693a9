//! How fast the server may be asked.

use std::cell::Cell;
use std::time::Duration;

use tightwire_spec::ir::Ir;
use tokio::time::{Instant, sleep_until};

/// How fast connections are that no document says anything about.
const UNKNOWN: f64 = 200.0;

/// What is left of a server's own limit, for its clock and ours are two.
const MARGIN: f64 = 0.9;

/// A bucket of tokens, one for each frame.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Tokens per second; none for no bound.
    rate: Option<f64>,
    burst: f64,
    /// What is left, at that time.
    left: Cell<(f64, Instant)>,
}

/// The paces: of all frames together, and of each connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    all: Option<f64>,
    connection: Option<(f64, f64)>,
}

impl Pace {
    /// What is asked for, or else what the document's limits let each connection send.
    pub(super) fn of(asked: Option<f64>, ir: &Ir) -> Self {
        let limit = |name: &str| ir.limits.get(name).map(|limit| *limit as f64 * MARGIN);
        let connection = limit("messages_per_second").map(|rate| (rate, limit("message_burst").unwrap_or(rate)));
        match (asked, connection) {
            (Some(rate), _) if rate > 0.0 => Self { all: Some(rate), connection },
            (Some(_), _) => Self { all: None, connection: None },
            (None, Some(_)) => Self { all: None, connection },
            (None, None) => Self { all: Some(UNKNOWN), connection: None },
        }
    }

    /// The bucket of all connections together.
    pub(super) fn all(self) -> Bucket {
        // A tenth of a second's worth at once: timers are no finer than a millisecond.
        Bucket::new(self.all, self.all.map_or(1.0, |rate| rate / 10.0))
    }

    /// A bucket for one connection.
    pub(super) fn connection(self) -> Bucket {
        Bucket::new(self.connection.map(|(rate, _)| rate), self.connection.map_or(1.0, |(_, burst)| burst))
    }

    /// How many frames a connection may send at once.
    pub(super) fn burst(self) -> usize {
        self.connection.map_or(usize::MAX, |(_, burst)| burst as usize)
    }
}

impl Bucket {
    fn new(rate: Option<f64>, burst: f64) -> Self {
        let burst = burst.max(1.0);
        Self { rate, burst, left: Cell::new((burst, Instant::now())) }
    }

    /// Waits for a token.
    pub(super) async fn take(&self) {
        let Some(rate) = self.rate else { return };
        let (left, since) = self.left.get();
        let now = Instant::now();
        let left = (left + now.saturating_duration_since(since).as_secs_f64() * rate).min(self.burst) - 1.0;
        // Below zero is what is owed: whoever comes next waits for that, too.
        self.left.set((left, now.max(since)));
        if left < 0.0 {
            sleep_until(now + Duration::from_secs_f64(-left / rate)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_the_rest_takes_its_time() {
        let bucket = Bucket::new(Some(10.0), 5.0);
        let start = Instant::now();
        for _ in 0..5 {
            bucket.take().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            bucket.take().await;
        }
        assert!((1.9..2.1).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
    }
}
