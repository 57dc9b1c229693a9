//! The only place where the runtime reads clocks and draws identities; the session core takes both as parameters.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tightwire_proto::envelope::Stamp;
use uuid::Uuid;

/// Now, by the runtime's clock, which tests can pause.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Milliseconds since the Unix epoch.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The stamp of a frame that is made now, in answer to the frame `answers` or unasked.
pub(crate) fn stamp(answers: Option<Uuid>) -> Stamp {
    Stamp { id: Uuid::now_v7(), unix_ms: unix_ms(), correlation_id: answers.unwrap_or_else(Uuid::new_v4) }
}
