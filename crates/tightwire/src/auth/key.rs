//! A key and the one algorithm that it is for.
//!
//! A token names the algorithm that it was signed with, but never chooses: a key verifies by its own algorithm, and a
//! token that names another one, or `none`, finds no key.

use std::fmt;

use ring::hmac;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

/// The least that HS256 asks of a secret (RFC 7518, section 3.2).
pub(super) const LEAST_SECRET_BYTES: usize = 32;
/// The least that RS256 asks of a modulus (RFC 7518, section 3.3).
const LEAST_MODULUS_BYTES: usize = 2048 / 8;
/// A coordinate on P-256, and a public key of Ed25519.
const POINT_BYTES: usize = 32;

/// A key that verifies signatures.
pub(super) struct Key(Material);

enum Material {
    Hs256(hmac::Key),
    Rs256(RsaPublicKeyComponents<Vec<u8>>),
    Es256(UnparsedPublicKey<Vec<u8>>),
    EdDsa(UnparsedPublicKey<Vec<u8>>),
}

impl Key {
    /// `None` if the secret is too short.
    pub(super) fn hs256(secret: &[u8]) -> Option<Self> {
        let key = || Self(Material::Hs256(hmac::Key::new(hmac::HMAC_SHA256, secret)));
        (secret.len() >= LEAST_SECRET_BYTES).then(key)
    }

    /// `None` if the modulus is too short. Both numbers are big-endian.
    pub(super) fn rs256(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let trimmed = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            number[zeros..].to_vec()
        };
        let (n, e) = (trimmed(modulus), trimmed(exponent));
        if n.len() < LEAST_MODULUS_BYTES || e.is_empty() {
            return None;
        }
        Some(Self(Material::Rs256(RsaPublicKeyComponents { n, e })))
    }

    /// A point on P-256. `None` if these are not coordinates.
    pub(super) fn es256(x: &[u8], y: &[u8]) -> Option<Self> {
        if x.len() != POINT_BYTES || y.len() != POINT_BYTES {
            return None;
        }
        let point = [&[4], x, y].concat();
        Some(Self(Material::Es256(UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point))))
    }

    /// A public key of Ed25519. `None` if it is not one.
    pub(super) fn ed25519(x: &[u8]) -> Option<Self> {
        let key = || Self(Material::EdDsa(UnparsedPublicKey::new(&signature::ED25519, x.to_vec())));
        (x.len() == POINT_BYTES).then(key)
    }

    /// The algorithm, as `alg` names it (RFC 7518, section 3.1, and RFC 8037, section 3.1).
    pub(super) fn algorithm(&self) -> &'static str {
        match self.0 {
            Material::Hs256(_) => "HS256",
            Material::Rs256(_) => "RS256",
            Material::Es256(_) => "ES256",
            Material::EdDsa(_) => "EdDSA",
        }
    }

    pub(super) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Material::Hs256(key) => hmac::verify(key, signed, signature).is_ok(),
            Material::Rs256(key) => key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok(),
            Material::Es256(key) | Material::EdDsa(key) => key.verify(signed, signature).is_ok(),
        }
    }
}

/// The algorithm only.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.algorithm()).finish()
    }
}
