//! Bounds on the body of every request, whichever route reads it: how large it may be, and how long it may take.
//!
//! A route that gets no whole body fails in its own way; the client is told what really was the matter.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use warp::http::StatusCode;
use warp::http::header::{CONNECTION, HeaderValue};
use warp::reply::Response;

use super::answer::problem;

/// A body that ends in an error where it is too large, or comes too slowly.
pub(crate) struct Bounded<B> {
    inner: B,
    /// How many bytes may still come.
    left: u64,
    within: Duration,
    /// Runs from the moment in which the body is waited for, so that a body that is here costs no timer.
    timer: Option<Pin<Box<Sleep>>>,
    broken: Broken,
}

/// What was wrong with a request's body. Written by the body, read when the route has answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Broken(Arc<State>);

#[derive(Debug, Default)]
struct State {
    too_large: AtomicBool,
    too_slow: AtomicBool,
}

impl<B: Body<Data = Bytes> + Unpin> Bounded<B> {
    /// Bounds a body: so many bytes, and so long from when it is first waited for. `None` if the request says already
    /// that it is larger.
    pub(crate) fn new(inner: B, bytes: u64, within: Duration, broken: Broken) -> Option<Self> {
        (inner.size_hint().lower() <= bytes).then_some(Self { inner, left: bytes, within, timer: None, broken })
    }
}

impl Broken {
    /// The answer to the client, where it is not the route's.
    pub(crate) fn answer(&self) -> Option<Response> {
        if self.0.too_large.load(Ordering::Relaxed) {
            Some(too_large())
        } else if self.0.too_slow.load(Ordering::Relaxed) {
            Some(closing(problem(StatusCode::REQUEST_TIMEOUT, "the request's body took too long")))
        } else {
            None
        }
    }
}

/// The answer to a request whose body is too large.
pub(crate) fn too_large() -> Response {
    closing(problem(StatusCode::PAYLOAD_TOO_LARGE, "the request's body is too large"))
}

/// The rest of the body is not read, so nothing can follow on the connection.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

impl<B> Body for Bounded<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                let Some(left) = this.left.checked_sub(length) else {
                    this.broken.0.too_large.store(true, Ordering::Relaxed);
                    return Poll::Ready(Some(Err("the request's body is too large".into())));
                };
                this.left = left;
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(other) => Poll::Ready(other.map(|result| result.map_err(Into::into))),
            Poll::Pending => {
                // One time for the whole body: a byte now and then does not buy more of it.
                let within = this.within;
                let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(within)));
                if timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                this.broken.0.too_slow.store(true, Ordering::Relaxed);
                Poll::Ready(Some(Err("the request's body took too long".into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
