//! The session of one connection: what is done with a frame that arrives, and what is due when.
//!
//! Sans-IO: the caller passes bytes and `now` in, and carries out what comes back. The order of the checks is that of
//! the protocol: size, rate, contract, then (with [`Subscriptions`]) topics, then the operation's handler.

pub mod heartbeat;
pub mod messages;
pub mod rate;
pub mod subscriptions;
mod timestamp;
pub mod voice;

use std::time::{Duration, Instant};

use crate::close::CloseReason;
use crate::contract::{self, Framing, Limits};
use crate::inbound::Rejection;

pub use heartbeat::{Due, Heartbeat};
pub use rate::{Cooldown, TokenBucket};
pub use subscriptions::{Refused, RefusedTopics, Subscriptions};
pub use voice::{ErrorReport, SYSTEM_TOPIC, Voice};

/// The error codes that the session uses. A protocol's `error` message must know them.
pub mod code {
    /// The frame does not follow the contract.
    pub const CONTRACT_VIOLATION: &str = "contract_violation";
    /// The frame is too large to be looked at.
    pub const MESSAGE_TOO_LARGE: &str = "message_too_large";
    /// Frames arrive too fast.
    pub const RATE_LIMITED: &str = "rate_limited";
    /// There is no such topic.
    pub const INVALID_TOPIC: &str = "invalid_topic";
    /// The topic is not allowed.
    pub const TOPIC_FORBIDDEN: &str = "topic_forbidden";
    /// The connection has as many subscriptions as it may have.
    pub const TOO_MANY_SUBSCRIPTIONS: &str = "too_many_subscriptions";
    /// The client may not call the operation.
    pub const UNAUTHORIZED: &str = "unauthorized";
    /// Something that the frame needs does not work now.
    pub const UNAVAILABLE: &str = "unavailable";
    /// The server failed.
    pub const INTERNAL_ERROR: &str = "internal_error";
}

/// What follows a frame that violates the contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContractPolicy {
    /// An error, then close 1002.
    #[default]
    Strict,
    /// An error; the connection lives.
    Tolerant,
}

/// What a session goes by.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What a frame looks like: without an envelope there are no error frames, so that a frame that is too large or
    /// violates the contract can only be answered by a close.
    pub framing: Framing,
    /// The limits in force.
    pub limits: Limits,
    /// The heartbeat in force.
    pub heartbeat: contract::Heartbeat,
    /// What follows a violation.
    pub contract: ContractPolicy,
    /// The least time between two `rate_limited` errors.
    pub rate_limit_cooldown: Duration,
}

/// The session of one connection.
#[derive(Debug)]
pub struct Session {
    framing: Framing,
    max_message_bytes: usize,
    contract: ContractPolicy,
    rate: TokenBucket,
    rate_errors: Cooldown,
    heartbeat: Heartbeat,
    expires_at: Option<Instant>,
}

/// What became of a frame.
#[derive(Debug)]
pub enum Received<F> {
    /// It follows the contract.
    Frame(F),
    /// It is dropped.
    Refused(Refusal),
}

/// Why a frame is dropped, and what follows.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub why: RefusalKind,
    /// The error to send, if any. In a flat protocol it is only logged.
    pub report: Option<ErrorReport>,
    /// The close that follows, if any.
    pub close: Option<CloseReason>,
}

/// Why a frame is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// It is too large.
    TooLarge,
    /// It came too soon.
    RateLimited,
    /// It violates the contract.
    Violation,
}

impl Session {
    /// The session of a connection that begins now.
    #[must_use]
    pub fn new(policy: &Policy, now: Instant) -> Self {
        let limits = &policy.limits;
        Self {
            framing: policy.framing,
            max_message_bytes: usize::try_from(limits.max_message_bytes).unwrap_or(usize::MAX),
            contract: policy.contract,
            rate: TokenBucket::new(limits.messages_per_second, limits.message_burst, now),
            rate_errors: Cooldown::new(policy.rate_limit_cooldown),
            heartbeat: Heartbeat::new(&policy.heartbeat, limits.idle_timeout_ms, now),
            expires_at: None,
        }
    }

