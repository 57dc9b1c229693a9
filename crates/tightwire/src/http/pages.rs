//! Pages of other origins: which answers they may read, and what they may ask for (the CORS protocol of the Fetch standard).
//!
//! A browser hands an answer to a page of another origin only where it says that it may, errors included; and before it sends a
//! header such as `Authorization` for one, it asks with `OPTIONS`. Pages of the `allowed_origins` may; a request without an
//! `Origin` is nobody's page, and its answer says nothing.

use std::sync::Arc;

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};
use warp::path::FullPath;
use warp::reply::Response;

use super::answer::problem;
use crate::handshake::origin_may_connect;
use crate::service::Service;
use crate::shared::Shared;

/// What pages ask for.
const PATHS: [&str; 3] = ["/sse", "/api/ws/replay", "/api/client-logs"];

/// What they may send. A body is not restricted to what a form could send.
const METHODS: &str = "GET, POST";
const HEADERS: &str = "authorization, content-type, last-event-id";

/// For how many seconds browsers need not ask again.
const MAX_AGE: &str = "600";

/// What they may read of an answer's head, beside what everyone may.
const EXPOSED: &str = "retry-after";

/// The route, with answers that pages of allowed origins may read.
pub(super) fn readable<S: Service>(
    shared: &Arc<Shared<S>>,
    route: BoxedFilter<(Response,)>,
) -> BoxedFilter<(Response,)> {
    let shared = Arc::clone(shared);
    route
        .and(warp::header::headers_cloned())
        .map(move |mut response: Response, asked: HeaderMap| {
            if let Some(origin) = allowed(&shared, &asked) {
                let headers = response.headers_mut();
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
                headers.insert(VARY, HeaderValue::from_static("origin"));
            }
            response
        })
        .boxed()
}

/// Answers browsers that ask what a page may send.
pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    warp::path::full()
        .and(warp::method())
        .and_then(|path: FullPath, method: Method| {
            // Not `warp::options()`: with it every path would be one that there is, for another method.
            let is_asked = method == Method::OPTIONS && PATHS.contains(&path.as_str());
            async move { is_asked.then_some(()).ok_or_else(warp::reject::not_found) }
        })
        .untuple_one()
        .and(warp::header::headers_cloned())
        .and_then(move |asked: HeaderMap| {
            let answer = preflight(&shared, &asked);
            async { answer.ok_or_else(warp::reject::not_found) }
        })
        .boxed()
}

/// `None` if that is not what is asked.
fn preflight<S: Service>(shared: &Shared<S>, asked: &HeaderMap) -> Option<Response> {
    asked.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    let Some(origin) = allowed(shared, asked) else {
        return Some(problem(StatusCode::FORBIDDEN, "this origin may not ask"));
    };
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().extend([
        (ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS)),
        (ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS)),
        (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE)),
        (VARY, HeaderValue::from_static("origin")),
    ]);
    Some(response)
}

/// The origin of the page that asks, if there is one and it may.
fn allowed<S: Service>(shared: &Shared<S>, asked: &HeaderMap) -> Option<HeaderValue> {
    let origin = asked.get(ORIGIN)?;
    origin_may_connect(asked, &shared.config.allowed_origins).then(|| origin.clone())
}
