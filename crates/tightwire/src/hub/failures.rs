//! Clients that did not get what they were sent.

use tightwire_proto::frame::OutboundFrame;
use uuid::Uuid;

/// Clients that did not get what they were sent, with the first frame and how many there were. Logged when no lock is
/// held: a log that is slow to take lines must not hold up the topics.
#[must_use]
#[derive(Debug, Default)]
pub(super) struct Failures(Vec<(Uuid, OutboundFrame, usize)>);

impl Failures {
    pub(super) fn push(&mut self, connection_id: Uuid, first: OutboundFrame, count: usize) {
        self.0.push((connection_id, first, count));
    }

    pub(super) fn log(self) {
        for (connection_id, frame, frames) in self.0 {
            let tag = frame.tag();
            tracing::warn!(
                correlation_id = %tag.correlation_id,
                r#type = &*tag.wire_type,
                topic = &*tag.topic,
                subscription = &*tag.topic,
                %connection_id,
                frames,
                "a frame could not be sent: the client is too slow or about to be closed"
            );
        }
    }
}
