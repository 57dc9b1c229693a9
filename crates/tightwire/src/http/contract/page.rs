//! `GET /docs/`: the page that was made of the contract, and what belongs to it.

use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{HeaderValue, StatusCode};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::{for_callers, text};
use crate::docs::Docs;
use crate::http::answer::{problem, unauthorized};
use crate::http::asking::{caller, query};
use crate::service::Service;
use crate::shared::Shared;

/// The page has a style and a script of its own and a console, which connects to where it is told to. A token in the
/// address is nothing for others.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
];

/// Who may connect gets the page and the contract. The style and the script say nothing of the contract, and browsers ask
/// for them without the page's token.
pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let asked = for_callers(Arc::clone(&shared), warp::path!("docs" / "contract.json"), |shared: &Shared<S>| {
        part(shared, |docs| docs.contract, "application/json")
    });
    let style = public(&shared, warp::path!("docs" / "docs.css"), |docs| docs.style, "text/css; charset=utf-8");
    let script = public(&shared, warp::path!("docs" / "docs.js"), |docs| docs.script, "text/javascript; charset=utf-8");
    page(shared).or(asked).unify().or(style).unify().or(script).unify().boxed()
}

/// The page is at `/docs/`, so that it finds what belongs to it wherever a proxy has put the server.
fn page<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    warp::path!("docs")
        .and(warp::get())
        .and(caller(&shared))
        .and(warp::path::full())
        .and(query())
        .map(move |caller: crate::auth::Caller, path: FullPath, query: String| match caller {
            Err(why) => unauthorized(why),
            Ok(_) if path.as_str().ends_with('/') => part(&shared, |docs| docs.page, "text/html; charset=utf-8"),
            Ok(_) => elsewhere(&query),
        })
        .boxed()
}

/// Relative, and with the token that was in the address.
fn elsewhere(query: &str) -> Response {
    let target = if query.is_empty() { "docs/".to_owned() } else { format!("docs/?{query}") };
    let mut response = Response::default();
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    if let Ok(target) = HeaderValue::try_from(target) {
        response.headers_mut().insert(LOCATION, target);
    }
    response
}

fn public<S: Service>(
    shared: &Arc<Shared<S>>,
    path: impl Filter<Extract = (), Error = Rejection> + Clone + Send + Sync + 'static,
    of: fn(&Docs) -> &'static str,
    content_type: &'static str,
) -> BoxedFilter<(Response,)> {
    let shared = Arc::clone(shared);
    path.and(warp::get()).map(move || part(&shared, of, content_type)).boxed()
}

fn part<S: Service>(shared: &Shared<S>, of: fn(&Docs) -> &'static str, content_type: &'static str) -> Response {
    let Some(docs) = &shared.config.docs else {
        return problem(StatusCode::NOT_FOUND, "this server does not show its contract");
    };
    let mut response = text(of(docs), content_type);
    response.headers_mut().extend(HEADERS);
    response
}
