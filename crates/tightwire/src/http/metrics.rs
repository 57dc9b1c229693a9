//! `GET /metrics` for Prometheus, and the same numbers as JSON for dashboards.

use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::answer::{self, unauthorized};
use super::asking::caller;
use crate::auth::Caller;
use crate::metrics::Snapshot;
use crate::service::Service;
use crate::shared::Shared;

/// Both, for whoever may ask.
pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let metrics = answering(Arc::clone(&shared), warp::path!("metrics"), text);
    let dashboard = warp::path!("api" / "dashboard" / "metrics" / "websockets");
    metrics.or(answering(shared, dashboard, json)).unify().boxed()
}

fn answering<S: Service>(
    shared: Arc<Shared<S>>,
    path: impl Filter<Extract = (), Error = Rejection> + Clone + Send + Sync + 'static,
    answer: fn(&Shared<S>) -> Response,
) -> BoxedFilter<(Response,)> {
    path.and(warp::get())
        .and(caller(&shared))
        .map(move |caller: Caller| match caller {
            Ok(_) => answer(&shared),
            Err(why) => unauthorized(why),
        })
        .boxed()
}

fn text<S: Service>(shared: &Shared<S>) -> Response {
    match snapshot(shared).text() {
        Ok(text) => {
            let mut response = Response::new(text.into());
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(Snapshot::CONTENT_TYPE));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            answer::problem(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written")
        }
    }
}

fn json<S: Service>(shared: &Shared<S>) -> Response {
    answer::json(StatusCode::OK, &snapshot(shared).json())
}

/// All values at this moment. What is cheaper to count now than always is counted now.
fn snapshot<S: Service>(shared: &Shared<S>) -> Snapshot {
    let (frames, bytes) = shared.connections.waiting();
    shared.counters.outbound_queue_frames.set(frames);
    shared.counters.outbound_queue_bytes.set(bytes);
    shared.counters.snapshot()
}
