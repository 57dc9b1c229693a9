//! Whether the peer is alive, and whether anyone uses the connection.

use std::time::{Duration, Instant};

use crate::close::CloseReason;
use crate::contract;

/// The longest interval that is kept to: a setting that means "never" must not overflow the clock.
const LONGEST_MS: u64 = 366 * 24 * 3600 * 1000;

/// The heartbeat of a connection.
///
/// ```text
///            ping interval over: send ping
///   Quiet ────────────────────────────────► Waiting ──┐ ping interval over: send ping
///     ▲                                      │  │ ▲   │ (the wait goes on from the first)
///     └──────────────────────────────────────┘  │ └───┘
///                 pong                          │ pong timeout over since the first unanswered ping
///                                               ▼
///                                            Expired: close 4408
/// ```
///
/// Beside it runs the idle clock: an application frame in either direction sets it back, heartbeats do not; when it
/// runs out the connection is closed with 4410.
#[derive(Debug)]
pub struct Heartbeat {
    ping_interval: Duration,
    pong_timeout: Duration,
    idle_timeout: Duration,
    next_ping: Instant,
    /// When the first ping was sent that no pong has followed.
    waiting_since: Option<Instant>,
    last_application_frame: Instant,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// A ping is to be sent.
    Ping,
    /// The connection is to be closed.
    Close(CloseReason),
}

impl Heartbeat {
    /// The heartbeat of a connection that begins now.
    #[must_use]
    pub fn new(heartbeat: &contract::Heartbeat, idle_timeout_ms: u64, now: Instant) -> Self {
        let within = |ms: u64| Duration::from_millis(ms.min(LONGEST_MS));
        // A zero in the settings would make the timer fire without end.
        let ping_interval = within(heartbeat.ping_interval_ms.max(1));
        Self {
            ping_interval,
            pong_timeout: within(heartbeat.pong_timeout_ms),
            idle_timeout: within(idle_timeout_ms),
            next_ping: now + ping_interval,
            waiting_since: None,
            last_application_frame: now,
        }
    }

    /// The peer answered.
    pub fn pong(&mut self) {
        self.waiting_since = None;
    }

    /// A frame that is more than heartbeat passed, in either direction. It may be some time ago.
    pub fn application_frame(&mut self, at: Instant) {
        self.last_application_frame = self.last_application_frame.max(at);
    }

    /// The peer was not listened to: its silence proves nothing, so a wait for its pong begins anew.
    pub fn excuse(&mut self, now: Instant) {
        if let Some(since) = &mut self.waiting_since {
            *since = now;
        }
    }

    /// When [`Self::poll`] is to be called next.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        let idle = self.last_application_frame + self.idle_timeout;
        let waiting = self.waiting_since.map(|since| since + self.pong_timeout);
        waiting.into_iter().fold(self.next_ping.min(idle), Instant::min)
    }

    /// What is due now, if anything. To be called again until nothing is.
    pub fn poll(&mut self, now: Instant) -> Option<Due> {
        if self.waiting_since.is_some_and(|since| now >= since + self.pong_timeout) {
            Some(Due::Close(CloseReason::PongTimeout))
        } else if now >= self.last_application_frame + self.idle_timeout {
            Some(Due::Close(CloseReason::IdleTimeout))
        } else if now >= self.next_ping {
            // From now, not from when it was due: after a stall there is one ping, not a volley.
            self.next_ping = now + self.ping_interval;
            self.waiting_since.get_or_insert(now);
            Some(Due::Ping)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs for `seconds` with the default intervals and an idle timeout of 10 min; `pongs` and `frames` arrive at the
    /// given seconds. Returns what was due when.
    #[track_caller]
    fn check(seconds: u64, pongs: &[u64], frames: &[u64], expected: &[(u64, Due)]) {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(&contract::Heartbeat::DEFAULT, 600_000, start);
        let mut found = Vec::new();
        'run: for second in 0..=seconds {
            let now = start + Duration::from_secs(second);
            if pongs.contains(&second) {
                heartbeat.pong();
            }
            if frames.contains(&second) {
                heartbeat.application_frame(now);
            }
            assert!(found.is_empty() || heartbeat.deadline() > now - Duration::from_secs(1), "a deadline was missed");
            while let Some(due) = heartbeat.poll(now) {
                found.push((second, due));
                if matches!(due, Due::Close(_)) {
                    break 'run;
                }
            }
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn silence_is_closed_a_pong_timeout_after_the_first_ping() {
        check(200, &[], &[], &[(30, Due::Ping), (60, Due::Ping), (90, Due::Close(CloseReason::PongTimeout))]);
    }

    #[test]
    fn a_pong_ends_the_wait() {
        check(
            200,
            &[89],
            &[],
            &[
                (30, Due::Ping),
                (60, Due::Ping),
                (90, Due::Ping),
                (120, Due::Ping),
                (150, Due::Close(CloseReason::PongTimeout)),
            ],
        );
    }

    #[test]
    fn heartbeats_do_not_count_as_use() {
        let pongs: Vec<u64> = (1..=40).map(|n| n * 30 + 1).collect();
        let pings = |n| (1..=n).map(|n| (n * 30, Due::Ping));
        let idle = |second| [(second, Due::Close(CloseReason::IdleTimeout))];
        check(1000, &pongs, &[], &pings(19).chain(idle(600)).collect::<Vec<_>>());
        check(1000, &pongs, &[10, 300], &pings(29).chain(idle(900)).collect::<Vec<_>>());
    }
    #[test]
    fn never_is_a_setting_too() {
        let never = contract::Heartbeat { ping_interval_ms: u64::MAX, pong_timeout_ms: u64::MAX };
        let now = Instant::now();
        let mut heartbeat = Heartbeat::new(&never, u64::MAX, now);
        assert_eq!(heartbeat.poll(now + Duration::from_secs(30 * 24 * 3600)), None);
        assert!(heartbeat.deadline() > now + Duration::from_secs(30 * 24 * 3600));
    }
}
