//! What a valid frame causes: the session's own answers to subscribe and unsubscribe, or the operation's handler.
//!
//! A connection's frames are dispatched one after the other. Whatever a handler does, panicking included, ends in at
//! most an error frame to its client, or, in a protocol without error frames, in a close.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tightwire_proto::close::CloseReason;
use tightwire_proto::inbound::{Inbound, SessionRequest};
use tightwire_proto::session::{ErrorReport, Refused, RefusedTopics, SYSTEM_TOPIC, code};
use tracing::Instrument;
use uuid::Uuid;

use crate::clock;
use crate::context::Context;
use crate::failure::Failure;
use crate::peer::Peer;
use crate::service::{ErrorCode, FrameInfo, Service};
use crate::shared::Shared;
use crate::subscribing::Unread;
use crate::trace;

/// Does what the frame asks for.
pub(crate) async fn dispatch<S: Service>(
    shared: Arc<Shared<S>>,
    peer: Arc<Peer>,
    inbound: Inbound<S::Frame>,
    request: Option<SessionRequest>,
) {
    let info = S::describe(&inbound.frame);
    // Of the highest level, so that no filter takes the span from a line that passes.
    let span = tracing::error_span!(
        "frame",
        remote = peer.address().map(tracing::field::display),
        connection_id = %peer.id(),
        correlation_id = %inbound.id,
        r#type = info.wire_type,
        topic = topic(&info, &peer),
    );
    let traced = peer.trace().frame(&info, peer.request().route(), inbound.id, peer.id());
    let dispatch = Dispatch { shared: &shared, peer: &peer, frame_id: inbound.id, unread: Unread::default() };
    async {
        match request {
            Some(SessionRequest::Subscribe { topics, after, positions }) => {
                dispatch.subscribe(&topics, &after, positions).await;
            }
            Some(SessionRequest::Unsubscribe { topics }) => dispatch.unsubscribe(&topics),
            Some(SessionRequest::Authenticate { token }) => dispatch.authenticate(&token).await,
            // The connection answers these when they arrive.
            Some(SessionRequest::Ping { .. } | SessionRequest::Pong { .. }) => {}
            None => dispatch.operation(&info, inbound).await,
        }
    }
    .instrument(traced)
    .instrument(span)
    .await;
}

/// Tells the application of a new connection.
pub(crate) async fn connected<S: Service>(shared: Arc<Shared<S>>, peer: Arc<Peer>) {
    let dispatch = Dispatch { shared: &shared, peer: &peer, frame_id: Uuid::now_v7(), unread: Unread::default() };
    let topic = match peer.request().route() {
        "" => SYSTEM_TOPIC,
        route => route,
    };
    let span = tracing::error_span!(
        "frame",
        remote = peer.address().map(tracing::field::display),
        connection_id = %peer.id(),
        correlation_id = %dispatch.frame_id,
        r#type = "connected",
        topic,
    );
    async {
        let _joined = Joining(&peer);
        let cx = dispatch.context();
        if let Err(trouble) = guarded(|| shared.service.connected(&cx)).await {
            dispatch.report(&cx, trouble, &topic.into());
        }
    }
    .instrument(span)
    .await;
}

/// One frame at work.
pub(crate) struct Dispatch<'a, S> {
    pub(crate) shared: &'a Arc<Shared<S>>,
    pub(crate) peer: &'a Arc<Peer>,
    pub(crate) frame_id: Uuid,
    /// What it cannot have of the topics that it asks for.
    pub(crate) unread: Unread,
}

/// Why the application's part of a frame did not succeed.
pub(crate) enum Trouble<C> {
    Failure(Failure<C>),
    Panic(String),
}

