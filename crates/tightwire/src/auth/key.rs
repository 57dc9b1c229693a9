//! A key and the one algorithm that it is for.
//!
//! A token names the algorithm that it was signed with, but never chooses: a key verifies by its own algorithm, and a
//! token that names another one, or `none`, finds no key. The crate `jsonwebtoken` verifies. What it leaves open is
//! decided here: which algorithms there are, how long a key must be, and that a key which cannot verify anything is found
//! when it is read and not with the first token.

use std::fmt;

use jsonwebtoken::crypto::{self, rust_crypto};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, Validation};
use serde_json::{Map, Value};

use super::unauthorized::Unauthorized;

/// The least that HS256 asks of a secret (RFC 7518, section 3.2).
pub(super) const LEAST_SECRET_BYTES: usize = 32;
/// The least that RS256 asks of a modulus (RFC 7518, section 3.3).
const LEAST_MODULUS_BYTES: usize = 2048 / 8;
/// The largest modulus that the library verifies with.
const MOST_MODULUS_BYTES: usize = 4096 / 8;
/// A public key of Ed25519.
const ED25519_BYTES: usize = 32;

/// A key that verifies signatures.
pub(super) struct Key {
    algorithm: Algorithm,
    key: DecodingKey,
    /// Of the signature only; what the claims must say is decided elsewhere.
    validation: Validation,
}

impl Key {
    /// A secret for HS256. `None` if it is too short.
    pub(super) fn secret(secret: &[u8]) -> Option<Self> {
        let key = || Self::new(Algorithm::HS256, DecodingKey::from_secret(secret));
        (secret.len() >= LEAST_SECRET_BYTES).then(key)
    }

    /// A key of a set.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(super) fn of_set(jwk: &Jwk) -> Result<Self, &'static str> {
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(parameters) if parameters.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            AlgorithmParameters::OctetKeyPair(parameters) if parameters.curve == EllipticCurve::Ed25519 => {
                Algorithm::EdDSA
            }
            AlgorithmParameters::OctetKey(_) => Algorithm::HS256,
            _ => return Err("lacks a member, or is of a type or curve that is not known here"),
        };
        if jwk.common.key_algorithm.is_some_and(|named| named != algorithm.into()) {
            return Err("is for an algorithm that is not known here");
        }
        let key = DecodingKey::from_jwk(jwk).map_err(|_| "has a member that is not in base64url")?;
        check_size(&key, algorithm)?;
        let key = Self::new(algorithm, key);
        // Whether it is one at all shows when it is to verify something.
        crypto::verify("", b"", &key.key, algorithm).map_err(|_| "is not a point on its curve")?;
        Ok(key)
    }

    fn new(algorithm: Algorithm, key: DecodingKey) -> Self {
        // Named, because another crate of the application may want the library's other provider, and then it has no
        // default. If the application has chosen one, that one is used.
        let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self { algorithm, key, validation }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The claims of a token that was signed with this key.
    pub(super) fn claims(&self, token: &str) -> Result<Map<String, Value>, Unauthorized> {
        let decoded = jsonwebtoken::decode(token, &self.key, &self.validation);
        decoded.map(|data| data.claims).map_err(|error| match error.kind() {
            ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_) => {
                Unauthorized::Malformed
            }
            _ => Unauthorized::Signature,
        })
    }
}

fn check_size(key: &DecodingKey, algorithm: Algorithm) -> Result<(), &'static str> {
    let bytes = match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, .. } => {
            let zeros = n.iter().take_while(|byte| **byte == 0).count();
            n.len() - zeros
        }
        DecodingKeyKind::SecretOrDer(bytes) => bytes.len(),
    };
    match algorithm {
        Algorithm::RS256 if !(LEAST_MODULUS_BYTES..=MOST_MODULUS_BYTES).contains(&bytes) => {
            Err("has less than 2048 bits, or more than 4096")
        }
        Algorithm::HS256 if bytes < LEAST_SECRET_BYTES => Err("has less than 32 bytes"),
        // The library takes it for granted.
        Algorithm::EdDSA if bytes != ED25519_BYTES => Err("has not 32 bytes"),
        _ => Ok(()),
    }
}

/// The algorithm only.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.algorithm).finish()
    }
}
