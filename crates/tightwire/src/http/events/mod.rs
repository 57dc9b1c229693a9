//! `GET /sse?topics=a,b`: Server-Sent Events, for clients that cannot have a WebSocket.
//!
//! The client is a connection like any other, with the same limits, checks and frames; it can only say what its request
//! says. A topic that it may not have is refused before anything is sent, because a page sees no more of that than that
//! it failed.

mod cursor;
mod stream;

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use tightwire_proto::outbound::OutboundQueue;
use tightwire_proto::session::{Refused as RefusedTopic, Subscriptions};
use tokio::sync::mpsc;
use tracing::Instrument;
use uuid::Uuid;
use warp::filters::BoxedFilter;
use warp::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use warp::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use warp::reply::Response;
use warp::{Filter, Reply};

use self::cursor::Cursor;
use super::answer::{problem, unauthorized};
use super::asking::{caller, query};
use super::rate::too_many;
use super::routed;
use super::visitor::{Visitor, refusal};
use crate::auth::Caller;
use crate::clock;
use crate::connections::{Place, Refused};
use crate::handshake::{CROWDED, origin_may_connect};
use crate::line::Line;
use crate::metrics::Refusal;
use crate::outbound::Outbound;
use crate::peer::{Origin, Peer};
use crate::percent;
use crate::server::RemoteAddr;
use crate::service::Service;
use crate::shared::Shared;
use crate::trace::{self, Trace};
use crate::transport::Wire;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Tells nginx not to wait for more before it passes on what it has.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    warp::path("sse")
        .and(warp::path::end())
        .and(warp::get())
        .and(caller(&shared))
        .and(query())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<RemoteAddr>())
        .and(warp::ext::optional::<Line>())
        .then(move |caller, query, headers, remote, line| {
            let (traced, trace) = trace::handshake(&headers, "sse");
            let attempt = Attempt { shared: Arc::clone(&shared), caller, query, headers, remote, line, trace };
            routed(async move {
                let response = match attempt.answer().instrument(traced.clone()).await {
                    Ok(response) | Err(response) => response,
                };
                traced.record("http.response.status_code", response.status().as_u16());
                Ok(response)
            })
        })
        .boxed()
}

/// A request for events.
struct Attempt<S> {
    shared: Arc<Shared<S>>,
    caller: Caller,
    query: String,
    headers: HeaderMap,
    remote: Option<RemoteAddr>,
    line: Option<Line>,
    trace: Trace,
}

/// What the query says.
struct Asked {
    /// Sorted, unique.
    topics: Vec<String>,
    last_event_id: Option<String>,
}

impl Asked {
    fn read(query: &str, headers: &HeaderMap) -> Result<Self, &'static str> {
        let pairs = percent::decode_query(query).ok_or("the query is not percent-encoded UTF-8")?;
        let find = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let topics = find("topics").unwrap_or_default().split(',').map(str::trim).filter(|topic| !topic.is_empty());
        let mut topics: Vec<String> = topics.map(str::to_owned).collect();
        topics.sort_unstable();
        topics.dedup();
        if topics.is_empty() {
            return Err("the query must say which `topics`, for instance `topics=dashboard,thread:welcome`");
        }
        // A page cannot set the header for the first request; what it can set is the URL.
        let header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
        let last_event_id = header.or(find("last_event_id")).filter(|id| !id.is_empty()).map(str::to_owned);
        Ok(Self { topics, last_event_id })
    }
}

impl<S: Service> Attempt<S> {
    async fn answer(self) -> Result<Response, Response> {
        self.pass_rate()?;
        if !origin_may_connect(&self.headers, &self.shared.config.allowed_origins) {
            return Err(self.refuse(Refusal::ORIGIN, StatusCode::FORBIDDEN, "this origin may not connect"));
        }
        let asked = Asked::read(&self.query, &self.headers);
        let Self { shared, caller, remote, line, trace, .. } = self;
        let identity = caller.map_err(unauthorized)?;
        let asked = asked.map_err(|text| problem(StatusCode::BAD_REQUEST, text))?;
        let address = remote.map(|RemoteAddr(address)| address);
        let peer = peer(&shared, Origin { address, identity, trace, ..Origin::default() });
        let topics = allowed(&shared, &peer, &asked.topics).await?;
        let cursor = begin(&shared, topics.clone(), asked.last_event_id.as_deref()).await?;
        let place = admit(&shared, address)?;
        if let Some(line) = &line {
            line.give_back_place();
        }
        for topic in &topics {
            peer.subscribe(topic).map_err(|_| refusal(RefusedTopic::TooMany))?;
        }
        let (sink, body) = mpsc::channel(1);
        let span = tracing::info_span!("connection", remote = address.map(tracing::field::display));
        let stream = stream::Events { shared, peer, cursor, sink, line };
        tokio::spawn(stream.run(place).instrument(span));
        Ok(events(body))
    }

