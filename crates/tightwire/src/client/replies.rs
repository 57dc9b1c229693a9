//! The answer to a request that consists of several frames.

use std::fmt;
use std::time::Duration;

use tightwire_proto::inbound::Inbound;

use super::error::ClientError;
use super::protocol::ClientProtocol;
use super::sender::ClientSender;
use super::waiters::{Match, Waiting};

/// The frames of an answer. Those that come after it is dropped are for [`Client::next`](super::Client::next).
///
/// They have to be read: as with [`Client::next`](super::Client::next), the server waits while too many of them do.
pub struct Replies<P: ClientProtocol> {
    waiting: Waiting<P::In>,
    sender: ClientSender<P>,
    timeout: Duration,
    is_over: bool,
}

impl<P: ClientProtocol> Replies<P> {
    pub(super) fn new(waiting: Waiting<P::In>, sender: ClientSender<P>, timeout: Duration) -> Self {
        Self { waiting, sender, timeout, is_over: false }
    }

    /// The next frame; `None` after the last one, or after an error. Waits as long for each as a request waits for its
    /// reply.
    ///
    /// Nothing is lost if the future is dropped before it is done.
    pub async fn next(&mut self) -> Option<Result<Inbound<P::In>, ClientError>> {
        if self.is_over {
            return None;
        }
        let next = match tokio::time::timeout(self.timeout, self.waiting.replies.receive()).await {
            Ok(Some((inbound, matched))) => {
                self.is_over = matched == Match::Last;
                return Some(Ok(inbound));
            }
            Ok(None) => self.sender.ended().await,
            Err(_) => ClientError::NoReply(self.timeout),
        };
        self.is_over = true;
        Some(Err(next))
    }
}

impl<P: ClientProtocol> fmt::Debug for Replies<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replies").field("is_over", &self.is_over).finish_non_exhaustive()
    }
}
