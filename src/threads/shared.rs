//! The threads of all servers of a system, in the lists that they share.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tightwire::{FencedPublisher, PublishError, SharedList, SharedLists};

use super::{MESSAGES_PER_THREAD, StoreError, ThreadStore};
use crate::chat::{ThreadMessage, ThreadTopic};

/// How long a thread is kept after its last message. Redis bounds nothing by itself, so that this is what does.
const EXPIRES: Duration = Duration::from_secs(7 * 24 * 3600);

/// A list for each thread.
#[derive(Clone, Debug)]
pub struct SharedThreads(pub SharedLists);

impl ThreadStore for SharedThreads {
    fn append(&self, message: ThreadMessage) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            let json = json(&message)?;
            let name = name(&message.thread_id);
            let list = SharedList { name: &name, longest: MESSAGES_PER_THREAD, expires: EXPIRES };
            self.0.append(list, &json).await.map_err(failed)
        }
        .boxed()
    }

    fn append_answer<'a>(
        &'a self,
        message: ThreadMessage,
        stream: &'a FencedPublisher<ThreadTopic>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        // The list is named as the topic is, so that it is behind the same fence.
        async move { stream.append(&self.0, MESSAGES_PER_THREAD, EXPIRES, &json(&message)?).await.map_err(failed) }
            .boxed()
    }

    fn newest<'a>(&'a self, thread_id: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<ThreadMessage>, StoreError>> {
        async move {
            let values = self.0.newest(&name(thread_id), limit).await.map_err(failed)?;
            Ok(values.iter().filter_map(|value| read(thread_id, value)).collect())
        }
        .boxed()
    }
}

fn json(message: &ThreadMessage) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(message).map_err(|error| StoreError(error.to_string()))
}

/// That of the thread's topic.
fn name(thread_id: &str) -> String {
    format!("thread:{thread_id}")
}

/// What cannot be read was written by a later version.
fn read(thread_id: &str, value: &[u8]) -> Option<ThreadMessage> {
    match serde_json::from_slice(value) {
        Ok(message) => Some(message),
        Err(error) => {
            tracing::warn!(thread_id, %error, "a message of the thread cannot be read");
            None
        }
    }
}

fn failed(error: PublishError) -> StoreError {
    StoreError(error.to_string())
}
