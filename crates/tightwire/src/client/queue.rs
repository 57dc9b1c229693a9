//! A queue that is bounded by count and by bytes: whoever sends waits for room.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// The sending end.
pub(super) struct Sender<T> {
    items: mpsc::Sender<(T, Option<OwnedSemaphorePermit>)>,
    bytes: Arc<Semaphore>,
    max_bytes: u32,
}

/// A sending end that does not keep the queue open.
pub(super) struct WeakSender<T>(mpsc::WeakSender<(T, Option<OwnedSemaphorePermit>)>);

/// The receiving end.
pub(super) struct Receiver<T>(mpsc::Receiver<(T, Option<OwnedSemaphorePermit>)>);

/// A queue of at most `items` and `bytes`. An empty one takes any item, however large.
pub(super) fn queue<T>(items: usize, bytes: u32) -> (Sender<T>, Receiver<T>) {
    let max_bytes = bytes.max(1);
    let (sender, receiver) = mpsc::channel(items.max(1));
    (Sender { items: sender, bytes: Arc::new(Semaphore::new(max_bytes as usize)), max_bytes }, Receiver(receiver))
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone(), bytes: Arc::clone(&self.bytes), max_bytes: self.max_bytes }
    }
}

impl<T> Sender<T> {
    /// Waits for room, then adds an item. False if nobody receives any more.
    pub(super) async fn send(&self, item: T, bytes: usize) -> bool {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).clamp(1, self.max_bytes);
        let permit = tokio::select! {
            permit = Arc::clone(&self.bytes).acquire_many_owned(bytes) => permit.ok(),
            () = self.items.closed() => return false,
        };
        self.items.send((item, permit)).await.is_ok()
    }

    /// Whether nobody receives any more.
    pub(super) fn is_closed(&self) -> bool {
        self.items.is_closed()
    }

    pub(super) fn downgrade(&self) -> WeakSender<T> {
        WeakSender(self.items.downgrade())
    }
}

impl<T> WeakSender<T> {
    /// Adds a small item without waiting. False if there is no room or nobody else left.
    pub(super) fn try_send(&self, item: T) -> bool {
        self.0.upgrade().is_some_and(|items| items.try_send((item, None)).is_ok())
    }
}

impl<T> Receiver<T> {
    /// The next item; `None` when there are no more senders.
    pub(super) async fn receive(&mut self) -> Option<T> {
        self.0.recv().await.map(|(item, _)| item)
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// Sends items of these sizes to a queue of three items and 1000 bytes, each after as many were received as stand
    /// before it; which of them had to wait.
    #[track_caller]
    fn check(steps: &[(usize, usize)], expected: &[bool]) {
        let (sender, mut receiver) = queue(3, 1000);
        let waited: Vec<bool> = steps
            .iter()
            .map(|&(received, size)| {
                for _ in 0..received {
                    assert!(receiver.receive().now_or_never().flatten().is_some(), "nothing waits");
                }
                sender.send((), size).now_or_never().is_none()
            })
            .collect();
        assert_eq!(waited, expected);
    }

    #[test]
    fn count_and_bytes_are_bounded() {
        check(&[(0, 1), (0, 1), (0, 1), (0, 1), (1, 1)], &[false, false, false, true, false]);
        check(&[(0, 600), (0, 600), (1, 600)], &[false, true, false]);
        check(&[(0, 400), (0, 600), (0, 1), (1, 400)], &[false, false, true, false]);
        // Something that is larger than the queue goes in alone.
        check(&[(0, 5000), (0, 1), (1, 1), (0, 5000), (1, 5000)], &[false, true, false, true, false]);
    }

    #[test]
    fn nobody_waits_for_a_receiver_that_is_gone() {
        let (sender, receiver) = queue(1, 10);
        assert_eq!(sender.send((), 10).now_or_never(), Some(true));
        assert!(sender.send((), 10).now_or_never().is_none());
        drop(receiver);
        assert_eq!(sender.send((), 10).now_or_never(), Some(false));
        assert!(!sender.downgrade().try_send(()));
    }
}
