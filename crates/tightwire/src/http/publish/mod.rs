//! `POST /api/publish`: publishing for programs beside the server, under the contract.
//!
//! Who may is the business of the client's roles and of its right to write to the topic; where nobody is asked who they
//! are, only programs on the same machine may. What is published is checked as the whole frame that subscribers would get.

mod repeats;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tightwire_proto::frame::Position;
use tightwire_proto::inbound::Violation;
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, HeaderName, StatusCode};
use warp::reply::Response;

use self::repeats::{Repeats, Said};
use super::answer::{self, problem, unauthorized, violated};
use super::asking::caller;
use super::rate::Rate;
use super::{body, routed};
use crate::admission::{Admission, Refused};
use crate::auth::{Caller, Identity};
use crate::broker::Once;
use crate::fnv::fnv1a;
use crate::handshake::origin_may_connect;
use crate::publisher::{PublishError, Unpublished};
use crate::server::RemoteAddr;
use crate::service::Service;
use crate::shared::Shared;

/// What a proxy adds. Its client is not on this machine, whoever the proxy is.
const FORWARDED: [HeaderName; 2] = [HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("forwarded")];

/// The longest `idempotency_key`.
const KEY_BYTES: usize = 200;

pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let desk = Arc::new(Desk {
        rate: Rate::new(shared.config.publish_rate),
        admission: Admission::new(shared.contract),
        repeats: Repeats::default(),
        shared: Arc::clone(&shared),
    });
    warp::path!("api" / "publish")
        .and(warp::post())
        .and(caller(&shared))
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<RemoteAddr>())
        .and(warp::body::stream())
        .then(move |caller: Caller, headers: HeaderMap, remote: Option<RemoteAddr>, body| {
            let desk = Arc::clone(&desk);
            routed(async move {
                desk.rate.pass(remote)?;
                let identity = caller.map_err(unauthorized)?;
                desk.admits(identity.as_deref(), &headers, remote)?;
                body::must_be_json(&headers)?;
                let body = body::read(body, desk.shared.config.max_body_bytes).await?;
                desk.publish(identity.as_deref(), &body).await
            })
        })
        .boxed()
}

/// Where publications are handed in.
struct Desk<S> {
    shared: Arc<Shared<S>>,
    rate: Rate,
    admission: Admission,
    repeats: Repeats,
}

/// What is handed in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publication {
    topic: String,
    r#type: String,
    data: Value,
    #[serde(default)]
    idempotency_key: Option<String>,
}