    /// The same rate as for handshakes.
    fn pass_rate(&self) -> Result<(), Response> {
        let Some((rates, RemoteAddr(remote))) = self.shared.handshakes.as_ref().zip(self.remote) else { return Ok(()) };
        let passed = rates.lock().unwrap_or_else(PoisonError::into_inner).pass(remote.ip(), clock::now());
        passed.map_err(|wait| {
            self.shared.counters.handshakes_refused_total.of(Refusal::RATE).increment();
            too_many(wait)
        })
    }

    fn refuse(&self, reason: &str, status: StatusCode, text: &str) -> Response {
        self.shared.counters.handshakes_refused_total.of(reason).increment();
        problem(status, text)
    }
}

fn admit<S: Service>(shared: &Arc<Shared<S>>, address: Option<SocketAddr>) -> Result<Place, Response> {
    shared.connections.admit(address.map(|address| address.ip())).map_err(|refused| {
        let (status, reason, text) = match refused {
            Refused::Crowded => (StatusCode::TOO_MANY_REQUESTS, Refusal::ADDRESS_CAPACITY, CROWDED),
            Refused::Full => {
                let text = "the server has as many connections as it may have; try again later";
                (StatusCode::SERVICE_UNAVAILABLE, Refusal::CAPACITY, text)
            }
            Refused::Ending => {
                (StatusCode::SERVICE_UNAVAILABLE, Refusal::SHUTDOWN, "the server shuts down; try again later")
            }
        };
        shared.counters.handshakes_refused_total.of(reason).increment();
        let mut response = problem(status, text);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        response
    })
}

fn peer<S: Service>(shared: &Arc<Shared<S>>, origin: Origin) -> Arc<Peer> {
    let (limits, counters) = (shared.limits(), &shared.counters);
    let queue = OutboundQueue::new(limits, shared.config.slow_consumer);
    Arc::new(Peer::new(
        Uuid::now_v7(),
        Outbound::new(queue, Wire::Events, Arc::clone(counters)),
        Subscriptions::new(limits.subscriptions_per_connection),
        Arc::clone(&shared.voice),
        origin,
        Arc::clone(counters),
    ))
}

/// The topics, if the client may have them all.
async fn allowed<S: Service>(
    shared: &Arc<Shared<S>>,
    peer: &Arc<Peer>,
    topics: &[String],
) -> Result<Vec<Arc<str>>, Response> {
    if topics.len() as u64 > shared.limits().subscriptions_per_connection {
        return Err(problem(StatusCode::BAD_REQUEST, "these are more topics than one connection may have"));
    }
    let visitor = Visitor::on(shared, peer);
    let mut allowed = Vec::with_capacity(topics.len());
    for topic in topics {
        allowed.push(visitor.may_read(topic).await?);
    }
    Ok(allowed)
}

/// Where the client goes on, or where the topics are now.
async fn begin<S: Service>(
    shared: &Shared<S>,
    topics: Vec<Arc<str>>,
    last_event_id: Option<&str>,
) -> Result<Cursor, Response> {
    if let Some(id) = last_event_id {
        let text = "`Last-Event-ID` is not the `id` of an event of this server; connect without it";
        return Cursor::read(topics, id).ok_or_else(|| problem(StatusCode::BAD_REQUEST, text));
    }
    let mut positions = Vec::with_capacity(topics.len());
    for topic in &topics {
        positions.push(shared.broker.position(topic).await.map_err(|error| {
            tracing::error!(subscription = &**topic, %error, "the topic's position is unknown");
            problem(StatusCode::SERVICE_UNAVAILABLE, "the topics cannot be had now; try again later")
        })?);
    }
    Ok(Cursor::new(topics, positions))
}

fn events(mut body: mpsc::Receiver<Bytes>) -> Response {
    let stream =
        futures_util::stream::poll_fn(move |cx| body.poll_recv(cx).map(|part| part.map(Ok::<_, std::io::Error>)));
    let mut response = warp::reply::stream(stream).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    // Nothing else comes after what has no end.
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
