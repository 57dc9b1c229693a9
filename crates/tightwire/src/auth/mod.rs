//! Who a client is: the token it brings, what that token says, and what follows where it says nothing good.
//!
//! [`Auth`] is the setting. A request's token is found by `credentials`, verified by [`Jwt`] against the `keyring`, read by
//! `claims`, and becomes an [`Identity`], which the connection keeps and handlers ask for. Why there is none is an
//! [`Unauthorized`]: its `Display` is for the log, [`Unauthorized::said`] for the client. Neither repeats any part of a
//! token.

mod claims;
pub(crate) mod credentials;
mod identity;
mod jwks;
mod jwt;
mod key;
mod keyring;
mod topics;
mod unauthorized;

use std::sync::Arc;

pub use identity::Identity;
pub use jwt::{Jwt, WeakSecret};
pub use keyring::KeysError;
pub(crate) use unauthorized::Unauthorized;

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
}

impl Auth {
    /// Who brings this token; `None` where everyone may connect and nobody is asked.
    pub(crate) fn identify(&self, token: Option<&str>, unix_ms: u64) -> Result<Option<Arc<Identity>>, Unauthorized> {
        match self {
            Self::Disabled { .. } => Ok(None),
            Self::Jwt(jwt) => {
                let token = token.ok_or(Unauthorized::NoToken)?;
                jwt.verify(token, unix_ms).map(|identity| Some(Arc::new(identity)))
            }
        }
    }
}
