//! A key and the one algorithm that it is for.
//!
//! A token names the algorithm that it was signed with, but never chooses: a key verifies by its own algorithm, and a
//! token that names another one, or `none`, finds no key.

use std::fmt;

use ring::hmac;

/// A key that verifies signatures.
pub(super) struct Key(Material);

enum Material {
    Hs256(hmac::Key),
}

impl Key {
    pub(super) fn hs256(secret: &[u8]) -> Self {
        Self(Material::Hs256(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// The algorithm, as `alg` names it (RFC 7518, section 3.1).
    pub(super) fn algorithm(&self) -> &'static str {
        match self.0 {
            Material::Hs256(_) => "HS256",
        }
    }

    pub(super) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Material::Hs256(key) => hmac::verify(key, signed, signature).is_ok(),
        }
    }
}

/// The algorithm only.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.algorithm()).finish()
    }
}
