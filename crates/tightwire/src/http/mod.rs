//! The server's own HTTP endpoints: the WebSocket, and what is beside it.

#![expect(
    clippy::result_large_err,
    reason = "an answer is as large as any other, whatever it says, and is moved but a few times"
)]

mod answer;
mod asking;
mod body;
pub(crate) mod bounds;
mod client_logs;
mod contract;
mod events;
mod health;
mod limits;
pub(crate) mod metrics;
mod pages;
mod publish;
mod rate;
mod replay;
pub(crate) mod stall;
mod visitor;
mod websocket;

use std::future::Future;
use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Rejection};

pub(crate) use self::answer::{problem, violated, when_full};
use self::websocket::Asked;
use crate::service::Service;
use crate::shared::Shared;

/// All routes: the server's own first, then the application's. What neither knows is a 404, in JSON like every error.
///
/// A protocol may have any path, `/` too. There the application may have its page: only who asks for a WebSocket gets
/// one, and whoever else comes to a path that is nobody's is told what it is for.
pub(crate) fn routes<S: Service>(
    shared: &Arc<Shared<S>>,
    application: Option<BoxedFilter<(Response,)>>,
) -> BoxedFilter<(Response,)> {
    let websocket = |asked| websocket::route(Arc::clone(shared), asked);
    let own = own(shared);
    let application = application.unwrap_or_else(|| warp::any().and_then(nowhere).boxed());
    let all = if shared.routes.is_empty() {
        websocket(Asked::Always).or(own).unify().or(application).unify().boxed()
    } else {
        let rest = own.or(application).unify().or(websocket(Asked::Always)).unify();
        websocket(Asked::ForUpgrade).or(rest).unify().boxed()
    };
    let counters = Arc::clone(&shared.counters);
    all.recover(move |rejection| answer::explain(rejection, Arc::clone(&counters))).unify().boxed()
}

/// What is beside the WebSocket.
fn own<S: Service>(shared: &Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let routes = [
        health::route(Arc::clone(shared)),
        limits::route(Arc::clone(shared)),
        metrics::route(Arc::clone(shared)),
        pages::readable(shared, replay::route(Arc::clone(shared))),
        publish::route(Arc::clone(shared)),
        pages::readable(shared, events::route(Arc::clone(shared))),
        contract::route(Arc::clone(shared)),
        pages::readable(shared, client_logs::route(Arc::clone(shared))),
        pages::route(Arc::clone(shared)),
    ];
    let [first, rest @ ..] = routes;
    rest.into_iter().fold(first, |routes, route| routes.or(route).unify().boxed())
}

/// An answer, whether it is what was asked for or why not.
async fn routed(answer: impl Future<Output = Result<Response, Response>>) -> Response {
    answer.await.unwrap_or_else(|problem| problem)
}

async fn nowhere() -> Result<Response, Rejection> {
    Err(warp::reject::not_found())
}
