//! Requests that wait for their replies.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tightwire_proto::inbound::Inbound;

use super::queue::{Receiver, Sender, queue};

/// The requests of one connection that wait. Written by those who ask and by the task that reads.
pub(super) struct Waiters<In>(Mutex<State<In>>);

struct State<In> {
    /// In the order in which they asked.
    waiting: Vec<Waiter<In>>,
    next: u64,
    /// No reply will come any more.
    is_over: bool,
}

/// What a frame is for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// Nothing.
    No,
    /// A reply, after which others come.
    Reply,
    /// The last reply.
    Last,
}

type Matcher<In> = Box<dyn FnMut(&Inbound<In>) -> Match + Send>;

struct Waiter<In> {
    id: u64,
    matches: Matcher<In>,
    replies: Sender<(Inbound<In>, Match)>,
}

/// A request that waits. It stops waiting when this is dropped.
pub(super) struct Waiting<In> {
    waiters: Arc<Waiters<In>>,
    id: u64,
    /// The replies; the queue ends after the last one, or with the connection.
    pub(super) replies: Receiver<(Inbound<In>, Match)>,
}

/// What became of a frame.
pub(super) enum Offered<In> {
    /// A request waits for it, and gets it through this queue.
    Wanted(Sender<(Inbound<In>, Match)>, Inbound<In>, Match),
    /// Nobody waits for it.
    Unwanted(Inbound<In>),
}

impl<In> Waiters<In> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { waiting: Vec::new(), next: 0, is_over: false }))
    }

    /// Waits from now on for the frames that match; of these so many, and of so many bytes, wait in turn for whoever asked.
    pub(super) fn wait(
        self: &Arc<Self>,
        (items, bytes): (usize, u32),
        matches: impl FnMut(&Inbound<In>) -> Match + Send + 'static,
    ) -> Waiting<In> {
        let (sender, replies) = queue(items, bytes);
        let mut state = self.lock();
        let id = state.next;
        state.next += 1;
        // Otherwise the sender is dropped here, and whoever waits learns that at once.
        if !state.is_over {
            state.waiting.push(Waiter { id, matches: Box::new(matches), replies: sender });
        }
        Waiting { waiters: Arc::clone(self), id, replies }
    }

    /// Finds the first request that waits for a frame. One that has its last reply waits no more.
    pub(super) fn offer(&self, inbound: Inbound<In>) -> Offered<In> {
        let mut state = self.lock();
        let mut found = None;
        for (index, waiter) in state.waiting.iter_mut().enumerate() {
            let matched = (waiter.matches)(&inbound);
            if matched != Match::No && !waiter.replies.is_closed() {
                found = Some((index, matched));
                break;
            }
        }
        match found {
            None => Offered::Unwanted(inbound),
            Some((index, Match::Last)) => Offered::Wanted(state.waiting.remove(index).replies, inbound, Match::Last),
            Some((index, matched)) => Offered::Wanted(state.waiting[index].replies.clone(), inbound, matched),
        }
    }

    /// Tells everyone that no reply will come.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.is_over = true;
        state.waiting.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State<In>> {
        // If a matcher panicked, its waiter is still there and every field is sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<In> Drop for Waiting<In> {
    fn drop(&mut self) {
        self.waiters.lock().waiting.retain(|waiter| waiter.id != self.id);
    }
}
