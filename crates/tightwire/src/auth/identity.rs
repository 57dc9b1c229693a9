//! Who a client is, as its token says.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::claims::LAST_UNIX_MS;
use super::topics::Topics;

/// A hundred years: longer than any connection lives.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Who a client is, as its token or the application says. See [`Context::identity`](crate::Context::identity).
#[derive(Clone, PartialEq)]
pub struct Identity {
    pub(super) subject: String,
    pub(super) roles: Vec<String>,
    pub(super) topics: Topics,
    pub(super) expires_unix_ms: u64,
    /// The same, and as long as clocks may differ.
    pub(super) lapses_unix_ms: u64,
    pub(super) claims: Map<String, Value>,
}

impl Identity {
    /// Whom the application knows by something else than a token: without roles, held to no topic, and for ever.
    #[must_use]
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            roles: Vec::new(),
            topics: Topics::default(),
            expires_unix_ms: LAST_UNIX_MS,
            lapses_unix_ms: LAST_UNIX_MS,
            claims: Map::new(),
        }
    }

    /// The same with these roles.
    #[must_use]
    pub fn with_roles(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// The same, held to topics of these patterns, in which `*` stands for any text: those to subscribe to, and those to
    /// send frames to.
    #[must_use]
    pub fn with_topics(
        mut self,
        read: impl IntoIterator<Item = impl Into<String>>,
        write: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.topics = Topics::of(read, write);
        self
    }

    /// The same with one more claim, for handlers.
    #[must_use]
    pub fn with_claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// The same until then, in milliseconds since the Unix epoch: connections that live longer end, unless they are
    /// renewed.
    #[must_use]
    pub fn expiring_at(mut self, unix_ms: u64) -> Self {
        (self.expires_unix_ms, self.lapses_unix_ms) = (unix_ms.min(LAST_UNIX_MS), unix_ms.min(LAST_UNIX_MS));
        self
    }

    /// The claim `sub`: who it is.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The claim `roles`.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// Whether the claim `roles` names the role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    /// Whether the claim `topics` lets the client subscribe to the topic. Without that claim every topic is allowed.
    #[must_use]
    pub fn may_read(&self, topic: &str) -> bool {
        self.topics.may_read(topic)
    }

    /// Whether the claim `topics` lets the client send frames to the topic. Without that claim every topic is allowed.
    #[must_use]
    pub fn may_write(&self, topic: &str) -> bool {
        self.topics.may_write(topic)
    }

    /// When the token expires, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn expires_unix_ms(&self) -> u64 {
        self.expires_unix_ms
    }

    /// How long the token is still good.
    pub(crate) fn lapses_in(&self, unix_ms: u64) -> Duration {
        // A time that means "never" must not overflow the clock.
        Duration::from_millis(self.lapses_unix_ms.saturating_sub(unix_ms)).min(FOR_EVER)
    }

    /// Any claim of the token, as JSON.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }
}

/// Names of claims only: what they say is nobody's business but the handlers'.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("claims", &self.claims.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}
