//! The sending half of a connection: where the hub, handlers and the session put frames, and from where the
//! connection's task writes them.
//!
//! The hub writes straight to the socket, as long as nothing waits: no queue, no copy, nobody is woken. What the kernel
//! does not take is queued, and so is what the connection's own task sends: it writes everything that waits in one
//! vectored write, once it has read what there is to read. Wire and queue lie under the same lock, so that frames go out
//! in the order in which they came.

mod held;

use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use tightwire_proto::close::CloseReason;
use tightwire_proto::frame::{OutboundFrame, Position};
use tightwire_proto::outbound::{OutboundQueue, Overflow, Pushed};
use tokio::sync::Notify;
use uuid::Uuid;

use self::held::Held;
use crate::clock;
use crate::metrics::Counters;
use crate::transport::Wire;

/// How many frames one write takes along.
const SLICES: usize = 64;

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

/// ```text
/// Open ── begin_close ──► Closing ── end ──► Ending ── all written ──► (the task shuts the wire down)
///   └──────────────── end (the peer closed first) ────┘
/// any ── abort ──► Aborted
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Frames are taken.
    Open,
    /// The connection is to be closed; the task has yet to notice. No more frames are taken.
    Closing(CloseReason),
    /// The close frame waits or is written.
    Ending,
    /// Nothing is written any more.
    Aborted,
}

/// What [`Outbound::poll_write`] did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Whether a frame was written that is more than heartbeat.
    pub(crate) application: bool,
}

/// What [`Outbound::poll_take`] gives.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Frames to be written, at least one.
    Frames(Vec<OutboundFrame>),
    /// The connection is to be closed.
    Closing(CloseReason),
    /// Nothing is to be written any more.
    Aborted,
}

/// Which of several frames a client will not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// The place of the first.
    pub(crate) first: usize,
    /// How many there are.
    pub(crate) count: usize,
}

