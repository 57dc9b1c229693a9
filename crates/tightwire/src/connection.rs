//! One connection, from the completed handshake to the end: reads, checks, dispatches, writes, and keeps time.
//!
//! One task does it all. A handler that waits holds up only the frames behind it: writing, heartbeat and reading (up to
//! a bound) go on meanwhile.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::future::BoxFuture;
use tightwire_proto::close::CloseReason;
use tightwire_proto::contract::{Framing, SessionRole};
use tightwire_proto::frame::{Opcode, close_frame, message_frame, ping_frame};
use tightwire_proto::inbound::{Inbound, SessionRequest, Violation};
use tightwire_proto::outbound::OutboundQueue;
use tightwire_proto::session::messages::{ConnectionEstablished, DisconnectNotice, Ping, Pong, rfc3339};
use tightwire_proto::session::{self, Due, Refusal, RefusalKind, SYSTEM_TOPIC, Session, Subscriptions};
use tokio::time::{Sleep, sleep_until};
use uuid::Uuid;

use crate::auth::{Identity, Unauthorized};
use crate::clock;
use crate::connections::Place;
use crate::dispatch::{connected, dispatch, topic};
use crate::outbound::{Outbound, Progress};
use crate::peer::Peer;
use crate::request::HandshakeRequest;
use crate::service::Service;
use crate::shared::Shared;
use crate::transport::{Incoming, Received, Socket};

/// How many frames may wait for a handler before no more are read.
const INBOX_FRAMES: usize = 32;

/// Runs a connection to its end.
pub(crate) async fn run<S: Service>(
    shared: Arc<Shared<S>>,
    socket: Socket,
    request: Option<Box<HandshakeRequest>>,
    identity: Result<Option<Arc<Identity>>, Unauthorized>,
    place: Place,
) {
    let (identity, unauthorized) = match identity {
        Ok(identity) => (identity, None),
        Err(why) => (None, Some(why)),
    };
    let (wire, unread) = socket.split();
    let limits = shared.limits();
    let queue = OutboundQueue::new(limits, shared.config.slow_consumer);
    let peer = Arc::new(Peer::new(
        Uuid::now_v7(),
        Outbound::new(queue, wire, Arc::clone(&shared.counters)),
        Subscriptions::new(limits.subscriptions_per_connection),
        Arc::clone(&shared.voice),
        request,
        identity,
        Arc::clone(&shared.counters),
    ));
    let incoming = Incoming::new(unread, Arc::clone(&peer), limits.max_frame_bytes);
    let mut connection = Connection {
        session: Session::new(&shared.policy, clock::now()),
        inbox: VecDeque::new(),
        job: None,
        read_first: false,
        is_flat: shared.contract.framing == Framing::Flat,
        shared,
        peer: Arc::clone(&peer),
        incoming,
    };
    let end = match unauthorized {
        None => connection.begin(&place).await,
        Some(why) => connection.turn_away(why, &place),
    };
    connection.forget();
    let code = connection.close(end).await;
    place.leave(&peer);
    tracing::debug!(connection_id = %peer.id(), code, "disconnected");
    if let Some(job) = connection.job {
        // A handler is never cancelled half-way: what it does for others must not depend on its client staying.
        tokio::spawn(job);
    }
}

struct Connection<S: Service> {
    shared: Arc<Shared<S>>,
    peer: Arc<Peer>,
    incoming: Incoming,
    session: Session,
    /// Frames that wait for the handler of the one before.
    inbox: VecDeque<(Inbound<S::Frame>, Option<SessionRequest>)>,
    /// The handler at work.
    job: Option<BoxFuture<'static, ()>>,
    /// Whether reading comes before writing at the next turn.
    read_first: bool,
    /// Whether frames have no envelope: heartbeat and errors are WebSocket's own then.
    is_flat: bool,
}

