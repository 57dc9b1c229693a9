//! The life of a connection that is a response: what waits for the client becomes events, for as long as the client reads.

use std::fmt::Write;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tightwire_proto::close::CloseReason;
use tightwire_proto::frame::OutboundFrame;
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::session::{Due, Session};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use uuid::Uuid;

use super::cursor::Cursor;
use crate::clock;
use crate::connections::Place;
use crate::dispatch::{Dispatch, connected};
use crate::line::Line;
use crate::metrics::Counters;
use crate::outbound::Taken;
use crate::peer::Peer;
use crate::service::Service;
use crate::shared::Shared;
use crate::subscribing::Unread;

/// A comment: it keeps proxies from taking the connection for dead.
const PING: &[u8] = b": ping\n\n";

/// How much is handed over at once, if it waits.
const PART_BYTES: usize = 16 * 1024;

/// After how long a client comes back whose connection just breaks.
const RETRY_MS: u64 = 3000;

/// And at least, whatever the reason: a browser keeps to it for every attempt that follows, and would never rest.
const LEAST_RETRY_MS: u64 = 1000;

/// What an end without a close counts as.
const NO_CLOSE: u16 = 1006;

/// A client that reads events.
pub(super) struct Events<S: Service> {
    pub(super) shared: Arc<Shared<S>>,
    pub(super) peer: Arc<Peer>,
    pub(super) cursor: Cursor,
    /// Where the response's body is taken from, one part at a time.
    pub(super) sink: mpsc::Sender<Bytes>,
    pub(super) line: Option<Line>,
}

/// Why it ends.
enum End {
    Ours(CloseReason),
    /// There is nobody to talk to.
    Gone,
}

/// Counts the client for as long as it is here.
struct Counted(Arc<Counters>);

impl Counted {
    fn new(counters: &Arc<Counters>) -> Self {
        counters.sse_clients.increment();
        Self(Arc::clone(counters))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.sse_clients.decrement();
    }
}

impl<S: Service> Events<S> {
    pub(super) async fn run(mut self, place: Place) {
        let counted = Counted::new(&self.shared.counters);
        let mut job: Option<BoxFuture<'static, ()>> =
            Some(Box::pin(begin(Arc::clone(&self.shared), Arc::clone(&self.peer), self.cursor.starts())));
        self.shared.greet(&self.peer);
        place.seat(&self.peer);
        tracing::debug!(connection_id = %self.peer.id(), "connected");
        let end = self.live(&mut job).await;
        for topic in self.peer.unsubscribe_all() {
            self.shared.hub.detach(&topic, &self.peer);
        }
        let peer = Arc::clone(&self.peer);
        let code = self.end(end).await;
        drop(counted);
        place.leave(&peer, code);
        tracing::debug!(connection_id = %peer.id(), code, "disconnected");
        if let Some(job) = job {
            // A handler is never cancelled half-way.
            tokio::spawn(job);
        }
    }

    async fn live(&mut self, job: &mut Option<BoxFuture<'static, ()>>) -> End {
        let Self { shared, peer, cursor, sink, .. } = self;
        let outbound = peer.outbound();
        let mut session = Session::new(&shared.policy, clock::now());
        session.expire_at(peer.authenticated_until());
        let mut timer = Box::pin(sleep_until(session.deadline().into()));
        // The first thing that is said, so that a client that is gone before the first frame knows where to go on.
        let mut room = None;
        let mut first = Some(first(cursor));
        loop {
            set(&mut timer, session.deadline().into());
            tokio::select! {
                biased;
                () = finished(job) => *job = None,
                reserved = sink.reserve(), if room.is_none() => match reserved {
                    Ok(permit) => room = Some(permit),
                    Err(_) => return End::Gone,
                },
                () = sink.closed(), if room.is_some() => return End::Gone,
                taken = poll_fn(|cx| outbound.poll_take(cx, room.is_some(), PART_BYTES)) => match taken {
                    Taken::Frames(frames) => {
                        let mut part = first.take().unwrap_or_default();
                        let mut is_use = false;
                        for frame in &frames {
                            is_use |= !frame.tag().heartbeat;
                            event(&mut part, cursor, frame);
                        }
                        if is_use {
                            session.heartbeat().application_frame(clock::now());
                        }
                        outbound.note_written(frames.len(), part.len());
                        if let Some(permit) = room.take() {
                            permit.send(part.into());
                        }
                    }
                    Taken::Closing(reason) => return End::Ours(reason),
                    Taken::Aborted => return End::Gone,
                },
                () = &mut timer => keep_time(&mut session, clock::now(), |due| match due {
                    // No client of events can answer a ping. Whether it is there shows when nobody takes the bytes.
                    Due::Ping => if let Some(permit) = room.take() {
                        permit.send(Bytes::from_static(PING));
                    },
                    Due::Close(reason) => outbound.begin_close(reason),
                }),
            }
        }
    }

