//! How the sending half ends: from the wish to close, which anybody may have, to the last frame.

use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use tightwire_proto::close::CloseReason;
use tightwire_proto::frame::OutboundFrame;

use super::{Outbound, State};
use crate::transport::Wire;

/// How far a connection is on its way to its end.
///
/// ```text
/// Open ── begin_close ──► Closing ── end ──► Ending ── all written ──► (the task shuts the wire down)
///   └──────────────── end (the peer closed first) ────┘
/// any ── abort ──► Aborted
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Frames are taken.
    Open,
    /// The connection is to be closed; the task has yet to notice. No more frames are taken.
    Closing(CloseReason),
    /// The close frame waits or is written.
    Ending,
    /// Nothing is written any more.
    Aborted,
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

    pub(super) fn close_in(&self, state: &mut State, reason: CloseReason) {
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
}
