//! The threads and their messages, bounded.
//!
//! Not a database: the newest messages of the threads that were used last. What is dropped here is gone.

mod memory;
mod shared;

use futures_util::future::BoxFuture;
use tightwire::FencedPublisher;

pub use self::memory::MemoryThreads;
pub use self::shared::SharedThreads;
use crate::chat::{ThreadMessage, ThreadTopic};

/// How many messages of a thread are kept. The contract allows a history of so many.
pub const MESSAGES_PER_THREAD: usize = 200;
/// How many threads are kept in memory; the one unused for longest goes first.
pub const THREADS: usize = 10_000;

/// Where the threads are.
///
/// Whoever has read a position of the thread's topic, and then reads its messages, must find all that were appended before
/// what that position covers was published, on whichever server that was.
pub trait ThreadStore: Send + Sync + 'static {
    /// Appends a message to its thread, which begins to exist with its first message.
    fn append(&self, message: ThreadMessage) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The same for an answer, unless another server has taken over from whoever publishes it with `stream`.
    fn append_answer<'a>(
        &'a self,
        message: ThreadMessage,
        stream: &'a FencedPublisher<ThreadTopic>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The newest `limit` messages of a thread, oldest first; none for a thread that nobody has written to.
    fn newest<'a>(&'a self, thread_id: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<ThreadMessage>, StoreError>>;
}

/// The threads cannot be had now.
#[derive(Clone, Debug)]
pub struct StoreError(pub String);

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}
