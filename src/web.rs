//! The page at `/`: what `npm run build` has made of `frontend/app`, from a folder. Where nothing was built, a page says how.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{Response, StatusCode};
use warp::{Filter, Rejection, Reply};

use tightwire::warp;

/// Only what the server itself serves; `ws:` and `wss:` because older browsers do not count them as 'self'. A token in the
/// address is nothing for others.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws: wss:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// Where files are that have a hash of their content in their name: what is there never changes.
const HASHED: &str = "assets";

/// What stands at `/` where nothing was built.
const NOT_BUILT: &str = include_str!("not-built.html");

/// The page and what belongs to it, from a folder.
pub(crate) fn routes(
    root: PathBuf,
) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    let root: Arc<Path> = root.into();
    let built = warp::fs::dir(root.to_path_buf()).map(move |file: warp::fs::File| {
        let is_hashed = file.path().strip_prefix(&root).is_ok_and(|path| path.starts_with(HASHED));
        let cache = if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        with_headers(file.into_response(), cache)
    });
    let not_built = warp::get().and(warp::path::end()).map(|| {
        let page = warp::reply::with_status(warp::reply::html(NOT_BUILT), StatusCode::NOT_FOUND);
        with_headers(page.into_response(), "no-cache")
    });
    built.or(not_built).unify()
}

fn with_headers<B>(mut response: Response<B>, cache: &'static str) -> Response<B> {
    let headers = response.headers_mut();
    headers.extend(HEADERS);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
