//! One connection, from the completed handshake to the end: reads, checks, dispatches, writes, and keeps time.
//!
//! One task does it all. A handler that waits holds up only the frames behind it: writing, heartbeat and reading (up to
//! a bound) go on meanwhile.

mod ending;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tightwire_proto::close::CloseReason;
use tightwire_proto::contract::{Framing, SessionRole};
use tightwire_proto::frame::{Opcode, message_frame, ping_frame, pong_frame};
use tightwire_proto::inbound::{Arrival, Heartbeat as HeartbeatFrame, Inbound, InboundView, SessionRequest, Violation};
use tightwire_proto::outbound::OutboundQueue;
use tightwire_proto::session::messages::{Ping, Pong, rfc3339};
use tightwire_proto::session::{self, Due, Refusal, RefusalKind, SYSTEM_TOPIC, Session, Subscriptions};
use tightwire_proto::websocket;
use tracing::field::{DisplayValue, display};
use uuid::Uuid;

use crate::alarms::Alarm;
use crate::auth::{Caller, Unauthorized};
use crate::clock::{self, Moment};
use crate::connections::Place;
use crate::dispatch::{connected, dispatch, topic};
use crate::noise::info_limited;
use crate::outbound::{Outbound, Progress};
use crate::peer::{Origin, Peer};
use crate::request::HandshakeRequest;
use crate::service::Service;
use crate::shared::Shared;
use crate::trace::Trace;
use crate::transport::{Incoming, Received, Socket};

/// How many frames may wait for a handler before no more are read.
const INBOX_FRAMES: usize = 32;

/// Stands for a close without a code (RFC 6455, section 7.1.5); it never goes over the wire.
const NO_CODE: u16 = 1005;

/// The client of a connection that begins.
pub(crate) struct Client {
    pub(crate) address: Option<SocketAddr>,
    pub(crate) request: Option<Box<HandshakeRequest>>,
    pub(crate) identity: Caller,
    pub(crate) place: Place,
    pub(crate) trace: Trace,
}

/// Begins a connection; what is returned runs it to its end.
pub(crate) fn run<S: Service>(
    shared: Arc<Shared<S>>,
    socket: Socket,
    Client { address, request, identity, place, trace }: Client,
) -> impl Future<Output = ()> + Send + use<S> {
    // Not in the future: it lives as long as the connection, and would keep room for everything here.
    let (identity, unauthorized) = match identity {
        Ok(identity) => (identity, None),
        Err(why) => (None, Some(why)),
    };
    let limits = shared.limits();
    let (wire, mut incoming) = socket.split(limits.max_frame_bytes);
    let queue = OutboundQueue::new(limits, shared.config.slow_consumer);
    let peer = Arc::new(Peer::new(
        Uuid::now_v7(),
        Outbound::new(queue, wire, Arc::clone(&shared.counters)),
        Subscriptions::new(limits.subscriptions_per_connection),
        Arc::clone(&shared.voice),
        Origin { address, request, identity, trace },
        Arc::clone(&shared.counters),
    ));
    let mut connection = Connection {
        session: Session::new(&shared.policy, clock::now()),
        inbox: VecDeque::new(),
        job: None,
        alarm: None,
        is_waiting: false,
        read_first: false,
        is_flat: shared.contract.framing == Framing::Flat,
        shared,
        peer,
        acknowledged: None,
    };
    let turned_away = match unauthorized {
        None => {
            connection.begin(&place);
            None
        }
        Some(why) => Some(connection.turn_away(why, &place)),
    };
    async move {
        let end = match turned_away {
            Some(end) => end,
            None => poll_fn(|cx| connection.poll_live(cx, &mut incoming)).await,
        };
        // Boxed for the same reason.
        Box::pin(connection.finish(incoming, end, place)).await;
    }
}

struct Connection<S: Service> {
    shared: Arc<Shared<S>>,
    peer: Arc<Peer>,
    session: Session,
    /// Frames that wait for the handler of the one before.
    inbox: VecDeque<(Inbound<S::Frame>, Option<SessionRequest>)>,
    /// The handler at work.
    job: Option<BoxFuture<'static, ()>>,
    /// When the connection is woken if nothing else happens; not after the session's deadline.
    alarm: Option<Alarm>,
    /// Whether nothing has happened since the connection began to wait.
    is_waiting: bool,
    /// Whether reading comes before writing at the next turn.
    read_first: bool,
    /// Whether frames have no envelope: heartbeat and errors are WebSocket's own then.
    is_flat: bool,
    /// The last frame that the client says it has seen.
    acknowledged: Option<Uuid>,
}

