//! The sending half of a connection: where the hub, handlers and the session put frames, and from where the
//! connection's task writes them.
//!
//! The hub writes straight to the socket, as long as nothing waits: no queue, no copy, nobody is woken. What the kernel
//! does not take is queued, and so is what the connection's own task sends: it writes everything that waits in one
//! vectored write, once it has read what there is to read. Wire and queue lie under the same lock, so that frames go out
//! in the order in which they came.

mod closing;
mod held;
mod writing;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use tightwire_proto::close::CloseReason;
use tightwire_proto::frame::OutboundFrame;
use tightwire_proto::outbound::{OutboundQueue, Overflow, Pushed};
use tokio::sync::Notify;

use self::closing::Phase;
use self::held::Held;
pub(crate) use self::writing::{Progress, Taken};
use crate::metrics::Counters;
use crate::transport::Wire;

/// A client that misses so many frames in a row is closed, whatever may be dropped for it.
const FAILURES: u32 = 5;

/// The sending half of a connection.
#[derive(Debug)]
pub(crate) struct Outbound {
    /// Held for the length of a push or of a non-blocking write, never across an await.
    state: Mutex<State>,
    /// The connection's task, while it waits. Not while it runs: it looks into the queue anyway before it waits again.
    task: AtomicWaker,
    /// Whether the connection's alarm has rung, until its task has heard it.
    rung: AtomicBool,
    /// Wakes a replay that waits for room.
    room: Notify,
    counters: Arc<Counters>,
}

#[derive(Debug)]
struct State {
    queue: OutboundQueue,
    wire: Wire,
    /// Live frames of what is just being subscribed to: they follow the reply or the replay.
    held: Option<Box<Held>>,
    phase: Phase,
    /// What the close frame is to say, where that is not what its code means.
    words: Option<Box<str>>,
    /// When the hub last wrote a frame that is more than heartbeat; until the connection's task has taken note of it.
    written_at: Option<Instant>,
    /// Since when a frame of the hub waits that could not be written at once.
    late_since: Option<Instant>,
    /// Frames in a row that could not be sent.
    failures: u32,
}

impl State {
    fn takes_more(&self) -> bool {
        self.phase == Phase::Open && self.queue.has_room()
    }

    /// How many frames and bytes are held back.
    fn held_size(&self) -> (usize, usize) {
        self.held.as_ref().map_or((0, 0), |held| held.size())
    }
}

/// Which of several frames a client will not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// The place of the first.
    pub(crate) first: usize,
    /// How many there are.
    pub(crate) count: usize,
}

impl Outbound {
    pub(crate) fn new(queue: OutboundQueue, wire: Wire, counters: Arc<Counters>) -> Self {
        let state = State {
            queue,
            wire,
            held: None,
            phase: Phase::Open,
            words: None,
            written_at: None,
            late_since: None,
            failures: 0,
        };
        let (task, room) = (AtomicWaker::new(), Notify::new());
        Self { state: Mutex::new(state), task, rung: AtomicBool::new(false), room, counters }
    }

    /// Sends a frame to this client only. False if the client will not get it.
    pub(crate) fn send(&self, frame: OutboundFrame) -> bool {
        let sent = self.push(&mut self.lock(), frame);
        self.task.wake();
        sent
    }

    /// Answers a ping, from the connection's own task, which looks into the queue before it waits again. Whether answers to
    /// more than what was read so far have room.
    pub(crate) fn pong(&self, wire: &[u8]) -> bool {
        let mut state = self.lock();
        self.push_with(&mut state, |queue, reserved| queue.push_pong(wire, reserved));
        state.takes_more()
    }

