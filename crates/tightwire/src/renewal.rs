//! A new token on a connection that lives: the session's request `authenticate`.
//!
//! The connection stays whose it is: a token for somebody else ends it, like one that is not valid. What the new token no
//! longer allows is unsubscribed.

use std::sync::Arc;

use tightwire_proto::close::CloseReason;
use tightwire_proto::contract::SessionRole;
use tightwire_proto::session::messages::{Authenticated, rfc3339};
use tightwire_proto::session::{ErrorReport, Refused, RefusedTopics, code};

use crate::auth::{Credentials, Identity, Unauthorized};
use crate::dispatch::Dispatch;
use crate::service::Service;

impl<S: Service> Dispatch<'_, S> {
    pub(crate) async fn authenticate(&self, token: &str) {
        let Some(before) = self.peer.identity() else {
            let report = ErrorReport::new(code::UNAVAILABLE, "this server does not ask for credentials");
            self.peer.report(&report.answering(self.frame_id));
            return;
        };
        match self.renewed(token, &before).await {
            Ok(identity) => self.renew(identity),
            Err(why) if why.is_unavailable() => {
                tracing::warn!("nobody can tell whose token it is");
                self.peer.report(&ErrorReport::new(code::UNAVAILABLE, why.said()).answering(self.frame_id));
            }
            Err(why) => {
                self.shared.counters.unauthorized_total.increment();
                tracing::info!(%why, "a token was not renewed");
                self.peer.outbound().begin_close_saying(CloseReason::Unauthorized, why.said());
            }
        }
    }

    async fn renewed(&self, token: &str, before: &Identity) -> Result<Arc<Identity>, Unauthorized> {
        let credentials = Credentials::renewed(token, self.peer.address());
        let identity = self.shared.config.auth.identify(&credentials).await?;
        identity.filter(|identity| identity.subject() == before.subject()).ok_or(Unauthorized::Subject)
    }

    fn renew(&self, identity: Arc<Identity>) {
        self.peer.renew(Arc::clone(&identity));
        let data = Authenticated { expires_at: rfc3339(identity.expires_unix_ms()) };
        self.peer.say(SessionRole::Authenticated, Some(self.frame_id), &data);
        let topics: Vec<_> = self.peer.subscriptions().iter().cloned().collect();
        let mut lost = RefusedTopics::default();
        for topic in topics.iter().filter(|topic| !identity.may_read(topic)) {
            lost.push(Refused::NotInToken, topic);
            self.leave(topic);
        }
        if lost.is_empty() {
            return;
        }
        tracing::info!(topics = ?lost.named(), "topics were left with the token that allowed them");
        let words = "the new token does not allow these topics; they are unsubscribed";
        let mut report = ErrorReport::new(lost.code(), words).answering(self.frame_id);
        report.topics = lost.named();
        self.peer.report(&report);
        self.say_subscriptions();
    }
}
