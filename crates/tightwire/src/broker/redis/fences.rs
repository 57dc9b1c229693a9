//! Taking over, and what a script has to know of it.

use redis::Cmd;

use super::answer::{self, Refusal};
use super::core::Core;
use super::keys::shard_of;
use crate::broker::FENCE_KEPT;
use crate::publisher::PublishError;

impl Core {
    /// Shuts out whoever publishes to the topic behind this fence. Where the answer is lost it is done twice: then nobody has
    /// the term in between.
    pub(super) async fn take_over(&self, topic: &str, name: &str) -> Result<u64, PublishError> {
        let shard = shard_of(topic, self.shards.len());
        let call = || {
            let mut call = self.scripts.fence.call(&[self.keys.fence(shard, topic, name)]);
            call.arg(FENCE_KEPT.as_millis() as u64);
            call
        };
        let read = |answer: &_| match Refusal::of(answer) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(answer::number(answer)?),
        };
        self.call_in_time(shard, call, read).await
    }
}

/// Adds the term, and how long it is remembered.
pub(super) fn write(call: &mut Cmd, term: Option<u64>) {
    match term {
        Some(term) => call.arg(term),
        None => call.arg(""),
    };
    call.arg(FENCE_KEPT.as_millis() as u64);
}
