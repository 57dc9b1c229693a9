//! One line in the log for all topics of a request that cannot be read.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::publisher::PublishError;

/// Whether a request has asked for a topic that cannot be read now.
///
/// It asks for many, and what keeps one from being read mostly keeps all of them. The client is told of each.
#[derive(Debug, Default)]
pub(crate) struct Unread(AtomicBool);

impl Unread {
    /// Logs why a topic cannot be read, if it is the first of the request.
    pub(crate) fn log(&self, topic: &str, error: &PublishError) {
        if !self.0.swap(true, Ordering::Relaxed) {
            tracing::error!(
                subscription = topic,
                %error,
                "a topic cannot be read now; of those that one request asks for this is the first"
            );
        }
    }
}
