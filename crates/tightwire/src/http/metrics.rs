//! `GET /metrics` for Prometheus, and the same numbers as JSON for dashboards.

use std::sync::Arc;

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

use super::answer::{self, unauthorized};
use super::asking::caller;
use crate::auth::Caller;
use crate::broker::BusState;
use crate::metrics::Snapshot;
use crate::service::Service;
use crate::shared::Shared;

/// Both, for whoever may ask; for nobody, where they are served elsewhere.
pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    if shared.config.metrics_bind.is_some() {
        return warp::any().and_then(super::nowhere).boxed();
    }
    let metrics = text_path().and(caller(&shared)).map(answering(Arc::clone(&shared), text));
    let dashboard = json_path().and(caller(&shared)).map(answering(shared, json));
    metrics.or(dashboard).unify().boxed()
}

/// Both, for everyone.
pub(crate) fn open_routes<S: Service>(shared: &Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let (of_text, of_json) = (Arc::clone(shared), Arc::clone(shared));
    let metrics = text_path().map(move || text(&of_text));
    let dashboard = json_path().map(move || json(&of_json));
    let counters = Arc::clone(&shared.counters);
    let both = metrics.or(dashboard).unify();
    both.recover(move |rejection| answer::explain(rejection, Arc::clone(&counters))).unify().boxed()
}

fn text_path() -> BoxedFilter<()> {
    warp::path!("metrics").and(warp::get()).boxed()
}

fn json_path() -> BoxedFilter<()> {
    warp::path!("api" / "dashboard" / "metrics" / "websockets").and(warp::get()).boxed()
}

/// Answers callers that may ask.
fn answering<S: Service>(
    shared: Arc<Shared<S>>,
    answer: fn(&Shared<S>) -> Response,
) -> impl Fn(Caller) -> Response + Clone {
    move |caller| match caller {
        Ok(_) => answer(&shared),
        Err(why) => unauthorized(why),
    }
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
    shared.counters.nodes.set(shared.cluster.count().0);
    shared.counters.bus_up.set(u64::from(shared.broker.health().state == BusState::Up));
    shared.counters.snapshot()
}