/// Why a connection ends.
enum End {
    /// The server closes.
    Ours(CloseReason),
    /// The peer closes: the frame that answers it, and its code.
    Theirs(bytes::Bytes, u16),
    /// The peer broke the rules of WebSocket: the frame that says so, and its code.
    Broken(bytes::Bytes, u16),
    /// There is nobody to talk to.
    Gone,
}

/// What happened while the connection waited.
enum Event {
    JobDone,
    Written(std::io::Result<Progress>),
    Received(Received),
    Timer,
}

impl<S: Service> Connection<S> {
    /// The life of a connection whose client may be here.
    async fn begin(&mut self, place: &Place) -> End {
        self.job = Some(Box::pin(connected(Arc::clone(&self.shared), Arc::clone(&self.peer))));
        self.greet();
        // Only now, so that a shutdown cannot close the connection before its first frame.
        place.seat(&self.peer);
        tracing::debug!(connection_id = %self.peer.id(), "connected");
        self.live().await
    }

    /// The end of a connection whose client may not be here, before any frame. The handshake was completed all the
    /// same, because a browser shows its page the code of a close, and nothing of an HTTP response.
    fn turn_away(&self, why: Unauthorized, place: &Place) -> End {
        self.shared.counters.unauthorized_total.increment();
        tracing::info!(connection_id = %self.peer.id(), %why, "a client was not let in");
        self.peer.outbound().begin_close_saying(CloseReason::Unauthorized, why.said());
        place.seat(&self.peer);
        End::Ours(CloseReason::Unauthorized)
    }

    /// The first frame, where there is an envelope.
    fn greet(&self) {
        let unix_ms = clock::unix_ms();
        let (limits, heartbeat) = (self.shared.limits(), self.shared.heartbeat());
        let data = ConnectionEstablished::new(self.peer.id(), self.shared.contract, limits, heartbeat, unix_ms);
        self.peer.say(SessionRole::ConnectionEstablished, None, &data);
    }

    /// Everything between the first frame and the last.
    async fn live(&mut self) -> End {
        let mut timer = Box::pin(sleep_until(self.session.deadline().into()));
        loop {
            let now = clock::now();
            if !self.is_reading() {
                self.session.heartbeat().excuse(now);
            }
            self.keep_time(now);
            if let Some(reason) = self.peer.outbound().closing() {
                return End::Ours(reason);
            }
            self.start_job();
            set(&mut timer, self.session.deadline());
            let event = poll_fn(|cx| self.poll_event(cx, timer.as_mut())).await;
            // Whoever had its turn comes second now: a flood in one direction must not starve the other.
            self.read_first = matches!(event, Event::Written(_));
            match event {
                Event::JobDone => self.job = None,
                Event::Written(Ok(progress)) => {
                    if progress.application {
                        self.session.heartbeat().application_frame(clock::now());
                    }
                }
                Event::Written(Err(_)) => return End::Gone,
                Event::Received(received) => {
                    if let Some(end) = self.receive(received) {
                        return end;
                    }
                }
                Event::Timer => {}
            }
        }
    }

