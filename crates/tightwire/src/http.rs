//! The server's own HTTP endpoints beside the WebSocket: health and limits; and what every error looks like.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use serde_json::json;
use tightwire_proto::inbound::Violation;
use warp::filters::BoxedFilter;
use warp::filters::path::FullPath;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};

use crate::auth::{Identity, Unauthorized, credentials};
use crate::clock;
use crate::handshake::{self, Attempt};
use crate::routes::Match;
use crate::server::RemoteAddr;
use crate::service::Service;
use crate::shared::Shared;
use crate::stats::Stats;

/// All routes: the server's own first, then the application's. What neither knows is a 404, in JSON like every error.
///
/// A protocol may have any path, `/` too. There the application may have its page: only who asks for a WebSocket gets
/// one, and whoever else comes to a path that is nobody's is told what it is for.
pub(crate) fn routes<S: Service>(
    shared: &Arc<Shared<S>>,
    application: Option<BoxedFilter<(Response,)>>,
) -> BoxedFilter<(Response,)> {
    let own = health(Arc::clone(shared)).or(limits(Arc::clone(shared))).unify();
    let application = application.unwrap_or_else(|| warp::any().and_then(nowhere).boxed());
    let all = if shared.routes.is_empty() {
        websocket(Arc::clone(shared), Asked::Always).or(own).unify().or(application).unify().boxed()
    } else {
        let rest = own.or(application).unify().or(websocket(Arc::clone(shared), Asked::Always)).unify();
        websocket(Arc::clone(shared), Asked::ForUpgrade).or(rest).unify().boxed()
    };
    all.recover(explain).unify().boxed()
}

/// Which requests at a WebSocket's path are answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    ForUpgrade,
    Always,
}

fn websocket<S: Service>(shared: Arc<Shared<S>>, asked: Asked) -> BoxedFilter<(Response,)> {
    let find = {
        let shared = Arc::clone(&shared);
        move |path: FullPath, upgrade: Option<OnUpgrade>| {
            let found = if shared.routes.is_empty() {
                let path = path.as_str();
                let path = path.strip_prefix('/').unwrap_or(path);
                let path = path.strip_suffix('/').unwrap_or(path);
                (path == shared.config.websocket_path).then_some(Match { path: "", index: 0, parameters: Vec::new() })
            } else {
                shared.routes.find(path.as_str())
            };
            let found = found.filter(|_| upgrade.is_some() || asked == Asked::Always);
            std::future::ready(found.map(|found| (found, upgrade)).ok_or_else(warp::reject::not_found))
        }
    };
    warp::path::full()
        .and(warp::ext::optional::<OnUpgrade>())
        .and_then(find)
        .untuple_one()
        .and(warp::method())
        .and(query())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<RemoteAddr>())
        .map(move |route, upgrade, method, query, headers, remote| {
            handshake::answer(&shared, Attempt { route, method, query, headers }, upgrade, remote)
        })
        .boxed()
}

fn query() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    warp::query::raw().or(warp::any().map(String::new)).unify()
}

/// Who sends the request.
fn identify<S: Service>(
    shared: &Shared<S>,
    headers: &HeaderMap,
    query: &str,
) -> Result<Option<Arc<Identity>>, Unauthorized> {
    let token = credentials::token(headers, query);
    shared.config.auth.identify(token.as_deref(), clock::unix_ms()).inspect_err(|why| {
        shared.counters.unauthorized_total.increment();
        tracing::info!(%why, "a request was refused");
    })
}

/// The answer to who may not ask.
fn unauthorized(why: Unauthorized) -> Response {
    let mut response = problem(StatusCode::UNAUTHORIZED, why.said());
    if let Ok(challenge) = HeaderValue::try_from(why.challenge()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

async fn nowhere() -> Result<Response, Rejection> {
    Err(warp::reject::not_found())
}

fn health<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let path = warp::path("health").and(warp::path::end());
    path.and(warp::get())
        .map(move || {
            let stats = Stats::new(Arc::clone(&shared.counters));
            let ending = shared.connections.is_ending();
            let body = json!({
                "status": if ending { "ending" } else { "ok" },
                "contract_version": shared.contract.version,
                "bus": shared.broker.health(),
                "uptime_s": stats.uptime().as_secs(),
                "connections": stats.connections(),
                "subscriptions": stats.subscriptions(),
            });
            // A load balancer should send nobody here any more.
            json_response(if ending { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, &body)
        })
        .boxed()
}

fn limits<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let path = warp::path!("api" / "dashboard" / "websocket" / "limits");
    path.and(warp::get())
        .and(query())
        .and(warp::header::headers_cloned())
        .map(move |query: String, headers: HeaderMap| {
            if let Err(why) = identify(&shared, &headers, &query) {
                return unauthorized(why);
            }
            let (limits, heartbeat, config) = (shared.limits(), shared.heartbeat(), &shared.config);
            let body = json!({
                "contract_version": shared.contract.version,
                "limits": {
                    "max_message_bytes": limits.max_message_bytes,
                    "max_frame_bytes": limits.max_frame_bytes,
                    "messages_per_second": limits.messages_per_second,
                    "message_burst": limits.message_burst,
                    "connections": limits.connections,
                    "subscriptions_per_connection": limits.subscriptions_per_connection,
                    "outbound_queue_frames": limits.outbound_queue_frames,
                    "outbound_queue_bytes": limits.outbound_queue_bytes,
                    "idle_timeout_ms": limits.idle_timeout_ms,
                    "replay_frames": limits.replay_frames,
                    "replay_age_ms": limits.replay_age_ms,
                    "handshakes_per_second": config.handshake_rate.map(|rate| rate.per_second),
                    "handshake_burst": config.handshake_rate.map(|rate| rate.burst),
                    "handshake_timeout_ms": millis(config.handshake_timeout),
                    "max_headers": config.max_headers,
                    "max_head_bytes": config.max_head_bytes,
                    "close_timeout_ms": millis(config.close_timeout),
                    "drain_ms": millis(config.drain),
                    "rate_limit_cooldown_ms": millis(config.rate_limit_cooldown),
                },
                "heartbeat": {
                    "ping_interval_ms": heartbeat.ping_interval_ms,
                    "pong_timeout_ms": heartbeat.pong_timeout_ms,
                },
            });
            json_response(StatusCode::OK, &body)
        })
        .boxed()
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Says in JSON what is wrong with a request that no route took.
async fn explain(rejection: Rejection) -> Result<Response, Infallible> {
    let response = if rejection.is_not_found() {
        problem(StatusCode::NOT_FOUND, "there is nothing at this path")
    } else if rejection.find::<warp::reject::MethodNotAllowed>().is_some() {
        problem(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method")
    } else if rejection.find::<warp::reject::PayloadTooLarge>().is_some() {
        problem(StatusCode::PAYLOAD_TOO_LARGE, "the request's body is too large")
    } else {
        // What remains are headers, queries and bodies that a route cannot read.
        problem(StatusCode::BAD_REQUEST, "the request cannot be understood")
    };
    Ok(response)
}

/// An error for an HTTP client.
pub(crate) fn problem(status: StatusCode, message: &str) -> Response {
    json_response(status, &json!({ "error": status.canonical_reason(), "message": message }))
}

/// An error for an HTTP client whose request does not follow the contract, place by place.
pub(crate) fn violated(status: StatusCode, message: &str, violations: &[Violation]) -> Response {
    let body = json!({ "error": status.canonical_reason(), "message": message, "violations": violations });
    json_response(status, &body)
}

fn json_response(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = warp::reply::with_status(body.to_string(), status).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
