//! Keys of every algorithm, as whoever issues tokens has them, and as a key set names them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

use super::tokens::{SECRET, claims, hs256, token};

/// Makes the signature of what is to be signed.
type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// A key of the issuer.
pub(super) struct IssuerKey {
    pub(super) kid: &'static str,
    algorithm: &'static str,
    jwk: Value,
    sign: Sign,
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl IssuerKey {
    pub(super) fn ed25519(kid: &'static str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key");
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref())});
        Self { kid, algorithm: "EdDSA", jwk, sign: Box::new(move |signed| pair.sign(signed).as_ref().to_vec()) }
    }

    pub(super) fn es256(kid: &'static str) -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key");
        let point = pair.public_key().as_ref();
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])});
        let sign = move |signed: &[u8]| pair.sign(&random, signed).expect("signed").as_ref().to_vec();
        Self { kid, algorithm: "ES256", jwk, sign: Box::new(sign) }
    }

    /// From a file, because *ring* makes no RSA keys.
    pub(super) fn rs256(kid: &'static str) -> Self {
        let pair = RsaKeyPair::from_pkcs8(include_bytes!("rsa.pk8")).expect("a key");
        let jwk = {
            let public = ring::signature::RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
            json!({"kty": "RSA", "n": text(&public.n), "e": text(&public.e)})
        };
        let sign = move |signed: &[u8]| {
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature).expect("signed");
            signature
        };
        Self { kid, algorithm: "RS256", jwk, sign: Box::new(sign) }
    }

    pub(super) fn hs256(kid: &'static str) -> Self {
        let jwk = json!({"kty": "oct", "k": text(SECRET)});
        Self { kid, algorithm: "HS256", jwk, sign: Box::new(hs256(SECRET)) }
    }

    /// A token for Ada.
    pub(super) fn token(&self) -> String {
        self.token_naming(&json!({"alg": self.algorithm, "kid": self.kid}))
    }

    /// The same with any header.
    pub(super) fn token_naming(&self, header: &Value) -> String {
        token(header, &claims(json!({})), &self.sign)
    }
}

/// A key set.
pub(super) fn jwks(keys: &[&IssuerKey]) -> String {
    let named = |key: &&IssuerKey| {
        let mut jwk = key.jwk.clone();
        jwk["kid"] = key.kid.into();
        jwk
    };
    json!({"keys": keys.iter().map(named).collect::<Vec<_>>()}).to_string()
}
