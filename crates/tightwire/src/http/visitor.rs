//! A client that asks by HTTP, with a connection or without one: what it may is found out as for a subscriber.

use std::net::SocketAddr;
use std::sync::Arc;

use tightwire_proto::outbound::{OutboundQueue, SlowConsumer};
use tightwire_proto::session::{Refused, Subscriptions, code};
use uuid::Uuid;
use warp::http::StatusCode;
use warp::reply::Response;

use super::answer::problem;
use crate::auth::Identity;
use crate::dispatch::{Dispatch, Trouble};
use crate::outbound::Outbound;
use crate::peer::{Origin, Peer};
use crate::service::{ErrorCode, Service};
use crate::shared::Shared;
use crate::subscribing::{Denial, Unread};
use crate::transport::Wire;

/// A client that asks by HTTP.
pub(super) struct Visitor<S: Service> {
    shared: Arc<Shared<S>>,
    peer: Arc<Peer>,
}

impl<S: Service> Visitor<S> {
    /// A client without a connection.
    pub(super) fn new(shared: &Arc<Shared<S>>, identity: Option<Arc<Identity>>, address: Option<SocketAddr>) -> Self {
        let counters = &shared.counters;
        // What an application would say to the connection goes nowhere.
        let queue = OutboundQueue::new(shared.limits(), SlowConsumer::Disconnect);
        let peer = Peer::new(
            Uuid::now_v7(),
            Outbound::new(queue, Wire::Closed, Arc::clone(counters)),
            Subscriptions::new(0),
            Arc::clone(&shared.voice),
            Origin { address, identity, ..Origin::default() },
            Arc::clone(counters),
        );
        peer.outbound().abort();
        Self { shared: Arc::clone(shared), peer: Arc::new(peer) }
    }

    /// A client that has a connection.
    pub(super) fn on(shared: &Arc<Shared<S>>, peer: &Arc<Peer>) -> Self {
        Self { shared: Arc::clone(shared), peer: Arc::clone(peer) }
    }

    /// The topic, if it exists and the client may have it as a subscriber; else what to answer.
    pub(super) async fn may_read(&self, topic: &str) -> Result<Arc<str>, Response> {
        if self.shared.service.channel_of(topic).is_none() {
            return Err(refusal(Refused::Invalid));
        }
        let topic: Arc<str> = topic.into();
        let dispatch =
            Dispatch { shared: &self.shared, peer: &self.peer, frame_id: Uuid::now_v7(), unread: Unread::default() };
        let cx = dispatch.context();
        match dispatch.may_read(&cx, &topic).await {
            Ok(()) => Ok(topic),
            Err(Denial::Refused(why)) => Err(refusal(why)),
            Err(Denial::Trouble(trouble)) => {
                let response = response(&trouble);
                dispatch.report(&cx, trouble, &topic);
                Err(response)
            }
        }
    }
}

/// The answer to who may not have a topic.
pub(super) fn refusal(why: Refused) -> Response {
    match why {
        Refused::Invalid => problem(StatusCode::NOT_FOUND, "there is no such topic"),
        Refused::Forbidden | Refused::TooMany => problem(StatusCode::FORBIDDEN, "the topic is not allowed"),
        Refused::NotInToken => problem(StatusCode::FORBIDDEN, "the token does not allow the topic"),
    }
}

/// What a handler's failure is over HTTP.
fn response<C: ErrorCode>(trouble: &Trouble<C>) -> Response {
    let failed = StatusCode::INTERNAL_SERVER_ERROR;
    match trouble {
        Trouble::Panic(_) => problem(failed, "the server failed; nothing was wrong with the request"),
        Trouble::Failure(failure) => {
            let status = match failure.code.as_str() {
                code::UNAVAILABLE => StatusCode::SERVICE_UNAVAILABLE,
                code::INTERNAL_ERROR => failed,
                _ => StatusCode::FORBIDDEN,
            };
            problem(status, &failure.message)
        }
    }
}
