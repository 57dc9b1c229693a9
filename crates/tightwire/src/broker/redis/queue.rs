//! What waits to be published: bounded, and in the order in which it came.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{Either, select};
use tightwire_proto::frame::Position;
use tokio::sync::{Notify, oneshot};
use tokio::time::Sleep;
use uuid::Uuid;

use super::mark::Mark;
use super::wire::Content;
use crate::broker::{Fence, Once};
use crate::metrics::Counters;
use crate::publisher::PublishError;

/// How much is sent at once.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 1 << 20;

/// What waits to be published.
#[derive(Debug)]
pub(super) struct Queue {
    frames: usize,
    bytes: usize,
    state: Mutex<State>,
    /// Something was added.
    added: Notify,
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
}

/// A publication on its way.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) content: Content,
    pub(super) shard: usize,
    /// What it is called when it is sent again; none until it is sent, and after Redis has refused it.
    pub(super) number: Option<Number>,
    pub(super) terms: Terms,
    /// Whether it was sent without being answered.
    pub(super) is_unanswered: bool,
    phase: Arc<AtomicU8>,
    answer: oneshot::Sender<Answer>,
    size: usize,
}

/// On which terms something is published.
#[derive(Clone, Debug)]
pub(super) enum Terms {
    /// On none.
    None,
    /// Once with this key, however often it is handed in.
    Once(Once),
    /// Unless somebody has taken over.
    Behind(Fence),
}

/// What a publication is called: its place among those of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// Which of the writers that this node was, one after the other.
    pub(super) incarnation: u64,
    pub(super) number: u64,
}

/// What became of a publication: how far the shard is with it, and what is there.
pub(super) type Answer = Result<(Mark, Said), PublishError>;

/// What is there: this publication, or what was published before with the same key.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) position: Position,
    pub(super) id: Uuid,
    /// What was said with the key, in short.
    pub(super) said: u64,
}

/// Whoever has handed in a publication waits with it.
#[derive(Debug)]
pub(super) struct Ticket {
    phase: Arc<AtomicU8>,
    answer: oneshot::Receiver<Answer>,
}

/// A publication waits in the queue.
const QUEUED: u8 = 0;
/// It was sent, at least once.
const SENT: u8 = 1;
/// Nobody waits for it any more.
const ABANDONED: u8 = 2;

impl Item {
    pub(super) fn new(content: Content, shard: usize, terms: Terms) -> (Self, Ticket) {
        let phase = Arc::new(AtomicU8::new(QUEUED));
        let (sender, receiver) = oneshot::channel();
        let size = content.size();
        let ticket = Ticket { phase: Arc::clone(&phase), answer: receiver };
        (Self { content, shard, number: None, terms, is_unanswered: false, phase, answer: sender, size }, ticket)
    }

    /// Says what became of it.
    pub(super) fn answer(self, answer: Answer) {
        // Nobody may wait for it any more.
        let _ = self.answer.send(answer);
    }

    /// Says that somebody has taken over.
    pub(super) fn fenced(self) {
        let name = match &self.terms {
            Terms::Behind(fence) => Arc::clone(&fence.name),
            Terms::None | Terms::Once(_) => Arc::default(),
        };
        self.answer(Err(PublishError::Fenced(name)));
    }

    /// Redis has refused it: it waits as if it had never been sent.
    pub(super) fn was_refused(&mut self) {
        self.number = None;
        // Fails where nobody waits for it any more.
        let _ = self.phase.compare_exchange(SENT, QUEUED, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Whether it is to be sent. Then it counts as sent.
    fn is_to_be_sent(&self) -> bool {
        let found = self.phase.compare_exchange(QUEUED, SENT, Ordering::AcqRel, Ordering::Acquire);
        found.unwrap_or_else(|found| found) != ABANDONED
    }
}

impl Ticket {
    /// Waits for the answer, and no longer than `time`.
    pub(super) async fn answered(self, time: Pin<&mut Sleep>) -> Answer {
        let gone = || Err(unavailable("the server has ended"));
        let mut answer = match select(self.answer, time).await {
            Either::Left((answer, _)) => return answer.unwrap_or_else(|_| gone()),
            Either::Right(((), answer)) => answer,
        };
        let phase = self.phase.swap(ABANDONED, Ordering::AcqRel);
        match answer.try_recv() {
            Ok(answer) => answer,
            Err(oneshot::error::TryRecvError::Closed) => gone(),
            Err(oneshot::error::TryRecvError::Empty) if phase == SENT => Err(unconfirmed()),
            Err(oneshot::error::TryRecvError::Empty) => Err(unavailable("Redis did not take the message in time")),
        }
    }
}

impl Queue {
    /// A queue of at most so many frames and bytes.
    pub(super) fn new(frames: usize, bytes: usize, counters: Arc<Counters>) -> Self {
        Self { frames, bytes, state: Mutex::default(), added: Notify::new(), counters }
    }

    /// Adds an item, if there is room. An item that is larger than the whole queue has room in an empty one.
    pub(super) fn push(&self, item: Item) -> Result<(), PublishError> {
        let mut state = self.state();
        let has_bytes = state.items.is_empty() || state.bytes + item.size <= self.bytes;
        if state.items.len() >= self.frames || !has_bytes {
            drop(state);
            self.counters.bus_refused_total.increment();
            return Err(unavailable("too many messages wait for Redis"));
        }
        state.add(item.size, &self.counters);
        state.items.push_back(item);
        drop(state);
        self.added.notify_one();
        Ok(())
    }

    /// Takes what waits, as much as is sent at once. Waits until there is something.
    pub(super) async fn take(&self) -> Vec<Item> {
        loop {
            // One permit is kept if something is added between the look and the wait.
            let batch = self.take_now();
            if !batch.is_empty() {
                return batch;
            }
            self.added.notified().await;
        }
    }

    fn take_now(&self) -> Vec<Item> {
        let mut state = self.state();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < BATCH
            && bytes < BATCH_BYTES
            && let Some(item) = state.items.pop_front()
        {
            state.remove(item.size, &self.counters);
            if item.is_to_be_sent() {
                bytes += item.size;
                batch.push(item);
            }
        }
        batch
    }

    /// Puts back what was taken, in front of everything else.
    pub(super) fn put_back(&self, items: Vec<Item>) {
        let mut state = self.state();
        for item in items.into_iter().rev() {
            state.add(item.size, &self.counters);
            state.items.push_front(item);
        }
        drop(state);
        self.added.notify_one();
    }

    /// Forgets what nobody waits for any more.
    pub(super) fn forget_abandoned(&self) {
        let mut state = self.state();
        let State { items, bytes } = &mut *state;
        items.retain(|item| {
            let stays = item.phase.load(Ordering::Acquire) != ABANDONED;
            if !stays {
                *bytes -= item.size;
                self.counters.bus_queue_frames.decrement();
            }
            stays
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, size: usize, counters: &Counters) {
        self.bytes += size;
        counters.bus_queue_frames.increment();
    }

    fn remove(&mut self, size: usize, counters: &Counters) {
        self.bytes -= size;
        counters.bus_queue_frames.decrement();
    }
}

/// Nothing was published.
pub(super) fn unavailable(why: &str) -> PublishError {
    PublishError::Unavailable(why.into())
}

/// It was sent, and nobody knows what became of it.
pub(super) fn unconfirmed() -> PublishError {
    PublishError::Unconfirmed("Redis did not say in time whether it took the message".into())
}
