//! Bodies of requests: bounded in size and in time.

use std::time::Duration;

use bytes::Buf;
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;
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

/// Reads a body of at most `limit` bytes, for so long.
pub(super) async fn read<B: Buf>(
    stream: impl Stream<Item = Result<B, warp::Error>>,
    limit: u64,
    time: Duration,
) -> Result<Vec<u8>, Response> {
    let reading = async {
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
    };
    let late = || problem(StatusCode::REQUEST_TIMEOUT, "the body takes too long to arrive");
    timeout(time, reading).await.unwrap_or_else(|_| Err(late()))
}
