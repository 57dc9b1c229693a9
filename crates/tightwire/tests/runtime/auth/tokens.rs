//! Makes tokens, right ones and others.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};
use tightwire::{Auth, Config, Jwt};

pub(crate) const SECRET: &[u8] = b"hunter2-hunter2-hunter2-hunter2-hunter2";

/// A server that takes tokens for the audience `chat` from the issuer `idp`, signed with [`SECRET`].
pub(crate) fn config() -> Config {
    let jwt = Jwt::secret(SECRET).expect("long enough").audience("chat").issuer("idp");
    Config { auth: Auth::Jwt(jwt), ..Config::default() }
}

/// Seconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Claims for Ada for an hour, with `change` put over them.
pub(crate) fn claims(change: Value) -> Value {
    let mut claims = json!({"sub": "ada", "aud": "chat", "iss": "idp", "exp": now() + 3600});
    for (name, value) in change.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
}

/// A token with any header and claims, signed by `sign`.
pub(crate) fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

pub(crate) fn hs256(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    move |signed| hmac::sign(&key, signed).as_ref().to_vec()
}

/// A token that is right, but for `change`.
pub(crate) fn signed(change: Value) -> String {
    token(&json!({"alg": "HS256", "typ": "JWT"}), &claims(change), hs256(SECRET))
}