/// Why a connection ends.
enum End {
    /// The server closes.
    Ours(CloseReason),
    /// The peer closes, with this code; [`NO_CODE`] if it gives none.
    Theirs(u16),
    /// The peer broke the rules of WebSocket.
    Broken(websocket::Violation),
    /// There is nobody to talk to.
    Gone,
}

/// What happened while the connection waited.
enum Event {
    JobDone,
    Written(std::io::Result<Progress>),
    /// With why the connection ends, if it does.
    Received(Option<End>),
    /// The time has come for something.
    Alarm,
}

impl<S: Service> Connection<S> {
    /// The beginning of a connection whose client may be here.
    fn begin(&mut self, place: &Place) {
        self.job = Some(Box::pin(connected(Arc::clone(&self.shared), Arc::clone(&self.peer))));
        self.session.expire_at(self.peer.authenticated_until());
        self.shared.greet(&self.peer);
        // Only now, so that a shutdown cannot close the connection before its first frame.
        place.seat(&self.peer);
        tracing::debug!(remote = self.remote(), connection_id = %self.peer.id(), "connected");
    }

    /// The end of a connection whose client may not be here, before any frame. The handshake was completed all the
    /// same, because a browser shows its page the code of a close, and nothing of an HTTP response.
    fn turn_away(&self, why: Unauthorized, place: &Place) -> End {
        self.shared.counters.unauthorized_total.increment();
        info_limited!(remote = self.remote(), connection_id = %self.peer.id(), %why, "a client was not let in");
        self.peer.outbound().begin_close_saying(CloseReason::Unauthorized, why.said());
        place.seat(&self.peer);
        End::Ours(CloseReason::Unauthorized)
    }

    /// Where the client is, for log lines. There is no span that would say it: each connection would keep one.
    fn remote(&self) -> Option<DisplayValue<SocketAddr>> {
        self.peer.address().map(display)
    }

    /// Everything between the first frame and the last.
    fn poll_live(&mut self, cx: &mut Context<'_>, incoming: &mut Incoming) -> Poll<End> {
        loop {
            if !self.is_waiting
                && let Some(reason) = self.look_around()
            {
                return Poll::Ready(End::Ours(reason));
            }
            self.is_waiting = true;
            let event = ready!(self.poll_event(cx, incoming));
            self.is_waiting = false;
            // Whoever had its turn comes second now: a flood in one direction must not starve the other.
            self.read_first = !matches!(event, Event::Received(_));
            match event {
                Event::JobDone => {
                    self.job = None;
                    // It may have renewed the client's token.
                    self.session.expire_at(self.peer.authenticated_until());
                }
                Event::Written(Ok(progress)) => {
                    if progress.application {
                        self.session.heartbeat().application_frame(clock::now());
                    }
                }
                Event::Written(Err(_)) => return Poll::Ready(End::Gone),
                Event::Received(Some(end)) => return Poll::Ready(end),
                Event::Received(None) => {}
                Event::Alarm => self.cancel_alarm(),
            }
        }
    }

    /// What is to be done before the connection waits again. Why it is to be closed, if it is.
    fn look_around(&mut self) -> Option<CloseReason> {
        let now = clock::now();
        if !self.is_reading() {
            self.session.heartbeat().excuse(now);
        }
        let glance = self.peer.outbound().glance();
        if let Some(at) = glance.written_at {
            self.session.heartbeat().application_frame(at);
        }
        let is_over = self.keep_time(now);
        let closing = if is_over { self.peer.outbound().glance().closing } else { glance.closing };
        if closing.is_none() {
            self.start_job();
            self.set_alarm();
        }
        closing
    }

    /// Sees to it that the connection is woken at the session's deadline, or before.
    fn set_alarm(&mut self) {
        let deadline = self.session.deadline();
        if self.alarm.is_none_or(|alarm| deadline < alarm.at()) {
            self.cancel_alarm();
            self.alarm = Some(self.shared.alarms.set(deadline, &self.peer));
        }
    }

