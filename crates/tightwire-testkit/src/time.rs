//! Time control for tests on a paused clock.
//!
//! With `#[tokio::test(start_paused = true)]`, or after [`pause`], tokio's clock stands still while any task can run and
//! jumps to the next timer when none can. Ten minutes then pass in microseconds, in the same order every time. This holds
//! on the current-thread runtime (the default of `#[tokio::test]`) with client and server joined by a duplex stream
//! ([`WsHarness::spawn`](crate::WsHarness::spawn)). Over a real socket the clock would jump while bytes are on their way,
//! because the runtime cannot see those.

use std::time::Duration;

/// Stops the clock: from here on time passes only when every task waits for a timer, or in [`advance`].
///
/// # Panics
/// Where the clock stands already, and on a runtime of several threads.
pub fn pause() {
    tokio::time::pause();
}

/// Lets the clock run again.
///
/// # Panics
/// Where it runs already.
pub fn resume() {
    tokio::time::resume();
}

/// Lets the time pass on the paused clock, from timer to timer: every task whose timer falls within `duration` runs at
/// exactly its time, and what it starts runs too, before the clock goes on. (A plain [`tokio::time::advance`] jumps to
/// the end first, so that a heartbeat due after 30 s would find 60 s gone.)
///
/// # Panics
/// Where the clock is not paused.
pub async fn advance(duration: Duration) {
    // Panics on a running clock, on which the next line would really wait.
    tokio::time::advance(Duration::ZERO).await;
    // Sleeping on a paused clock is what makes the runtime go from timer to timer.
    tokio::time::sleep(duration).await;
    settle().await;
}

/// Lets every task run that can, without letting time pass.
pub async fn settle() {
    // A frame takes a few turns from one task to another (writer, duplex, reader, handler and back); a yield is one turn
    // of everything that is ready.
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, interval};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn advance_visits_every_timer_on_the_way() {
        let began = Instant::now();
        let (ticks, mut seen) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut interval = interval(Duration::from_secs(30));
            while ticks.send(interval.tick().await.elapsed()).is_ok() {}
        });
        advance(Duration::from_secs(90)).await;
        assert_eq!(began.elapsed().as_secs(), 90);
        let mut late = Vec::new();
        while let Ok(lateness) = seen.try_recv() {
            late.push(lateness);
        }
        assert_eq!(late, [Duration::ZERO; 4], "ticks at 0, 30, 60 and 90 s, none of them late");
    }

    #[tokio::test]
    #[should_panic(expected = "frozen")]
    async fn advance_needs_a_paused_clock() {
        advance(Duration::from_secs(3600)).await;
    }
}