impl<S: Service> Desk<S> {
    /// Whether the client may publish at all.
    fn admits(
        &self,
        identity: Option<&Identity>,
        headers: &HeaderMap,
        remote: Option<RemoteAddr>,
    ) -> Result<(), Response> {
        let refuse = |text: &str| Err(problem(StatusCode::FORBIDDEN, text));
        if !origin_may_connect(headers, &self.shared.config.allowed_origins) {
            return refuse("this origin may not publish");
        }
        let Some(identity) = identity else {
            let is_near = remote.is_some_and(|RemoteAddr(remote)| remote.ip().to_canonical().is_loopback());
            let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(name));
            return if is_near && !is_forwarded {
                Ok(())
            } else {
                refuse("this server asks nobody who they are, so that only programs on the same machine may publish")
            };
        };
        let roles = &self.shared.config.publish_roles;
        if roles.iter().any(|role| identity.has_role(role)) {
            Ok(())
        } else {
            refuse(&format!("publishing needs one of the roles {}, which the token does not give", roles.join(", ")))
        }
    }

    async fn publish(&self, identity: Option<&Identity>, body: &[u8]) -> Result<Response, Response> {
        let publication: Publication =
            serde_json::from_slice(body).map_err(|error| problem(StatusCode::BAD_REQUEST, &misread(&error)))?;
        let against = |violations: &[Violation]| {
            violated(StatusCode::BAD_REQUEST, "the message does not follow the contract", violations)
        };
        let message = self.admission.message(&publication.r#type).map_err(|violation| against(&[violation]))?;
        if self.shared.service.channel_of(&publication.topic).is_none() {
            return Err(problem(StatusCode::NOT_FOUND, "there is no such topic"));
        }
        if identity.is_some_and(|identity| !identity.may_write(&publication.topic)) {
            return Err(problem(StatusCode::FORBIDDEN, "the token does not allow the topic"));
        }
        let admitted = self.admission.admit(message, &publication.topic, &publication.data);
        let unpublished = admitted.map_err(|refused| match refused {
            Refused::Violations(violations) => against(&violations),
            Refused::Encode(error) => refusal(&error),
        })?;
        let Some(key) = &publication.idempotency_key else {
            return self.hand_over(unpublished).await.map(|answer| answer::json(StatusCode::OK, &answer));
        };
        if !(1..=KEY_BYTES).contains(&key.len()) {
            return Err(problem(StatusCode::BAD_REQUEST, "`idempotency_key` must have 1 to 200 bytes"));
        }
        let conflict = |text| Err(problem(StatusCode::CONFLICT, text));
        let subject = identity.map(Identity::subject).unwrap_or_default();
        let otherwise = "something else was published with this `idempotency_key`";
        let said = in_short(&[&publication.topic, &publication.r#type, &publication.data.to_string()]);
        match self.repeats.say((subject.to_owned(), key.clone()), said) {
            Said::First(first) => {
                // No subject and key look like another subject and key.
                let once = Once { key: format!("{}:{subject}:{key}", subject.len()), said };
                let Some(answer) = self.hand_over_once(unpublished, once).await? else { return conflict(otherwise) };
                first.answered(&answer);
                Ok(answer::json(StatusCode::OK, &answer))
            }
            Said::Again(answer) => Ok(answer::json(StatusCode::OK, &answer)),
            Said::Otherwise => conflict(otherwise),
            Said::Unanswered => conflict("what has this `idempotency_key` is just being published; try again"),
        }
    }

    async fn hand_over(&self, unpublished: Unpublished) -> Result<Value, Response> {
        let (id, is_kept) = (unpublished.id(), unpublished.is_replayable());
        let position = self.shared.publisher.hand_over(unpublished).await.map_err(|error| refusal(&error))?;
        Ok(published(id, is_kept, &position))
    }

    /// `None` if something else was published with the key.
    async fn hand_over_once(&self, unpublished: Unpublished, once: Once) -> Result<Option<Value>, Response> {
        let is_kept = unpublished.is_replayable();
        let found = self.shared.publisher.hand_over_once(unpublished, once).await.map_err(|error| refusal(&error))?;
        Ok(found.map(|(id, position)| published(id, is_kept, &position)))
    }
}

/// What is answered.
fn published(id: Uuid, is_kept: bool, position: &Position) -> Value {
    // A frame that is not kept has no position.
    let position = is_kept.then(|| json!({ "epoch": &*position.epoch, "seq": position.seq }));
    json!({ "id": id, "position": position })
}

/// What stands for these texts, on every server.
fn in_short(texts: &[&str]) -> u64 {
    // No text has this byte in it: it is none of UTF-8.
    fnv1a(texts.iter().flat_map(|text| text.bytes().chain([0xff])))
}

/// What a failure to publish is over HTTP.
fn refusal(error: &PublishError) -> Response {
    match error {
        PublishError::Unavailable(_) => {
            tracing::error!(%error, "a message was not published");
            problem(StatusCode::SERVICE_UNAVAILABLE, "the message cannot be published now; try again later")
        }
        PublishError::Unconfirmed(_) => {
            tracing::error!(%error, "a message may not have been published");
            problem(StatusCode::GATEWAY_TIMEOUT, "it is not known whether the message was published")
        }
        // Nobody publishes behind a fence here.
        PublishError::Fenced(_) => problem(StatusCode::CONFLICT, "somebody else publishes this now"),
        PublishError::Encode(_) => problem(StatusCode::BAD_REQUEST, "the message cannot be written as JSON"),
    }
}

/// Why a body is not what it should be. serde names fields and places, and may repeat a value: only the place is told.
fn misread(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    format!("the body must be `{{\"topic\": …, \"type\": …, \"data\": …}}`; line {line}, column {column} is not")
}
