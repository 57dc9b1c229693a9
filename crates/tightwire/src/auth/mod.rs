//! Who a client is: the token it brings, what that token says, and what follows where it says nothing good.
//!
//! [`Auth`] is the setting. A request's token is found by `credentials`, verified by [`Jwt`] against the `keyring`, read by
//! `claims`, and becomes an [`Identity`], which the connection keeps and handlers ask for. An application that knows its
//! clients by something else implements [`Authenticate`]; its own HTTP routes ask with [`Auth::filter`]. Why there is no
//! identity is an `Unauthorized`: its `Display` is for the log, `Unauthorized::said` for the client. Neither repeats any
//! part of a token.

mod authenticate;
mod claims;
pub(crate) mod credentials;
mod filter;
mod identity;
mod jwks;
mod jwt;
mod key;
mod keyring;
mod topics;
mod unauthorized;

use std::sync::Arc;

pub use authenticate::{Authenticate, Credentials, Custom, Denied};
pub(crate) use filter::NotLetIn;
pub use identity::Identity;
pub use jwt::{Jwt, WeakSecret};
pub use keyring::KeysError;
pub(crate) use unauthorized::Unauthorized;

use crate::clock;

/// Who may connect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Auth {
    /// Everyone: for development. The server refuses to listen on anything but loopback, unless forced.
    Disabled {
        /// Listen on any address nevertheless.
        force: bool,
    },
    /// Whoever has a JSON Web Token that this verifies.
    Jwt(Jwt),
    /// Whomever the application knows: see [`Self::custom`].
    Custom(Custom),
}

/// Who sends a request; `Ok(None)` where everyone may and nobody is asked.
pub(crate) type Caller = Result<Option<Arc<Identity>>, Unauthorized>;

impl Auth {
    /// Whomever the application knows by its own means.
    #[must_use]
    pub fn custom(authenticate: impl Authenticate) -> Self {
        Self::Custom(Custom::new(authenticate))
    }

    /// Who brings these credentials.
    pub(crate) async fn identify(&self, credentials: &Credentials<'_>) -> Caller {
        let identity = match self {
            Self::Disabled { .. } => return Ok(None),
            Self::Jwt(jwt) => jwt.verify(credentials.token().ok_or(Unauthorized::NoToken)?, clock::unix_ms())?,
            Self::Custom(custom) => custom.identify(credentials).await?,
        };
        Ok(Some(Arc::new(identity)))
    }
}
