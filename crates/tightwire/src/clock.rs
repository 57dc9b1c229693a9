//! The only place where the runtime reads clocks and draws identities; the session core takes both as parameters.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tightwire_proto::envelope::Stamp;
use uuid::{ContextV7, Timestamp, Uuid};

thread_local! {
    /// What puts the identities that a thread draws within a millisecond into their order.
    static CONTEXT: ContextV7 = const { ContextV7::new() };
}

/// Now, by the runtime's clock, which tests can pause.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Milliseconds since the Unix epoch.
pub(crate) fn unix_ms() -> u64 {
    millis(since_epoch())
}

/// Now, by both clocks. For work that goes through many frames, and reads them once for all.
pub(crate) fn moment() -> Moment {
    Moment { now: now(), since_epoch: since_epoch() }
}

/// Bytes that nobody can foresee, but for the six bits that say that they are a UUID.
pub(crate) fn random() -> [u8; 16] {
    Uuid::new_v4().into_bytes()
}

/// The stamp of a frame that is made now, in answer to the frame `answers` or unasked.
pub(crate) fn stamp(answers: Option<Uuid>) -> Stamp {
    stamp_at(since_epoch(), answers)
}

/// A moment by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// By the clock of [`now`].
    pub(crate) now: Instant,
    since_epoch: Duration,
}

impl Moment {
    /// As [`unix_ms`].
    pub(crate) fn unix_ms(self) -> u64 {
        millis(self.since_epoch)
    }

    /// As [`stamp`].
    pub(crate) fn stamp(self, answers: Option<Uuid>) -> Stamp {
        stamp_at(self.since_epoch, answers)
    }
}

fn stamp_at(since_epoch: Duration, answers: Option<Uuid>) -> Stamp {
    let timestamp =
        |context: &ContextV7| Timestamp::from_unix(context, since_epoch.as_secs(), since_epoch.subsec_nanos());
    let id = CONTEXT.with(|context| Uuid::new_v7(timestamp(context)));
    Stamp { id, unix_ms: millis(since_epoch), correlation_id: answers.unwrap_or_else(Uuid::new_v4) }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn millis(since_epoch: Duration) -> u64 {
    since_epoch.as_secs().saturating_mul(1000).saturating_add(since_epoch.subsec_millis().into())
}
