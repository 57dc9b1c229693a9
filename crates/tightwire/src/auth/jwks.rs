//! Sets of keys (RFC 7517): which of them this server can use.
//!
//! What it cannot use is left out, as section 5 wants it, and said in the log: sets hold keys for encryption, and of
//! algorithms to come. So the keys are read one by one: the library's own set is refused as a whole for one bad key.

use jsonwebtoken::jwk::{Jwk, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde_json::Value;

use super::key::Key;

/// Keys, each with the name by which tokens call it.
#[derive(Debug)]
pub(super) struct KeySet(pub(super) Vec<(Option<String>, Key)>);

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a set.
    ///
    /// # Errors
    /// What is wrong with it, if there is no key in it that can be used. Says nothing of the keys but their place.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(text).map_err(|error| {
            format!("it is not a JSON Web Key Set: line {}, column {}", error.line(), error.column())
        })?;
        let (mut keys, mut unusable) = (Vec::new(), Vec::new());
        for (index, value) in document.keys.into_iter().enumerate() {
            match read(value) {
                Ok(key) => keys.push(key),
                Err(why) => unusable.push(format!("key {index} {why}")),
            }
        }
        let unusable = unusable.join(", ");
        if keys.is_empty() {
            let why = if unusable.is_empty() { "it is empty" } else { &unusable };
            return Err(format!("no key in it can be used: {why}"));
        }
        if !unusable.is_empty() {
            tracing::warn!(unusable, "keys of the key set are left out");
        }
        Ok(Self(keys))
    }
}

fn read(value: Value) -> Result<(Option<String>, Key), &'static str> {
    let jwk: Jwk = serde_json::from_value(value).map_err(|_| "is not a JSON Web Key")?;
    let verifies = jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature)
        && jwk.common.key_operations.as_ref().is_none_or(|uses| uses.contains(&KeyOperations::Verify));
    if !verifies {
        return Err("is not for signatures");
    }
    let key = Key::of_set(&jwk)?;
    Ok((jwk.common.key_id, key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What becomes of a set: `kid:alg` of each key, or what is wrong.
    #[track_caller]
    fn check(keys: Value, expected: Result<&str, &str>) {
        let text = json!({ "keys": keys }).to_string();
        let found = KeySet::parse(text.as_bytes()).map(|set| {
            let name = |(kid, key): &(Option<String>, Key)| {
                format!("{}:{:?}", kid.as_deref().unwrap_or_default(), key.algorithm())
            };
            set.0.iter().map(name).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{keys}");
    }

    /// On Ed25519.
    const POINT: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    /// On P-256.
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    #[test]
    fn keys_for_signatures_are_taken() {
        let ed = json!({"kty": "OKP", "crv": "Ed25519", "x": POINT, "kid": "a", "use": "sig"});
        let ec = json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y, "alg": "ES256", "key_ops": ["verify"]});
        let rsa = json!({"kty": "RSA", "n": format!("{}w", "_".repeat(341)), "e": "AQAB", "kid": "r"});
        let oct = json!({"kty": "oct", "k": POINT});
        check(json!([ed, ec, rsa, oct]), Ok("a:EdDSA :ES256 r:RS256 :HS256"));
        let other = json!({"kty": "EC", "crv": "P-521", "x": POINT, "y": POINT});
        check(json!([other, 7, oct]), Ok(":HS256"));
    }

    #[test]
    fn what_cannot_be_used_is_explained() {
        let none = |why: &str, key: Value| {
            check(json!([key]), Err(&format!("no key in it can be used: key 0 {why}")));
        };
        check(json!([]), Err("no key in it can be used: it is empty"));
        let unknown = "lacks a member, or is of a type or curve that is not known here";
        none("is not a JSON Web Key", json!(7));
        none("is not a JSON Web Key", json!({"kty": "oct", "k": POINT, "kid": 7}));
        none(unknown, json!({"kid": "a"}));
        none(unknown, json!({"kty": "oct"}));
        none(unknown, json!({"kty": "oct", "k": 7}));
        none(unknown, json!({"kty": "OKP", "crv": "P-256", "x": X}));
        none(unknown, json!({"kty": "EC", "crv": "P-384", "x": X, "y": Y}));
        none("is not for signatures", json!({"kty": "oct", "k": POINT, "use": "enc"}));
        none("is not for signatures", json!({"kty": "oct", "k": POINT, "key_ops": ["sign"]}));
        none(unknown, json!({"kty": "RSA", "n": "AQAB"}));
        none("has a member that is not in base64url", json!({"kty": "oct", "k": "not base64"}));
        let size = "has less than 2048 bits, or more than 4096";
        none(size, json!({"kty": "RSA", "n": "AA".repeat(170), "e": "AQAB"}));
        none(size, json!({"kty": "RSA", "n": format!("{}{}", "A".repeat(400), "_".repeat(300)), "e": "AQAB"}));
        none(size, json!({"kty": "RSA", "n": "_".repeat(700), "e": "AQAB"}));
        none("has not 32 bytes", json!({"kty": "OKP", "crv": "Ed25519", "x": "AQAB"}));
        none("has less than 32 bytes", json!({"kty": "oct", "k": "AQAB"}));
        none("is not a point on its curve", json!({"kty": "EC", "crv": "P-256", "x": X, "y": "AQAB"}));
        none("is not a point on its curve", json!({"kty": "EC", "crv": "P-256", "x": X, "y": X}));
        none("is for an algorithm that is not known here", json!({"kty": "oct", "k": POINT, "alg": "HS512"}));
        let error = KeySet::parse(b"{\"keys\": hunter2}").map(|_| ()).expect_err("not JSON");
        assert_eq!(error, "it is not a JSON Web Key Set: line 1, column 10");
    }
}
