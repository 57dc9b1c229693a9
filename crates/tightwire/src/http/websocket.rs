//! The WebSocket endpoints: which requests are handshakes.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::filters::path::FullPath;
use warp::reply::Response;

use super::asking::query;
use crate::handshake::{self, Attempt};
use crate::routes::Match;
use crate::server::RemoteAddr;
use crate::service::Service;
use crate::shared::Shared;

/// Which requests at a WebSocket's path are answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    ForUpgrade,
    Always,
}

pub(super) fn route<S: Service>(shared: Arc<Shared<S>>, asked: Asked) -> BoxedFilter<(Response,)> {
    let find = {
        let shared = Arc::clone(&shared);
        move |path: FullPath, upgrade: Option<OnUpgrade>| {
            let found = if shared.routes.is_empty() {
                let path = path.as_str();
                let path = path.strip_prefix('/').unwrap_or(path);
                let path = path.strip_suffix('/').unwrap_or(path);
                (path == shared.config.websocket_path).then_some(Match { path: "", index: 0, parameters: Vec::new() })
            } else {
                shared.routes.find(path.as_str())
            };
            let found = found.filter(|_| upgrade.is_some() || asked == Asked::Always);
            std::future::ready(found.map(|found| (found, upgrade)).ok_or_else(warp::reject::not_found))
        }
    };
    warp::path::full()
        .and(warp::ext::optional::<OnUpgrade>())
        .and_then(find)
        .untuple_one()
        .and(warp::path::full())
        .and(warp::method())
        .and(query())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<RemoteAddr>())
        .then(move |route, upgrade, path, method, query, headers, remote| {
            handshake::answer(Arc::clone(&shared), Attempt { route, path, method, query, headers }, upgrade, remote)
        })
        .boxed()
}
