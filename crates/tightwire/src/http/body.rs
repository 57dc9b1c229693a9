//! Bodies of requests that are JSON. How large they may be, and how long they may take, [`super::bounds`] sees to.

use bytes::Buf;
use futures_util::{Stream, StreamExt};
use warp::http::header::CONTENT_TYPE;
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::answer::problem;

/// Refuses a body that does not say that it is JSON. A page of another origin cannot say so without asking first.
pub(super) fn must_be_json(headers: &HeaderMap) -> Result<(), Response> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be JSON: `Content-Type: application/json`"))
    }
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read<B: Buf>(
    stream: impl Stream<Item = Result<B, warp::Error>>,
    limit: u64,
) -> Result<Vec<u8>, Response> {
    let mut stream = std::pin::pin!(stream);
    let mut body = Vec::new();
    while let Some(part) = stream.next().await {
        let mut part = part.map_err(|_| problem(StatusCode::BAD_REQUEST, "the body does not arrive"))?;
        if (body.len() + part.remaining()) as u64 > limit {
            let text = format!("the body may have up to {limit} bytes");
            return Err(problem(StatusCode::PAYLOAD_TOO_LARGE, &text));
        }
        while part.has_remaining() {
            let chunk = part.chunk();
            body.extend_from_slice(chunk);
            let length = chunk.len();
            part.advance(length);
        }
    }
    Ok(body)
}
