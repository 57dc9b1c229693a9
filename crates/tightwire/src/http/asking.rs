//! Who sends a request, and with which query.

use std::convert::Infallible;
use std::sync::Arc;

use warp::Filter;
use warp::http::HeaderMap;

use crate::auth::{Identity, Unauthorized, credentials};
use crate::clock;
use crate::service::Service;
use crate::shared::Shared;

/// The query as it was sent; empty where there is none.
pub(super) fn query() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    warp::query::raw().or(warp::any().map(String::new)).unify()
}

/// Who sends the request.
pub(super) fn identify<S: Service>(
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
