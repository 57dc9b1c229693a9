//! `POST /api/client-logs`: what goes wrong in a page, in the server's log.
//!
//! The lines say that they are a client's (`source=client`), and none is an error: nobody should be able to raise an
//! alarm by asking for it.

use std::sync::Arc;

use serde::Deserialize;
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::answer::{problem, unauthorized};
use super::asking::caller;
use super::rate::Rate;
use super::{body, routed};
use crate::auth::{Caller, Identity};
use crate::handshake::origin_may_connect;
use crate::server::RemoteAddr;
use crate::service::Service;
use crate::shared::Shared;

/// How large a request's body may be, how many lines it may have, and how long each.
const BODY_BYTES: u64 = 32 * 1024;
const LINES: usize = 20;
const MESSAGE_BYTES: usize = 4096;
const PLACE_BYTES: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    lines: Vec<Line>,
}

/// A line of a client's log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    level: Level,
    message: String,
    /// Where in the page it happened, for instance its URL.
    #[serde(default)]
    place: Option<String>,
    /// The connection's identity, from `connection_established`.
    #[serde(default)]
    connection_id: Option<Uuid>,
    /// The frame that it is about.
    #[serde(default)]
    correlation_id: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let rate = Arc::new(Rate::new(shared.config.client_log_rate));
    warp::path!("api" / "client-logs")
        .and(warp::post())
        .and(caller(&shared))
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<RemoteAddr>())
        .and(warp::body::stream())
        .then(move |caller: Caller, headers: HeaderMap, remote: Option<RemoteAddr>, body| {
            let (rate, shared) = (Arc::clone(&rate), Arc::clone(&shared));
            routed(async move {
                rate.pass(remote)?;
                if !origin_may_connect(&headers, &shared.config.allowed_origins) {
                    return Err(problem(StatusCode::FORBIDDEN, "this origin may not send logs"));
                }
                let identity = caller.map_err(unauthorized)?;
                let report = body::read(body, BODY_BYTES).await?;
                let report = read(&report).map_err(|text| problem(StatusCode::BAD_REQUEST, text))?;
                for line in &report.lines {
                    log(line, identity.as_deref(), remote);
                }
                let mut response = Response::default();
                *response.status_mut() = StatusCode::NO_CONTENT;
                Ok(response)
            })
        })
        .boxed()
}

fn read(body: &[u8]) -> Result<Report, &'static str> {
    let report: Report = serde_json::from_slice(body).map_err(|_| {
        "the body must be `{\"lines\": [{\"level\": \"error\" | \"warn\" | \"info\" | \"debug\", \"message\": …}]}`; a line \
         may also have `place`, `connection_id` and `correlation_id`"
    })?;
    if !(1..=LINES).contains(&report.lines.len()) {
        return Err("`lines` must have 1 to 20 lines");
    }
    let fits = |line: &Line| {
        (1..=MESSAGE_BYTES).contains(&line.message.len())
            && line.place.as_ref().is_none_or(|place| place.len() <= PLACE_BYTES)
    };
    if report.lines.iter().all(fits) {
        Ok(report)
    } else {
        Err("a `message` must have 1 to 4096 bytes, and a `place` up to 500")
    }
}

/// Texts are written as Rust writes them, so that no line break or terminal code of a client's gets into the log.
fn log(line: &Line, identity: Option<&Identity>, remote: Option<RemoteAddr>) {
    macro_rules! write {
        ($level:ident) => {
            tracing::$level!(
                source = "client",
                client_level = ?line.level,
                said = ?line.message,
                place = line.place.as_ref().map(tracing::field::debug),
                connection_id = line.connection_id.map(tracing::field::display),
                correlation_id = line.correlation_id.map(tracing::field::display),
                subject = identity.map(|identity| tracing::field::debug(identity.subject().to_owned())),
                remote = remote.map(|RemoteAddr(remote)| tracing::field::display(remote)),
                "a client's log"
            )
        };
    }
    match line.level {
        Level::Error | Level::Warn => write!(warn),
        Level::Info => write!(info),
        Level::Debug => write!(debug),
    }
}