/// What the connection's task needs to know before it goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glance {
    /// Why the connection is to be closed, if it is.
    pub(crate) closing: Option<CloseReason>,
    /// When the hub last wrote a frame that is more than heartbeat, if it did since the last glance.
    pub(crate) written_at: Option<Instant>,
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

    /// Writes what the kernel takes at once. Returns how many frames need no more care: they are written, or, where the
    /// kernel took a part of one, that one's rest waits in the queue.
    fn write_now(&self, state: &mut State, frames: &[OutboundFrame], wire: &[u8]) -> usize {
        let count = state.wire.try_write(wire);
        self.counters.sent_bytes_total.add(count as u64);
        if count == wire.len() {
            self.counters.messages_sent_total.add(frames.len() as u64);
            return frames.len();
        }
        let mut rest = count;
        for (index, frame) in frames.iter().enumerate() {
            let length = frame.wire().len();
            if rest < length {
                self.counters.messages_sent_total.add(index as u64);
                if rest == 0 {
                    return index;
                }
                state.queue.push_started(frame.clone(), rest);
                return index + 1;
            }
            rest -= length;
        }
        frames.len()
    }

    /// Keeps a live frame for [`Self::release`]. False if the client will not get it.
    fn hold_back(&self, state: &mut State, frame: &OutboundFrame) -> bool {
        let Some(held) = &mut state.held else { return self.push(state, frame.clone()) };
        held.push(frame.clone());
        let fits = state.queue.fits_with(held.size());
        if !fits {
            self.overflow(state);
        }
        fits
    }

    /// Adds a control frame of WebSocket itself.
    pub(crate) fn send_control(&self, frame: Bytes) {
        let mut state = self.lock();
        if state.phase == Phase::Open && state.queue.push_control(frame).is_err() {
            self.overflow(&mut state);
        }
        self.task.wake();
    }

    /// Holds the topic's live frames back until [`Self::release`].
    pub(crate) fn hold(&self, topic: &Arc<str>) {
        self.lock().held.get_or_insert_default().add_topic(topic);
    }

    /// Forgets what was held back of a topic: the client has left it again.
    pub(crate) fn unhold(&self, topic: &str) {
        if let Some(held) = &mut self.lock().held {
            held.remove_topic(topic);
        }
    }

    /// Sends what was held back, without what lies at or before `after`: the client has it already.
    pub(crate) fn release(&self, after: Option<&Position>) {
        let mut state = self.lock();
        let Some(held) = state.held.take() else { return };
        for frame in held.into_frames_after(after) {
            self.push(&mut state, frame);
        }
        self.task.wake();
    }

    /// Forgets what was held back up to and with that frame, if it is there.
    pub(crate) fn forget_held_until(&self, id: Uuid) {
        if let Some(held) = &mut self.lock().held {
            held.forget_until(id);
        }
    }

    /// Forgets what was held back so far: the subscription did not come about.
    pub(crate) fn forget_held(&self) {
        self.lock().held = None;
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

    /// Waits until a replay may go on. False if the connection is being closed.
    pub(crate) async fn has_room(&self) -> bool {
        loop {
            // Made before the check, so that a write in between is not missed.
            let room = self.room.notified();
            {
                let state = self.lock();
                if state.phase != Phase::Open {
                    return false;
                } else if state.queue.has_room() {
                    return true;
                }
            }
            room.await;
        }
    }

    /// Asks for the connection to be closed. The first reason counts.
    pub(crate) fn begin_close(&self, reason: CloseReason) {
        self.close_in(&mut self.lock(), reason);
    }

    /// As [`Self::begin_close`], with words of its own for the close frame.
    pub(crate) fn begin_close_saying(&self, reason: CloseReason, words: &str) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.words = Some(words.into());
        }
        self.close_in(&mut state, reason);
    }

    /// What the close frame is to say, where that is not what its code means.
    pub(crate) fn words(&self) -> Option<Box<str>> {
        self.lock().words.take()
    }

    /// Looks at how things are. To be called by the connection's task.
    pub(crate) fn glance(&self) -> Glance {
        let mut state = self.lock();
        let closing = match state.phase {
            Phase::Closing(reason) => Some(reason),
            Phase::Open | Phase::Ending | Phase::Aborted => None,
        };
        Glance { closing, written_at: state.written_at.take() }
    }

    /// The connection's task runs: until it waits again it need not be woken.
    pub(crate) fn attend(&self) {
        self.task.take();
    }

    /// Queues the last frames. Nothing is taken after them.
    pub(crate) fn end(&self, notice: Option<OutboundFrame>, close: Bytes) {
        let mut state = self.lock();
        if state.phase != Phase::Aborted {
            state.phase = Phase::Ending;
            state.held = None;
            state.queue.push_last(notice, close);
        }
    }

    /// Forgets what waits, because the peer will not read it.
    pub(crate) fn discard(&self) {
        self.lock().queue.clear_unsent();
    }

    /// Ends the connection at once and lets go of the socket.
    pub(crate) fn abort(&self) {
        let mut state = self.lock();
        state.phase = Phase::Aborted;
        state.held = None;
        state.queue.clear_unsent();
        state.wire = Wire::Closed;
        drop(state);
        self.task.wake();
        self.room.notify_waiters();
    }

    /// Ready when [`Self::abort`] was called. To be polled by the connection's task only.
    pub(crate) fn poll_aborted(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.task.register(cx.waker());
        if self.lock().phase == Phase::Aborted { Poll::Ready(()) } else { Poll::Pending }
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

    /// Writes what waits. Ready when something was written or the connection is to be closed.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>) -> Poll<io::Result<Progress>> {
        self.task.register(cx.waker());
        let mut state = self.lock();
        let state = &mut *state;
        match state.phase {
            Phase::Closing(_) => return Poll::Ready(Ok(Progress::default())),
            Phase::Aborted => return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            Phase::Open | Phase::Ending => {}
        }
        let mut progress = None::<Progress>;
        while !state.queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let filled = state.queue.chunks(&mut slices);
            match state.wire.poll_write_vectored(cx, &slices[..filled]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => {
                    let written = state.queue.advance(count);
                    self.counters.messages_sent_total.add(written.frames);
                    self.counters.sent_bytes_total.add(count as u64);
                    progress.get_or_insert_default().application |= written.application;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
        }
        if let Poll::Ready(Err(error)) = state.wire.poll_flush(cx) {
            return Poll::Ready(Err(error));
        }
        match progress {
            None => Poll::Pending,
            Some(progress) => {
                if state.queue.has_room() {
                    self.room.notify_waiters();
                }
                if state.queue.is_empty()
                    && let Some(since) = state.late_since.take()
                {
                    self.counters.catch_up_seconds.observe(clock::now().saturating_duration_since(since));
                }
                Poll::Ready(Ok(progress))
            }
        }
    }

    /// Takes frames that wait, at least one and at most so many bytes, if there is `room` for them; for who writes something
    /// other than WebSocket's frames. Ready too when the connection is to be closed.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>, room: bool, bytes: usize) -> Poll<Taken> {
        self.task.register(cx.waker());
        let mut state = self.lock();
        match state.phase {
            Phase::Closing(reason) => return Poll::Ready(Taken::Closing(reason)),
            Phase::Ending | Phase::Aborted => return Poll::Ready(Taken::Aborted),
            Phase::Open => {}
        }
        if !room || state.queue.is_empty() {
            return Poll::Pending;
        }
        let (mut frames, mut taken) = (Vec::new(), 0);
        while taken < bytes
            && let Some(frame) = state.queue.pop()
        {
            taken += frame.wire().len();
            frames.push(frame);
        }
        if state.queue.has_room() {
            self.room.notify_waiters();
        }
        if state.queue.is_empty()
            && let Some(since) = state.late_since.take()
        {
            self.counters.catch_up_seconds.observe(clock::now().saturating_duration_since(since));
        }
        Poll::Ready(Taken::Frames(frames))
    }

    /// Takes all that still waits when the connection is closed.
    pub(crate) fn take_rest(&self) -> Vec<OutboundFrame> {
        let mut state = self.lock();
        std::iter::from_fn(|| state.queue.pop()).collect()
    }

    /// Takes note of frames that were written elsewhere, in so many bytes.
    pub(crate) fn note_written(&self, frames: usize, bytes: usize) {
        self.counters.messages_sent_total.add(frames as u64);
        self.counters.sent_bytes_total.add(bytes as u64);
    }

    /// Says to the peer that nothing more will come.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().wire.poll_shutdown(cx)
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

    fn close_in(&self, state: &mut State, reason: CloseReason) {
        if state.phase != Phase::Open {
            return;
        }
        state.phase = Phase::Closing(reason);
        state.held = None;
        if !reason.flushes() {
            state.queue.clear_unsent();
        }
        self.task.wake();
        self.room.notify_waiters();
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
