//! When to stop trying: the circuit breaker of a connection, and what is known of it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::link::Trouble;

/// So many attempts to connect may fail, and a connection may be down for so long, before nobody waits for it any more.
const FAILURES: u32 = 5;
const DOWN: Duration = Duration::from_secs(2);

/// What the breaker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Circuit {
    /// Wait for the connection: it is there, or will be soon.
    Closed,
    /// Fail at once.
    Open,
}

/// ```text
/// Closed ── down for too long, or too many attempts failed ──► Open ── an attempt succeeds ──► Closed
/// ```
///
/// The attempts themselves are what is let through while it is open: nobody else pays for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Breaker {
    failures: u32,
    down_since: Option<Instant>,
}

impl Breaker {
    /// The connection broke, or could not be made.
    fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.down_since.get_or_insert(now);
    }

    /// The connection is there.
    fn succeeded(&mut self) {
        *self = Self::default();
    }

    fn circuit(&self, now: Instant) -> Circuit {
        let is_down = self.down_since.is_some_and(|since| now.saturating_duration_since(since) >= DOWN);
        if is_down || self.failures >= FAILURES { Circuit::Open } else { Circuit::Closed }
    }
}

/// What is known of a connection that is kept.
#[derive(Debug)]
pub(super) struct Status {
    breaker: Mutex<Breaker>,
    state: watch::Sender<State>,
}

/// How a connection is.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// The first attempt is not over.
    Connecting,
    /// It is there.
    Up,
    /// It is not.
    Down(Trouble),
}

impl Status {
    pub(super) fn new() -> Self {
        Self { breaker: Mutex::default(), state: watch::Sender::new(State::Connecting) }
    }

    pub(super) fn up(&self) {
        self.breaker().succeeded();
        self.state.send_replace(State::Up);
    }

    pub(super) fn down(&self, trouble: Trouble, now: Instant) {
        self.breaker().failed(now);
        self.state.send_replace(State::Down(trouble));
    }

    pub(super) fn circuit(&self, now: Instant) -> Circuit {
        self.breaker().circuit(now)
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(*self.state.borrow(), State::Up)
    }

    pub(super) fn is_connecting(&self) -> bool {
        matches!(*self.state.borrow(), State::Connecting)
    }

    /// How the first attempt went.
    pub(super) async fn first_attempt(&self) -> Result<(), Trouble> {
        let mut state = self.state.subscribe();
        let state = state.wait_for(|state| !matches!(state, State::Connecting)).await;
        match state.as_deref() {
            Ok(State::Down(trouble)) => Err(trouble.clone()),
            _ => Ok(()),
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_too_long_or_too_often_and_closes_with_the_connection() {
        let began = Instant::now();
        let mut breaker = Breaker::default();
        assert_eq!(breaker.circuit(began), Circuit::Closed);
        breaker.failed(began);
        assert_eq!(breaker.circuit(began + DOWN / 2), Circuit::Closed);
        assert_eq!(breaker.circuit(began + DOWN), Circuit::Open);
        breaker.failed(began + DOWN * 2);
        assert_eq!(breaker.circuit(began + DOWN * 2), Circuit::Open, "another failure is no new beginning");
        breaker.succeeded();
        assert_eq!(breaker.circuit(began + DOWN * 2), Circuit::Closed);
        (0..FAILURES).for_each(|_| breaker.failed(began));
        assert_eq!(breaker.circuit(began), Circuit::Open);
    }
}
