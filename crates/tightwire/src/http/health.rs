//! `GET /health`: whether the server should be sent clients.

use std::sync::Arc;

use serde_json::json;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

use super::answer;
use crate::service::Service;
use crate::shared::Shared;
use crate::stats::Stats;

pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let path = warp::path("health").and(warp::path::end());
    path.and(warp::get())
        .map(move || {
            let stats = Stats::new(Arc::clone(&shared.counters));
            let ending = shared.connections.is_ending();
            let (nodes, is_complete) = shared.cluster.count();
            let body = json!({
                "status": if ending { "ending" } else { "ok" },
                "contract_version": shared.contract.version,
                "bus": shared.broker.health(),
                "nodes": nodes,
                "nodes_complete": is_complete,
                "uptime_s": stats.uptime().as_secs(),
                "connections": stats.connections(),
                "subscriptions": stats.subscriptions(),
            });
            // A load balancer should send nobody here any more.
            answer::json(if ending { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, &body)
        })
        .boxed()
}
