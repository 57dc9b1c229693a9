//! The page at `/`: a small console for trying the protocol by hand. No build step, no inline script.

use warp::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use warp::{Filter, Rejection, Reply};

use tightwire::warp;

const PAGE: &str = include_str!("web/index.html");
const SCRIPT: &str = include_str!("web/console.js");
const STYLE: &str = include_str!("web/console.css");

/// Only what the server itself serves; `ws:` and `wss:` because older browsers do not count them as 'self'.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page and what belongs to it.
pub(crate) fn routes() -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    let page = warp::path::end().map(|| file(PAGE, "text/html; charset=utf-8"));
    let script = warp::path!("console.js").map(|| file(SCRIPT, "text/javascript; charset=utf-8"));
    let style = warp::path!("console.css").map(|| file(STYLE, "text/css; charset=utf-8"));
    warp::get().and(page.or(script).unify().or(style).unify())
}

fn file(text: &'static str, content_type: &'static str) -> impl Reply {
    let reply = warp::reply::with_header(text, CONTENT_TYPE, content_type);
    warp::reply::with_header(reply, CONTENT_SECURITY_POLICY, POLICY)
}