    /// The last events, within their time. Returns the close code.
    async fn end(mut self, end: End) -> u16 {
        let outbound = self.peer.outbound();
        let deadline = Instant::now() + self.shared.config.close_timeout;
        let code = match end {
            End::Gone => NO_CLOSE,
            End::Ours(reason) => {
                let mut part = String::new();
                let frames = outbound.take_rest();
                for frame in &frames {
                    event(&mut part, &mut self.cursor, frame);
                }
                let (notice, reconnect_after_ms) = self.shared.notice(reason);
                if let Some(notice) = &notice {
                    event(&mut part, &mut self.cursor, notice);
                }
                retry(&mut part, reconnect_after_ms.max(LEAST_RETRY_MS));
                part.push('\n');
                outbound.note_written(frames.len() + usize::from(notice.is_some()), part.len());
                let _ = timeout_at(deadline, self.sink.send(part.into())).await;
                reason.code()
            }
        };
        outbound.abort();
        drop(self.sink);
        if let Some(line) = &mut self.line {
            // A client that does not read would keep its socket, and what waits in it, for as long as it likes.
            if timeout_at(deadline, line.ended()).await.is_err() {
                line.cut();
            }
        }
        code
    }
}

/// Brings the topics to the client: first what it missed, then live frames.
async fn begin<S: Service>(shared: Arc<Shared<S>>, peer: Arc<Peer>, starts: Vec<(Arc<str>, ReplayStart)>) {
    connected(Arc::clone(&shared), Arc::clone(&peer)).await;
    let dispatch = Dispatch { shared: &shared, peer: &peer, frame_id: Uuid::now_v7(), unread: Unread::default() };
    dispatch.say_subscriptions();
    for (topic, start) in starts {
        dispatch.resume(&topic, true, &start).await;
    }
}

/// Never, if there is no job.
async fn finished(job: &mut Option<BoxFuture<'static, ()>>) {
    match job {
        Some(job) => job.await,
        None => std::future::pending().await,
    }
}

fn keep_time(session: &mut Session, now: std::time::Instant, mut act: impl FnMut(Due)) {
    while let Some(due) = session.poll(now) {
        act(due);
        match due {
            Due::Ping => session.heartbeat().pong(),
            Due::Close(_) => return,
        }
    }
}

/// Sets the timer, if it is not set so already.
fn set(timer: &mut Pin<Box<Sleep>>, deadline: Instant) {
    if timer.deadline() != deadline {
        timer.as_mut().reset(deadline);
    }
}

/// Where the client is before anything has happened.
fn first(cursor: &Cursor) -> String {
    let mut part = String::from("id: ");
    cursor.write(&mut part);
    part.push('\n');
    retry(&mut part, RETRY_MS);
    part
}

fn retry(part: &mut String, ms: u64) {
    // Writing to memory cannot fail.
    let _ = writeln!(part, "retry: {ms}");
}

/// Writes a frame as an event. Its payload is JSON without line breaks, as the frame is on a WebSocket.
fn event(part: &mut String, cursor: &mut Cursor, frame: &OutboundFrame) {
    let tag = frame.tag();
    // After a gap as well: the frames that are missing will not come.
    if let Some(position) = frame.position() {
        cursor.advance(&tag.topic, position.clone());
        part.push_str("id: ");
        cursor.write(part);
        part.push('\n');
    }
    part.push_str("event: ");
    part.push_str(&tag.wire_type);
    part.push_str("\ndata: ");
    part.push_str(&String::from_utf8_lossy(frame.payload()));
    part.push_str("\n\n");
}
