//! How what waits is written: by the hub, straight to the socket; by the connection's task, in one vectored write; or by
//! whoever makes something other than WebSocket's frames of it.

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use tightwire_proto::close::CloseReason;
use tightwire_proto::frame::OutboundFrame;

use super::closing::Phase;
use super::{Outbound, State};
use crate::clock;

/// How many frames one write takes along.
const SLICES: usize = 64;

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

impl Outbound {
    /// Writes what the kernel takes at once. Returns how many frames need no more care: they are written, or, where the
    /// kernel took a part of one, that one's rest waits in the queue.
    pub(super) fn write_now(&self, state: &mut State, frames: &[OutboundFrame], wire: &[u8]) -> usize {
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
                self.note_less(state);
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
        self.note_less(&mut state);
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

    /// Takes note that less waits than before.
    fn note_less(&self, state: &mut State) {
        if state.queue.has_room() {
            self.room.notify_waiters();
        }
        if state.queue.is_empty()
            && let Some(since) = state.late_since.take()
        {
            self.counters.catch_up_seconds.observe(clock::now().saturating_duration_since(since));
        }
    }
}