impl<S: Service> Dispatch<'_, S> {
    async fn operation(&self, info: &FrameInfo, inbound: Inbound<S::Frame>) {
        let topic: Arc<str> = topic(info, self.peer).into();
        if !self.may_call(info, S::roles(&inbound.frame), &topic) {
            return;
        }
        if !info.subscribes {
            let _joined = Joining(self.peer);
            let cx = self.context();
            if let Err(trouble) = self.call(&cx, info, inbound).await {
                self.report(&cx, trouble, &topic);
            }
            return;
        }
        let mut refused = RefusedTopics::default();
        let Some(new) = self.grant(&topic, &mut refused).await else {
            self.report_refused(&refused);
            return;
        };
        let (position, _hold) = self.hold_for_reply(&topic, new).await;
        let cx = self.context().at(position.as_ref().map(Into::into));
        match self.call(&cx, info, inbound).await {
            Ok(()) if new => {
                if let Err(trouble) = guarded(|| self.shared.service.subscribed(&cx, &topic)).await {
                    self.report(&cx, trouble, &topic);
                }
            }
            Ok(()) => {}
            Err(trouble) => {
                // The client is told that the operation failed, so it must not be subscribed by it either.
                if new {
                    self.leave(&topic);
                    self.peer.outbound().unhold(&topic);
                }
                self.report(&cx, trouble, &topic);
            }
        }
    }

    /// Calls the handler, and takes its time.
    async fn call(
        &self,
        cx: &Context<'_>,
        info: &FrameInfo,
        inbound: Inbound<S::Frame>,
    ) -> Result<(), Trouble<S::Code>> {
        let begun = clock::now();
        let result = guarded(|| self.shared.service.call(cx, inbound)).await;
        let taken = clock::now().saturating_duration_since(begun);
        self.shared.counters.handler_seconds.of(info.wire_type).observe(taken);
        result
    }

    /// Whether the client may call the operation, by its token. If not, it is told. Where nobody is asked for a token,
    /// everyone may.
    fn may_call(&self, info: &FrameInfo, roles: &[&str], topic: &Arc<str>) -> bool {
        let Some(identity) = self.peer.identity() else { return true };
        if !roles.is_empty() && !roles.iter().any(|role| identity.has_role(role)) {
            if let Some(nth) = self.peer.another_line() {
                tracing::warn!(?roles, nth, "the client has no role for this operation");
            }
            let words = format!("this needs one of the roles {}, which the token does not give", roles.join(", "));
            let report = ErrorReport::new(code::UNAUTHORIZED, words).about(Arc::clone(topic)).answering(self.frame_id);
            if !self.peer.report(&report) {
                self.peer.outbound().begin_close_saying(CloseReason::PolicyViolation, &report.message);
            }
            return false;
        }
        // Operations that subscribe read: what they need is asked with the subscription. Flat protocols have no topics.
        if !info.subscribes && !info.topic.is_empty() && !identity.may_write(topic) {
            let mut refused = RefusedTopics::default();
            refused.push(Refused::NotInToken, topic);
            self.report_refused(&refused);
            return false;
        }
        true
    }

    pub(crate) fn context(&self) -> Context<'_> {
        let shared = &self.shared;
        Context::new(self.peer, self.frame_id, &shared.publisher, &shared.hub, &shared.cluster)
    }

    /// Tells the client that a handler failed, after everything that the handler has published before.
    pub(crate) fn report(&self, cx: &Context<'_>, trouble: Trouble<S::Code>, topic: &Arc<str>) {
        cx.flush();
        trace::failed();
        let (report, close) = match trouble {
            Trouble::Failure(failure) => {
                let code = failure.code.as_str();
                if let Some(nth) = self.peer.another_line() {
                    let (said, internal) = (&*failure.message, failure.internal);
                    tracing::info!(code, said, internal, nth, "a handler failed");
                }
                (ErrorReport::new(code, failure.message), failure.code.close())
            }
            Trouble::Panic(message) => {
                self.shared.counters.handler_panics_total.increment();
                tracing::error!(panic = message, "a handler panicked");
                let text = "the server failed; nothing was wrong with the frame";
                (ErrorReport::new(code::INTERNAL_ERROR, text), None)
            }
        };
        let report = report.about(Arc::clone(topic)).answering(self.frame_id);
        let told = self.peer.report(&report);
        // A client that cannot be told would wait for an answer for ever.
        let unsayable = !told && report.code == code::INTERNAL_ERROR;
        if let Some(reason) = close.or(unsayable.then_some(CloseReason::InternalError)) {
            self.peer.outbound().begin_close_saying(reason, &report.message);
        }
    }
}

/// Holds the frames of groups back that a handler joins, until it is done and its reply is queued.
struct Joining<'a>(&'a Peer);

impl Drop for Joining<'_> {
    fn drop(&mut self) {
        self.0.outbound().release_all();
    }
}

/// What log lines call the topic of a frame: the route, where there are no topics.
pub(crate) fn topic<'a>(info: &'a FrameInfo, peer: &'a Peer) -> &'a str {
    if info.topic.is_empty() { peer.request().route() } else { &info.topic }
}

/// Runs the application's code and catches its panics, those of making the future included.
pub(crate) async fn guarded<C, F>(call: impl FnOnce() -> F) -> Result<(), Trouble<C>>
where
    F: Future<Output = Result<(), Failure<C>>>,
{
    match AssertUnwindSafe(async { call().await }).catch_unwind().await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(failure)) => Err(Trouble::Failure(failure)),
        Err(panic) => Err(Trouble::Panic(panic_message(panic))),
    }
}

fn panic_message(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast_ref::<&str>().map_or_else(String::new, |message| (*message).to_owned()),
    }
}