    /// Size, rate, contract: in this order.
    pub fn receive<'a, F>(
        &mut self,
        text: &'a [u8],
        now: Instant,
        decode: impl FnOnce(&'a [u8]) -> Result<F, Rejection>,
    ) -> Received<F> {
        // A frame that is too large costs a token like any other: its error must not be a way around the rate.
        let in_time = self.rate.take(now);
        let refusal = if in_time && text.len() > self.max_message_bytes {
            self.too_large()
        } else if !in_time {
            self.rate_limited(now)
        } else {
            match decode(text) {
                Ok(frame) => return Received::Frame(frame),
                Err(rejection) => self.violation(rejection),
            }
        };
        Received::Refused(refusal)
    }

    /// The heartbeat, to be told of pongs and application frames.
    pub fn heartbeat(&mut self) -> &mut Heartbeat {
        &mut self.heartbeat
    }

    /// Says until when the client's credentials are good; `None`: for ever.
    pub fn expire_at(&mut self, expires_at: Option<Instant>) {
        self.expires_at = expires_at;
    }

    /// When [`Self::poll`] is to be called next.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.expires_at.into_iter().fold(self.heartbeat.deadline(), Instant::min)
    }

    /// What is due now, if anything. To be called again until nothing is.
    pub fn poll(&mut self, now: Instant) -> Option<Due> {
        if self.expires_at.is_some_and(|expires_at| now >= expires_at) {
            // Once: the connection ends now.
            self.expires_at = None;
            return Some(Due::Close(CloseReason::AuthenticationExpired));
        }
        self.heartbeat.poll(now)
    }

    fn too_large(&self) -> Refusal {
        let message = format!("the frame is larger than {} bytes and was dropped", self.max_message_bytes);
        let report = ErrorReport::new(code::MESSAGE_TOO_LARGE, message);
        let close = (self.framing == Framing::Flat).then_some(CloseReason::TooLarge);
        Refusal { why: RefusalKind::TooLarge, report: Some(report), close }
    }

    fn rate_limited(&mut self, now: Instant) -> Refusal {
        let message = "frames arrive faster than the connection's limit and are dropped; slow down and send them again";
        let report = self.rate_errors.pass(now).then(|| ErrorReport::new(code::RATE_LIMITED, message));
        Refusal { why: RefusalKind::RateLimited, report, close: None }
    }

    fn violation(&self, rejection: Rejection) -> Refusal {
        let message = "the frame does not follow the contract; each violation is named by JSON Pointer";
        let mut report = ErrorReport::new(code::CONTRACT_VIOLATION, message).answering(rejection.frame_id);
        report.violations = rejection.violations;
        let close = (self.contract == ContractPolicy::Strict).then_some(CloseReason::ContractViolation);
        Refusal { why: RefusalKind::Violation, report: Some(report), close }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::inbound::Violation;

    /// Accepts `ok`; everything else lacks `data`.
    fn decode(text: &[u8]) -> Result<(), Rejection> {
        if text == b"ok" {
            return Ok(());
        }
        let violation =
            Violation { pointer: "/data".to_owned(), keyword: "required".into(), message: "is required".into() };
        Err(Rejection { frame_id: Some(Uuid::max()), violations: vec![violation] })
    }

    /// Feeds frames at the given milliseconds to a session with a burst of 2, 1 per second, 10 bytes per frame and a
    /// cooldown of 500 ms; what became of each, and the code of the error that was sent.
    #[track_caller]
    fn check(policy: ContractPolicy, frames: &[(u64, &str)], expected: &[(&str, Option<u16>)]) {
        check_framed(Framing::Enveloped, policy, frames, expected);
    }

    #[track_caller]
    fn check_framed(
        framing: Framing,
        policy: ContractPolicy,
        frames: &[(u64, &str)],
        expected: &[(&str, Option<u16>)],
    ) {
        let limits = Limits { max_message_bytes: 10, messages_per_second: 1, message_burst: 2, ..Limits::DEFAULT };
        let policy = Policy {
            framing,
            limits,
            heartbeat: contract::Heartbeat::DEFAULT,
            contract: policy,
            rate_limit_cooldown: Duration::from_millis(500),
        };
        let start = Instant::now();
        let mut session = Session::new(&policy, start);
        let found: Vec<_> = frames
            .iter()
            .map(|(ms, text)| match session.receive(text.as_bytes(), start + Duration::from_millis(*ms), decode) {
                Received::Frame(_) => ("ok", None),
                Received::Refused(refusal) => {
                    (refusal.report.map_or("-", |report| report.code), refusal.close.map(CloseReason::code))
                }
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn size_then_rate_then_contract() {
        use ContractPolicy::{Strict, Tolerant};
        check(Strict, &[(0, "ok"), (0, "bad")], &[("ok", None), ("contract_violation", Some(1002))]);
        check(Tolerant, &[(0, "ok"), (0, "bad")], &[("ok", None), ("contract_violation", None)]);
        check(Strict, &[(0, "bad bad bad")], &[("message_too_large", None)]);
        check(
            Strict,
            &[(0, "ok"), (0, "ok"), (0, "bad"), (499, "bad"), (500, "ok"), (1500, "ok")],
            &[("ok", None), ("ok", None), ("rate_limited", None), ("-", None), ("rate_limited", None), ("ok", None)],
        );
        check(
            Strict,
            &[(0, "ok"), (0, "ok"), (0, "bad bad bad"), (1, "bad bad bad")],
            &[("ok", None), ("ok", None), ("rate_limited", None), ("-", None)],
        );
    }

    #[test]
    fn without_error_frames_only_a_close_can_answer() {
        use ContractPolicy::{Strict, Tolerant};
        let check = |policy, frames, expected| check_framed(Framing::Flat, policy, frames, expected);
        check(Strict, &[(0, "bad bad bad")], &[("message_too_large", Some(1009))]);
        check(Tolerant, &[(0, "bad bad bad")], &[("message_too_large", Some(1009))]);
        check(Strict, &[(0, "bad")], &[("contract_violation", Some(1002))]);
        check(Tolerant, &[(0, "bad")], &[("contract_violation", None)]);
        check(Strict, &[(0, "ok"), (0, "ok"), (0, "bad")], &[("ok", None), ("ok", None), ("rate_limited", None)]);
    }

    #[test]
    fn credentials_expire_unless_they_are_renewed() {
        let policy = Policy {
            framing: Framing::Enveloped,
            limits: Limits::DEFAULT,
            heartbeat: contract::Heartbeat::DEFAULT,
            contract: ContractPolicy::Strict,
            rate_limit_cooldown: Duration::ZERO,
        };
        let start = Instant::now();
        let second = |second| start + Duration::from_secs(second);
        let mut session = Session::new(&policy, start);
        assert_eq!(session.deadline(), second(30));
        session.expire_at(Some(second(10)));
        assert_eq!((session.deadline(), session.poll(second(9))), (second(10), None));
        session.expire_at(Some(second(20)));
        assert_eq!((session.deadline(), session.poll(second(10))), (second(20), None));
        assert_eq!(session.poll(second(20)), Some(Due::Close(CloseReason::AuthenticationExpired)));
        assert_eq!(session.poll(second(20)), None);
    }

    #[test]
    fn a_violation_answers_its_frame() {
        let policy = Policy {
            framing: Framing::Enveloped,
            limits: Limits::DEFAULT,
            heartbeat: contract::Heartbeat::DEFAULT,
            contract: ContractPolicy::Strict,
            rate_limit_cooldown: Duration::ZERO,
        };
        let now = Instant::now();
        let Received::Refused(refusal) = Session::new(&policy, now).receive(b"bad", now, decode) else {
            unreachable!("`bad` is refused");
        };
        let report = refusal.report.expect("an error");
        assert_eq!(report.answers, Some(Uuid::max()));
        assert_eq!(report.violations[0].pointer, "/data");
    }
}