    /// The next thing that happens: first the handler's end, so that frames are answered in their order.
    fn poll_event(&mut self, cx: &mut Context<'_>, timer: Pin<&mut Sleep>) -> Poll<Event> {
        if self.job.as_mut().is_some_and(|job| job.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Event::JobDone);
        }
        if self.read_first
            && let Poll::Ready(received) = self.poll_read(cx)
        {
            return Poll::Ready(Event::Received(received));
        }
        if let Poll::Ready(written) = self.peer.outbound().poll_write(cx) {
            return Poll::Ready(Event::Written(written));
        }
        if !self.read_first
            && let Poll::Ready(received) = self.poll_read(cx)
        {
            return Poll::Ready(Event::Received(received));
        }
        timer.poll(cx).map(|()| Event::Timer)
    }

    /// What the peer sends, unless too much of it waits already.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        if self.is_reading() { self.incoming.poll_next(cx) } else { Poll::Pending }
    }

    fn is_reading(&self) -> bool {
        self.inbox.len() < INBOX_FRAMES
    }

    fn keep_time(&mut self, now: Instant) {
        while let Some(due) = self.session.heartbeat().poll(now) {
            match due {
                Due::Ping if self.is_flat => self.peer.outbound().send_control(ping_frame()),
                Due::Ping => {
                    let data = Ping { timestamp: rfc3339(clock::unix_ms()) };
                    self.peer.say(SessionRole::Ping, None, &data);
                }
                Due::Close(reason) => {
                    self.peer.outbound().begin_close(reason);
                    break;
                }
            }
        }
    }

    fn start_job(&mut self) {
        if self.job.is_none()
            && let Some((inbound, request)) = self.inbox.pop_front()
        {
            let (shared, peer) = (Arc::clone(&self.shared), Arc::clone(&self.peer));
            self.job = Some(Box::pin(dispatch(shared, peer, inbound, request)));
        }
    }

    fn receive(&mut self, received: Received) -> Option<End> {
        match received {
            Received::Text(text) if S::ECHOES => self.peer.outbound().send_control(message_frame(Opcode::Text, &text)),
            Received::Binary(data) if S::ECHOES => {
                self.peer.outbound().send_control(message_frame(Opcode::Binary, &data));
            }
            Received::Text(text) => self.receive_text(&text),
            Received::Binary(_) => self.peer.outbound().begin_close(CloseReason::UnsupportedData),
            Received::Pong if self.is_flat => self.session.heartbeat().pong(),
            Received::Ping | Received::Pong => {}
            Received::Close(frame, code) => return Some(End::Theirs(frame, code)),
            Received::Broken(frame, code) => return Some(End::Broken(frame, code)),
            Received::Gone => return Some(End::Gone),
        }
        None
    }

    fn receive_text(&mut self, text: &[u8]) {
        let now = clock::now();
        self.shared.counters.messages_received_total.increment();
        let (service, route) = (&self.shared.service, self.peer.request().route_index());
        let mut inbound = match self.session.receive(text, now, |text| service.decode_on(route, text)) {
            session::Received::Frame(inbound) => inbound,
            session::Received::Refused(refusal) => return self.refuse(refusal),
        };
        if self.is_flat {
            // The frame has no id of its own; what it causes is to be found in the log all the same.
            inbound.id = Uuid::now_v7();
        }
        tracing::debug!(
            connection_id = %self.peer.id(),
            correlation_id = %inbound.id,
            r#type = S::describe(&inbound.frame).wire_type,
            topic = topic(&S::describe(&inbound.frame), &self.peer),
            "received"
        );
        match S::session_request(&inbound.frame) {
            Some(SessionRequest::Pong { .. }) => self.session.heartbeat().pong(),
            Some(SessionRequest::Ping { timestamp }) => {
                let data = Pong { timestamp: timestamp.unwrap_or_else(|| rfc3339(clock::unix_ms())) };
                self.peer.say(SessionRole::Pong, Some(inbound.id), &data);
            }
            request => {
                self.session.heartbeat().application_frame(now);
                self.inbox.push_back((inbound, request));
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        let counters = &self.shared.counters;
        match refusal.why {
            RefusalKind::RateLimited => counters.rate_limited_total.increment(),
            RefusalKind::Violation => counters.contract_violations_total.increment(),
            RefusalKind::TooLarge => {}
        }
        if let Some(mut report) = refusal.report {
            // A frame whose id cannot be read gets one, so that the error and the log line can be matched.
            let correlation_id = *report.answers.get_or_insert_with(Uuid::new_v4);
            let violations: Vec<_> = report
                .violations
                .iter()
                .map(|violation| format!("{}: {}", violation.pointer, violation.keyword))
                .collect();
            // What the frame says of itself is not to be trusted, and not repeated.
            tracing::warn!(
                connection_id = %self.peer.id(),
                %correlation_id,
                r#type = "refused",
                topic = if self.is_flat { self.peer.request().route() } else { SYSTEM_TOPIC },
                code = report.code,
                violations = violations.join(", "),
                "a frame was refused"
            );
            match refusal.close {
                // There is no error frame, so the close says it.
                Some(reason) if !self.peer.report(&report) => {
                    let words = report.violations.first().map(Violation::reason);
                    self.peer.outbound().begin_close_saying(reason, words.as_deref().unwrap_or(&report.message));
                }
                Some(reason) => self.peer.outbound().begin_close(reason),
                None => {
                    self.peer.report(&report);
                }
            }
        }
    }

    /// Takes the connection out of everything that would send to it.
    fn forget(&mut self) {
        self.inbox = VecDeque::new();
        let topics = self.peer.subscriptions().close();
        for topic in topics {
            self.shared.hub.detach(&topic, &self.peer);
        }
    }

    /// The closing handshake, within its time. Returns the close code, 1006 where there was none.
    async fn close(&mut self, end: End) -> u16 {
        let outbound = self.peer.outbound();
        let (code, peer_closed) = match end {
            End::Ours(reason) => {
                let notice = self.notice(reason);
                let words = outbound.words();
                let words = words.as_deref().unwrap_or_else(|| reason.meaning(self.shared.contract));
                outbound.end(notice, close_frame(reason.code(), words));
                (reason.code(), false)
            }
            End::Theirs(frame, code) => {
                // Answers to what came just before the close go out, as far as the peer takes them at once; whoever
                // says goodbye does not wait for the rest.
                poll_fn(|cx| {
                    let _ = outbound.poll_write(cx);
                    Poll::Ready(())
                })
                .await;
                outbound.discard();
                outbound.end(None, frame);
                (code, true)
            }
            End::Broken(frame, code) => {
                outbound.end(None, frame);
                (code, true)
            }
            End::Gone => {
                outbound.abort();
                return 1006;
            }
        };
        let farewell = async {
            let read = async {
                while !peer_closed
                    && matches!(
                        poll_fn(|cx| self.incoming.poll_next(cx)).await,
                        Received::Text(_) | Received::Binary(_) | Received::Ping | Received::Pong
                    )
                {}
            };
            let (written, ()) = tokio::join!(drain(outbound), read);
            if written && poll_fn(|cx| outbound.poll_shutdown(cx)).await.is_ok() {
                self.incoming.linger().await;
            }
        };
        let complete = tokio::select! {
            () = farewell => true,
            () = tokio::time::sleep(self.shared.config.close_timeout) => false,
            () = poll_fn(|cx| outbound.poll_aborted(cx)) => false,
        };
        tracing::debug!(connection_id = %self.peer.id(), code, complete, "closed");
        outbound.abort();
        code
    }

    fn notice(&self, reason: CloseReason) -> Option<tightwire_proto::frame::OutboundFrame> {
        let spread = u64::try_from(self.shared.config.reconnect_spread.as_millis()).unwrap_or(u64::MAX);
        let reconnect_after_ms = match reason {
            // Random, so that a server's clients do not all come back at once.
            CloseReason::Shutdown | CloseReason::OverCapacity => Uuid::new_v4().as_u64_pair().1 % spread.max(1),
            _ => 0,
        };
        let data = DisconnectNotice { reason: reason.notice()?, reconnect_after_ms };
        self.shared.voice.say(SessionRole::DisconnectNotice, clock::stamp(None), &data)
    }
}

/// Writes what waits. False if that failed.
async fn drain(outbound: &Outbound) -> bool {
    while !outbound.is_drained() {
        if poll_fn(|cx| outbound.poll_write(cx)).await.is_err() {
            return false;
        }
    }
    true
}

/// Sets the timer, if it is not set so already.
fn set(timer: &mut Pin<Box<Sleep>>, deadline: Instant) {
    if timer.deadline().into_std() != deadline {
        timer.as_mut().reset(deadline.into());
    }
}