    /// Sends live frames of one topic. `wire` is the same frames, one after the other.
    pub(crate) fn deliver(&self, frames: &[OutboundFrame], wire: &[u8], now: Instant) -> Result<(), Failed> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let is_held = state.held.as_ref().is_some_and(|held| held.holds(&frames[0].tag().topic));
        let was_empty = state.queue.is_empty();
        let mut sent = 0;
        if state.phase == Phase::Open && state.queue.is_empty() && !is_held {
            sent = self.write_now(state, frames, wire);
            if sent > 0 {
                state.failures = 0;
                state.written_at = Some(now);
            }
        }
        let mut failed = None::<Failed>;
        for (index, frame) in frames.iter().enumerate().skip(sent) {
            let is_sent = if is_held { self.hold_back(state, frame) } else { self.push(state, frame.clone()) };
            if !is_sent {
                failed.get_or_insert(Failed { first: index, count: 0 }).count += 1;
            }
        }
        if !state.queue.is_empty() {
            state.late_since.get_or_insert(now);
            if was_empty {
                // Where something waited already the task waits for the kernel, or is awake.
                self.task.wake();
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Adds a control frame of WebSocket itself.
    pub(crate) fn send_control(&self, frame: Bytes) {
        let mut state = self.lock();
        if state.phase == Phase::Open && state.queue.push_control(frame).is_err() {
            self.overflow(&mut state);
        }
        self.task.wake();
    }

    /// Whether answers to more than what was read so far have room.
    pub(crate) fn takes_more(&self) -> bool {
        self.lock().takes_more()
    }

    /// The connection's alarm rings.
    pub(crate) fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.task.wake();
    }

    /// Whether the connection's alarm has rung since this was last asked. To be asked by the connection's task, after
    /// it has said that it waits.
    pub(crate) fn has_rung(&self) -> bool {
        self.rung.load(Ordering::Relaxed) && self.rung.swap(false, Ordering::Acquire)
    }

    /// The connection's task runs: until it waits again it need not be woken.
    pub(crate) fn attend(&self) {
        self.task.take();
    }

    /// How many frames and bytes wait.
    pub(crate) fn waiting(&self) -> (u64, u64) {
        let state = self.lock();
        let (frames, bytes) = state.held_size();
        ((state.queue.len() + frames) as u64, (state.queue.bytes() + bytes) as u64)
    }

    /// Whether everything is written.
    pub(crate) fn is_drained(&self) -> bool {
        self.lock().queue.is_empty()
    }

    /// Queues a frame. False if the client will not get it. The task is woken by the caller.
    fn push(&self, state: &mut State, frame: OutboundFrame) -> bool {
        self.push_with(state, |queue, reserved| queue.push(frame, reserved))
    }

    fn push_with(
        &self,
        state: &mut State,
        push: impl FnOnce(&mut OutboundQueue, (usize, usize)) -> Result<Pushed, Overflow>,
    ) -> bool {
        if state.phase != Phase::Open {
            self.counters.messages_send_failures_total.increment();
            return false;
        }
        let held_size = state.held_size();
        let sent = match push(&mut state.queue, held_size) {
            Ok(Pushed::Queued) => true,
            Ok(Pushed::Replaced(count)) => {
                self.counters.frames_dropped_total.add(count as u64);
                true
            }
            Ok(Pushed::Dropped) => {
                self.counters.frames_dropped_total.increment();
                self.counters.messages_send_failures_total.increment();
                false
            }
            Err(Overflow) => {
                self.overflow(state);
                false
            }
        };
        state.failures = if sent { 0 } else { state.failures + 1 };
        if state.failures >= FAILURES && state.phase == Phase::Open {
            self.counters.backpressure_disconnects_total.increment();
            self.close_in(state, CloseReason::SlowConsumer);
        }
        sent
    }

    fn overflow(&self, state: &mut State) {
        self.counters.messages_send_failures_total.increment();
        self.counters.backpressure_disconnects_total.increment();
        self.close_in(state, CloseReason::SlowConsumer);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics under the lock; if it did, every field would still be sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
impl Outbound {
    /// What waits of a topic, as it goes over the wire.
    pub(crate) fn waiting_for(&self, topic: &str) -> Vec<u8> {
        let state = self.lock();
        let frames = state.queue.messages().filter(|frame| *frame.tag().topic == *topic);
        frames.flat_map(|frame| frame.wire().iter().copied()).collect()
    }

    /// Lets nobody hand anything over, until it is dropped.
    pub(crate) fn hold_up(&self) -> impl Sized + '_ {
        self.lock()
    }
}
