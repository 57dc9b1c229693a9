//! Requests that wait for their replies.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tightwire_proto::inbound::Inbound;
use tokio::sync::oneshot;

/// The requests of one connection that wait. Written by those who ask and by the task that reads.
pub(super) struct Waiters<In>(Mutex<State<In>>);

struct State<In> {
    /// In the order in which they asked.
    waiting: Vec<Waiter<In>>,
    next: u64,
    /// No reply will come any more.
    is_over: bool,
}

/// Whether a frame is the reply.
type Matcher<In> = Box<dyn FnMut(&Inbound<In>) -> bool + Send>;

struct Waiter<In> {
    id: u64,
    matches: Matcher<In>,
    reply: oneshot::Sender<Inbound<In>>,
}

/// A request that waits. It stops waiting when this is dropped.
pub(super) struct Waiting<In> {
    waiters: Arc<Waiters<In>>,
    id: u64,
    pub(super) reply: oneshot::Receiver<Inbound<In>>,
}

impl<In> Waiters<In> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { waiting: Vec::new(), next: 0, is_over: false }))
    }

    /// Waits from now on for the first frame that matches.
    pub(super) fn wait(self: &Arc<Self>, matches: impl FnMut(&Inbound<In>) -> bool + Send + 'static) -> Waiting<In> {
        let (sender, reply) = oneshot::channel();
        let mut state = self.lock();
        let id = state.next;
        state.next += 1;
        // Otherwise the sender is dropped here, and whoever waits learns that at once.
        if !state.is_over {
            state.waiting.push(Waiter { id, matches: Box::new(matches), reply: sender });
        }
        Waiting { waiters: Arc::clone(self), id, reply }
    }

    /// Gives a frame to the first request that waits for it; back if there is none.
    pub(super) fn offer(&self, mut inbound: Inbound<In>) -> Option<Inbound<In>> {
        loop {
            let waiter = {
                let mut state = self.lock();
                let index = state.waiting.iter_mut().position(|waiter| (waiter.matches)(&inbound));
                index.map(|index| state.waiting.remove(index))
            };
            let Some(waiter) = waiter else { return Some(inbound) };
            match waiter.reply.send(inbound) {
                Ok(()) => return None,
                // Whoever gave up in this very moment leaves the frame to the others.
                Err(back) => inbound = back,
            }
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
