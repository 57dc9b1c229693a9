//! As whom a server is spoken to. The password is shown to nobody.

use std::fmt;

/// A user of Redis and the password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisLogin {
    user: Option<String>,
    password: String,
}

impl RedisLogin {
    /// The user `default`, or, before there were users, everybody.
    #[must_use]
    pub fn password(password: impl Into<String>) -> Self {
        Self { user: None, password: password.into() }
    }

    /// A user (ACL).
    #[must_use]
    pub fn user(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: Some(user.into()), password: password.into() }
    }

    pub(crate) fn parts(&self) -> (Option<&str>, &str) {
        (self.user.as_deref(), &self.password)
    }
}

impl fmt::Debug for RedisLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLogin").field("user", &self.user).finish_non_exhaustive()
    }
}
