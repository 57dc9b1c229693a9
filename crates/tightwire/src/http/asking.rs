//! Who sends a request, and with which query.

use std::convert::Infallible;
use std::sync::Arc;

use warp::Filter;

use crate::auth::{Caller, Unauthorized};
use crate::noise::info_limited;
use crate::service::Service;
use crate::shared::Shared;
use crate::stats::Counters;

/// The query as it was sent; empty where there is none.
pub(super) fn query() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    warp::query::raw().or(warp::any().map(String::new)).unify()
}

/// Who sends the request, or why it is not answered.
pub(super) fn caller<S: Service>(
    shared: &Arc<Shared<S>>,
) -> impl Filter<Extract = (Caller,), Error = Infallible> + Clone + Send + Sync + 'static {
    let counters = Arc::clone(&shared.counters);
    shared.config.auth.caller().map(move |caller: Caller| caller.inspect_err(|why| turned_away(&counters, *why)))
}

/// Notes that a request is not answered.
pub(super) fn turned_away(counters: &Counters, why: Unauthorized) {
    counters.unauthorized_total.increment();
    info_limited!(%why, "a request was refused");
}
