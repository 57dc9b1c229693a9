//! The threads and their messages in the memory of this process.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tightwire::FencedPublisher;
use tokio::time::Instant;

use super::{MESSAGES_PER_THREAD, StoreError, THREADS, ThreadStore};
use crate::chat::{ThreadMessage, ThreadTopic};

/// The newest messages of the threads that were used last.
#[derive(Debug, Default)]
pub struct MemoryThreads {
    /// Written by every handler that posts or answers; held only for the push or the copy, never across an await.
    by_id: Mutex<HashMap<String, Thread>>,
}

#[derive(Debug)]
struct Thread {
    messages: VecDeque<ThreadMessage>,
    used: Instant,
}

impl ThreadStore for MemoryThreads {
    fn append(&self, message: ThreadMessage) -> BoxFuture<'_, Result<(), StoreError>> {
        self.append_now(message);
        ready(Ok(())).boxed()
    }

    /// There is no other server.
    fn append_answer<'a>(
        &'a self,
        message: ThreadMessage,
        _stream: &'a FencedPublisher<ThreadTopic>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.append(message)
    }

    fn newest<'a>(&'a self, thread_id: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<ThreadMessage>, StoreError>> {
        ready(Ok(self.newest_now(thread_id, limit))).boxed()
    }
}

impl MemoryThreads {
    fn append_now(&self, message: ThreadMessage) {
        let mut threads = self.lock();
        if !threads.contains_key(&message.thread_id) && threads.len() >= THREADS {
            let oldest = threads.iter().min_by_key(|(_, thread)| thread.used).map(|(id, _)| id.clone());
            if let Some(oldest) = oldest {
                threads.remove(&oldest);
            }
        }
        let thread = threads
            .entry(message.thread_id.clone())
            .or_insert_with(|| Thread { messages: VecDeque::new(), used: Instant::now() });
        thread.used = Instant::now();
        if thread.messages.len() == MESSAGES_PER_THREAD {
            thread.messages.pop_front();
        }
        thread.messages.push_back(message);
    }

    fn newest_now(&self, thread_id: &str, limit: usize) -> Vec<ThreadMessage> {
        let threads = self.lock();
        let Some(thread) = threads.get(thread_id) else { return Vec::new() };
        let skipped = thread.messages.len().saturating_sub(limit);
        thread.messages.iter().skip(skipped).cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Thread>> {
        // A panic while the lock is held cannot leave the map half-changed, so a poisoned lock is as good as any.
        self.by_id.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Author, AuthorKind};

    fn message(thread: &str, number: usize) -> ThreadMessage {
        ThreadMessage {
            author: Author { id: "ada".into(), kind: AuthorKind::User },
            content: number.to_string(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            message_id: uuid::Uuid::from_u128(number as u128),
            metadata: Default::default(),
            thread_id: thread.into(),
        }
    }

    #[test]
    fn the_newest_messages_come_oldest_first() {
        let threads = MemoryThreads::default();
        (0..5).for_each(|number| threads.append_now(message("a", number)));
        let contents: Vec<_> = threads.newest_now("a", 2).into_iter().map(|message| message.content).collect();
        assert_eq!(contents, ["3", "4"]);
        assert!(threads.newest_now("b", 2).is_empty());
    }

    #[test]
    fn a_thread_keeps_only_so_many_messages() {
        let threads = MemoryThreads::default();
        (0..MESSAGES_PER_THREAD + 3).for_each(|number| threads.append_now(message("a", number)));
        let all = threads.newest_now("a", usize::MAX);
        assert_eq!((all.len(), all[0].content.as_str()), (MESSAGES_PER_THREAD, "3"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_thread_unused_for_longest_goes_first() {
        let threads = MemoryThreads::default();
        for number in 0..=THREADS {
            threads.append_now(message(&number.to_string(), number));
            tokio::time::advance(std::time::Duration::from_millis(1)).await;
        }
        assert!(threads.newest_now("0", 1).is_empty());
        assert_eq!(threads.newest_now("1", 1).len(), 1);
    }
}