    fn cancel_alarm(&mut self) {
        if let Some(alarm) = self.alarm.take() {
            self.shared.alarms.cancel(alarm);
        }
    }

    /// The next thing that happens: first the handler's end, so that frames are answered in their order.
    fn poll_event(&mut self, cx: &mut Context<'_>, incoming: &mut Incoming) -> Poll<Event> {
        self.peer.outbound().attend();
        if self.job.as_mut().is_some_and(|job| job.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Event::JobDone);
        }
        // What was read with one call is answered with one, as far as there is room for the answers.
        let read_first = self.read_first || (incoming.has_unread() && self.peer.outbound().takes_more());
        if read_first && let Poll::Ready(end) = self.poll_read(cx, incoming) {
            return Poll::Ready(Event::Received(end));
        }
        if let Poll::Ready(written) = self.peer.outbound().poll_write(cx) {
            return Poll::Ready(Event::Written(written));
        }
        if !read_first && let Poll::Ready(end) = self.poll_read(cx, incoming) {
            return Poll::Ready(Event::Received(end));
        }
        if self.peer.outbound().has_rung() { Poll::Ready(Event::Alarm) } else { Poll::Pending }
    }

    /// What the peer sends, unless too much of it waits already.
    fn poll_read(&mut self, cx: &mut Context<'_>, incoming: &mut Incoming) -> Poll<Option<End>> {
        if !self.is_reading() {
            return Poll::Pending;
        }
        // The clocks are read once for all that one read brings.
        let mut moment = None;
        incoming.poll_receive(cx, |received| self.receive(received, *moment.get_or_insert_with(clock::moment)))
    }

    fn is_reading(&self) -> bool {
        self.inbox.len() < INBOX_FRAMES
    }

    /// Does what is due. True if that is to close the connection.
    fn keep_time(&mut self, now: Instant) -> bool {
        while let Some(due) = self.session.poll(now) {
            match due {
                Due::Ping if self.is_flat => self.peer.outbound().send_control(ping_frame()),
                Due::Ping => {
                    let data = Ping { timestamp: rfc3339(clock::unix_ms()) };
                    self.peer.say(SessionRole::Ping, None, &data);
                }
                Due::Close(reason) => {
                    self.peer.outbound().begin_close(reason);
                    return true;
                }
            }
        }
        false
    }

    fn start_job(&mut self) {
        if self.job.is_none()
            && let Some((inbound, request)) = self.inbox.pop_front()
        {
            if self.inbox.is_empty() {
                // Most connections have nothing to do most of the time, and need no room for more.
                self.inbox = VecDeque::new();
            }
            let (shared, peer) = (Arc::clone(&self.shared), Arc::clone(&self.peer));
            self.job = Some(Box::pin(dispatch(shared, peer, inbound, request)));
        }
    }

    /// Takes what the peer sent. Breaks with the connection's end, or with nothing where the next has to wait: a handler has
    /// its turn before the frame behind its own is looked at, and answers need room.
    fn receive(&mut self, received: Received<'_>, moment: Moment) -> ControlFlow<Option<End>> {
        let outbound = self.peer.outbound();
        match received {
            Received::Text(text) if S::ECHOES => outbound.send_control(message_frame(Opcode::Text, &text)),
            Received::Binary(data) if S::ECHOES => outbound.send_control(message_frame(Opcode::Binary, &data)),
            Received::Text(text) => return self.receive_text(&text, moment),
            Received::Binary(_) => outbound.begin_close(CloseReason::UnsupportedData),
            Received::Ping(payload) => outbound.send_control(pong_frame(&payload)),
            Received::Pong if self.is_flat => self.session.heartbeat().pong(),
            Received::Pong => {}
            Received::Close(code) => return ControlFlow::Break(Some(End::Theirs(code.unwrap_or(NO_CODE)))),
            Received::Broken(violation) => return ControlFlow::Break(Some(End::Broken(violation))),
            Received::Gone => return ControlFlow::Break(Some(End::Gone)),
        }
        go_on_if(self.peer.outbound().takes_more())
    }

    fn receive_text(&mut self, text: &[u8], moment: Moment) -> ControlFlow<Option<End>> {
        self.shared.counters.messages_received_total.increment();
        let (service, route) = (&self.shared.service, self.peer.request().route_index());
        let mut inbound = match self.session.receive(text, moment.now, |text| service.receive(route, text)) {
            session::Received::Frame(Arrival::Frame(inbound)) => inbound,
            session::Received::Frame(Arrival::Heartbeat(view)) => return self.receive_heartbeat(view, moment),
            session::Received::Refused(refusal) => {
                self.refuse(refusal);
                return go_on_if(self.peer.outbound().takes_more());
            }
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
            Some(SessionRequest::Pong { last_id }) => self.acknowledge(last_id, moment),
            Some(SessionRequest::Ping { timestamp }) => self.pong(inbound.id, timestamp.map(Into::into), moment),
            request => {
                self.session.heartbeat().application_frame(moment.now);
                self.inbox.push_back((inbound, request));
                ControlFlow::Break(None)
            }
        }
    }

    fn receive_heartbeat(
        &mut self,
        view: InboundView<'_, HeartbeatFrame<'_>>,
        moment: Moment,
    ) -> ControlFlow<Option<End>> {
        let role = match view.frame {
            HeartbeatFrame::Ping { .. } => SessionRole::Ping,
            HeartbeatFrame::Pong { .. } => SessionRole::Pong,
        };
        tracing::debug!(
            connection_id = %self.peer.id(),
            correlation_id = %view.id,
            r#type = self.shared.contract.wire_type_of(role),
            topic = &*view.topic,
            "received"
        );
        match view.frame {
            HeartbeatFrame::Pong { last_id } => self.acknowledge(last_id, moment),
            HeartbeatFrame::Ping { timestamp } => self.pong(view.id, timestamp, moment),
        }
    }

    /// The client lives, and may say which frame it has seen last. Nothing depends on its word: it says again where it is
    /// when it comes back.
    fn acknowledge(&mut self, last_id: Option<Uuid>, moment: Moment) -> ControlFlow<Option<End>> {
        self.session.heartbeat().pong();
        if let Some(id) = last_id {
            self.acknowledged = Some(id);
            // The ids of frames say when they were made.
            if let Some((seconds, nanos)) = id.get_timestamp().map(|made| made.to_unix()) {
                let now = Duration::from_millis(moment.unix_ms());
                self.shared
                    .counters
                    .acknowledged_age_seconds
                    .observe(now.saturating_sub(Duration::new(seconds, nanos)));
            }
        }
        go_on_if(self.peer.outbound().takes_more())
    }

    /// Answers a ping, with its own timestamp where it has one.
    fn pong(&self, ping: Uuid, timestamp: Option<Cow<'_, str>>, moment: Moment) -> ControlFlow<Option<End>> {
        let data = Pong { timestamp: timestamp.unwrap_or_else(|| rfc3339(moment.unix_ms()).into()) };
        go_on_if(self.peer.pong(moment.stamp(Some(ping)), &data))
    }

    fn refuse(&mut self, refusal: Refusal) {
        let counters = &self.shared.counters;
        match refusal.why {
            RefusalKind::RateLimited => counters.messages_dropped_rate_limit_total.increment(),
            RefusalKind::Violation => counters.contract_violations_total.increment(),
            RefusalKind::TooLarge => {}
        }
        if let Some(mut report) = refusal.report {
            // A frame whose id cannot be read gets one, so that the error and the log line can be matched.
            let correlation_id = *report.answers.get_or_insert_with(Uuid::new_v4);
            if let Some(nth) = self.peer.another_line() {
                let violations = report.violations.iter();
                let violations: Vec<_> = violations.map(|it| format!("{}: {}", it.pointer, it.keyword)).collect();
                // What the frame says of itself is not to be trusted, and not repeated.
                tracing::warn!(
                    remote = self.remote(),
                    connection_id = %self.peer.id(),
                    %correlation_id,
                    r#type = "refused",
                    topic = if self.is_flat { self.peer.request().route() } else { SYSTEM_TOPIC },
                    code = report.code,
                    violations = violations.join(", "),
                    nth,
                    "a frame was refused"
                );
            }
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
}

/// Whether to go on with what was read.
fn go_on_if(goes_on: bool) -> ControlFlow<Option<End>> {
    if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(None) }
}
