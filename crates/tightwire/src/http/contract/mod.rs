//! `GET /asyncapi.yml` and `GET /docs`: the contract, as it was written and as a page.

mod page;

use std::sync::{Arc, OnceLock};

use warp::filters::BoxedFilter;
use warp::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;
use warp::{Filter, Rejection};

use self::page::Subject;
use super::answer::{problem, unauthorized};
use super::asking::caller;
use crate::auth::Caller;
use crate::service::Service;
use crate::shared::Shared;

/// The page has a style and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let document = answering(Arc::clone(&shared), warp::path!("asyncapi.yml"), document);
    let page = OnceLock::new();
    let docs = answering(shared, warp::path!("docs"), move |shared| {
        let page: &String = page.get_or_init(|| write(shared));
        let mut response = text(page.clone(), "text/html; charset=utf-8");
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    });
    document.or(docs).unify().boxed()
}

fn answering<S: Service>(
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

fn write<S: Service>(shared: &Shared<S>) -> String {
    page::write(&Subject {
        contract: shared.contract,
        limits: shared.limits(),
        heartbeat: shared.heartbeat(),
        has_document: shared.config.document.is_some(),
    })
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

fn text(text: String, content_type: &'static str) -> Response {
    let mut response = Response::new(text.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
