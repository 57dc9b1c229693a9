//! Publishing what only one at a time may publish: whoever takes over shuts out all who did so before.

use std::fmt;
use std::time::Duration;

use tightwire_proto::inbound::StreamPosition;

use crate::broker::Fence;
use crate::cluster::{SharedList, SharedLists};
use crate::publisher::{PublishError, Publisher};
use crate::service::{ServerMessage, TopicName};

/// Publishes to a topic for as long as nobody has taken over.
///
/// For what one task or server does at a time and another may have to go on with: an answer, a game, a job. A server that
/// hangs or is cut off is taken for gone though it is not, and goes on later with what somebody else has finished
/// meanwhile. So whoever takes its place calls [`Publisher::take_over`] first. From then on everything is refused with
/// [`PublishError::Fenced`] that a former holder publishes, also what it has published before and what waits to be sent: the
/// broker looks, in the step in which it publishes. What it had published before is there, and
/// [`Publisher::published_since`] gives it to whoever takes over.
///
/// It is what a fencing token is for storage. Clones have the same token.
///
/// That somebody has taken over is remembered for a day after the last one to take over has published; whoever publishes
/// with a token that is forgotten is refused, but for the first holder. With Redis it is known to all servers, and lost with
/// its data.
#[derive(Clone)]
pub struct FencedPublisher<T> {
    publisher: Publisher,
    topic: T,
    fence: Fence,
}

impl<T: TopicName> FencedPublisher<T> {
    pub(crate) fn new(publisher: Publisher, topic: T, fence: Fence) -> Self {
        Self { publisher, topic, fence }
    }

    /// Where it publishes.
    pub fn topic(&self) -> &T {
        &self.topic
    }

    /// As [`Publisher::publish`], unless somebody has taken over.
    ///
    /// # Errors
    /// [`PublishError::Fenced`], if somebody has: whoever publishes should stop. Otherwise as [`Publisher::publish`].
    pub async fn publish<M>(&self, message: &M) -> Result<StreamPosition, PublishError>
    where
        M: ServerMessage,
        M::Topic: From<T>,
    {
        self.publisher.publish_behind(&self.fence, &self.topic.clone().into(), message).await
    }

    /// As [`SharedLists::append`], to the list that is named as the topic is, unless somebody has taken over.
    ///
    /// # Errors
    /// [`PublishError::Fenced`], if somebody has. Otherwise as [`SharedLists::append`].
    pub async fn append(
        &self,
        lists: &SharedLists,
        longest: usize,
        expires: Duration,
        value: &[u8],
    ) -> Result<(), PublishError> {
        let name = self.topic.to_string();
        lists.0.append(SharedList { name: &name, longest, expires }, value, Some(&self.fence)).await
    }
}

impl<T: fmt::Debug> fmt::Debug for FencedPublisher<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FencedPublisher")
            .field("topic", &self.topic)
            .field("fence", &self.fence)
            .finish_non_exhaustive()
    }
}
