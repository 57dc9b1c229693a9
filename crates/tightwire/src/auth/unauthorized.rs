//! Why a client is not let in.

use super::authenticate::Denied;

/// Why a client is not let in. `Display` is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unauthorized {
    #[error("there is no token")]
    NoToken,
    #[error("the token is not a JSON Web Token in compact form, or its `alg` is none that is known")]
    Malformed,
    #[error("no key of the server is for the token's `alg` and `kid`")]
    NoKey,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token names somebody else than the one before")]
    Subject,
    #[error("the token's claim `{0}` is missing or not what it should be")]
    Claim(&'static str),
    /// The application says so.
    #[error("{why}")]
    Denied { why: Denied, challenge: &'static str },
}

impl Unauthorized {
    /// What the client is told: enough to know whether a new token would help, and nothing for somebody who guesses.
    pub(crate) fn said(self) -> &'static str {
        match self {
            Self::NoToken => "a token is needed, and none was sent",
            Self::Expired => "the token has expired; get a new one",
            Self::NotYetValid => "the token is not valid yet",
            Self::Denied { why, .. } => why.said(),
            Self::Malformed
            | Self::NoKey
            | Self::Signature
            | Self::Audience
            | Self::Issuer
            | Self::Subject
            | Self::Claim(_) => "the token is not valid here",
        }
    }

    /// Whether the same credentials may be right a little later.
    pub(crate) fn is_unavailable(self) -> bool {
        matches!(self, Self::Denied { why: Denied::Unavailable, .. })
    }

    /// The challenge that goes with a 401 (RFC 6750, section 3).
    pub(crate) fn challenge(self) -> String {
        match self {
            // Whoever sent nothing is told of no error.
            Self::NoToken => "Bearer".to_owned(),
            Self::Denied { challenge, .. } => challenge.to_owned(),
            _ => format!("Bearer error=\"invalid_token\", error_description=\"{}\"", self.said()),
        }
    }
}
