//! What the server's own endpoints answer: JSON, errors included.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use tightwire_proto::inbound::Violation;
use warp::Rejection;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

use super::asking::turned_away;
use crate::auth::{NotLetIn, Unauthorized};
use crate::stats::Counters;

/// An answer that nobody should keep.
pub(super) fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    json_text(status, body.to_string())
}

/// The same of what is written already.
pub(super) fn json_text(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into().into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An error for an HTTP client.
pub(crate) fn problem(status: StatusCode, message: &str) -> Response {
    json(status, &json!({ "error": status.canonical_reason(), "message": message }))
}

/// The whole answer, from the first byte to the last, to a client that is not served at all.
pub(crate) fn when_full() -> String {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let message = "the server has as many HTTP connections as it may have; try again later";
    let body = json!({ "error": status.canonical_reason(), "message": message }).to_string();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncache-control: no-store\r\nretry-after: 5\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// An error for an HTTP client whose request does not follow the contract, place by place.
pub(crate) fn violated(status: StatusCode, message: &str, violations: &[Violation]) -> Response {
    let body = json!({ "error": status.canonical_reason(), "message": message, "violations": violations });
    json(status, &body)
}

/// The answer to who may not ask.
pub(super) fn unauthorized(why: Unauthorized) -> Response {
    if why.is_unavailable() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, why.said());
    }
    let mut response = problem(StatusCode::UNAUTHORIZED, why.said());
    if let Ok(challenge) = HeaderValue::try_from(why.challenge()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Says in JSON what is wrong with a request that no route took.
pub(super) async fn explain(rejection: Rejection, counters: Arc<Counters>) -> Result<Response, Infallible> {
    let response = if let Some(NotLetIn(why)) = rejection.find() {
        turned_away(&counters, *why);
        unauthorized(*why)
    } else if rejection.is_not_found() {
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
