//! Waiting for what other processes and threads do.

use std::panic::Location;
use std::time::{Duration, Instant};

/// How long a slow machine may take for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How often is looked.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Blocks until there is something, and gives it.
///
/// # Panics
/// Where there is nothing after half a minute. `what` is what was waited for.
#[track_caller]
pub fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let (at, deadline) = (Location::caller(), Instant::now() + PATIENCE);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "at {at}\n  not within {PATIENCE:?}: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}
