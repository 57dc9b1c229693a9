//! `GET /asyncapi.yml` and `GET /docs/`: the contract, as it was written and as a page.

mod page;

use std::borrow::Cow;
use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::http::header::CONTENT_TYPE;
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::answer::{problem, unauthorized};
use super::asking::caller;
use crate::auth::Caller;
use crate::service::Service;
use crate::shared::Shared;

pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let document = for_callers(Arc::clone(&shared), warp::path!("asyncapi.yml"), document);
    document.or(page::route(shared)).unify().boxed()
}

/// Answers whoever may connect.
fn for_callers<S: Service>(
    shared: Arc<Shared<S>>,
    path: impl Filter<Extract = (), Error = Rejection> + Clone + Send + Sync + 'static,
    answer: impl Fn(&Shared<S>) -> Response + Send + Sync + 'static,
) -> BoxedFilter<(Response,)> {
    let answer = Arc::new(answer);
    path.and(warp::get())
        .and(caller(&shared))
        .map(move |caller: Caller| match caller {
            Ok(_) => answer(&shared),
            Err(why) => unauthorized(why),
        })
        .boxed()
}

fn document<S: Service>(shared: &Shared<S>) -> Response {
    match &shared.config.document {
        Some(document) => {
            let is_json = document.trim_start().starts_with('{');
            let content_type =
                if is_json { "application/vnd.aai.asyncapi+json" } else { "application/vnd.aai.asyncapi+yaml" };
            text(document.to_string(), content_type)
        }
        None => problem(StatusCode::NOT_FOUND, "this server does not give its document away"),
    }
}

fn text(text: impl Into<Cow<'static, str>>, content_type: &'static str) -> Response {
    let body = match text.into() {
        Cow::Borrowed(text) => text.into(),
        Cow::Owned(text) => text.into(),
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
