//! JSON Web Tokens in compact form (RFC 7515, section 7.1, and RFC 7519): taken apart, verified, read.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::claims::{self, Expected};
use super::identity::Identity;
use super::key::Key;
use super::unauthorized::Unauthorized;

/// A token that is larger is not looked at.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The least that HS256 asks of a secret (RFC 7518, section 3.2).
const LEAST_SECRET_BYTES: usize = 32;
/// By how much clocks may differ, unless the settings say otherwise.
const LEEWAY: Duration = Duration::from_secs(30);

/// What verifies tokens: keys, and what the tokens must say. Clones share the keys.
///
/// ```
/// use tightwire::{Auth, Config, Jwt};
///
/// let jwt = Jwt::secret(b"a secret of thirty-two bytes or more")?.audience("chat");
/// let config = Config { auth: Auth::Jwt(jwt), ..Config::default() };
/// # Ok::<(), tightwire::WeakSecret>(())
/// ```
#[derive(Clone, Debug)]
pub struct Jwt {
    key: Arc<Key>,
    expected: Expected,
}

/// A secret is too short for HS256: take at least 32 random bytes, for instance from `openssl rand -base64 48`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret for HS256 has at least {LEAST_SECRET_BYTES} bytes; `openssl rand -base64 48` makes one")]
pub struct WeakSecret;

/// A token's header, as far as the server goes by it.
#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that must be understood. None is.
    crit: Option<Value>,
}

impl Jwt {
    /// Tokens that were signed with HS256 and this secret.
    ///
    /// # Errors
    /// If the secret is too short.
    pub fn secret(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < LEAST_SECRET_BYTES {
            return Err(WeakSecret);
        }
        Ok(Self::new(Key::hs256(secret)))
    }

    fn new(key: Key) -> Self {
        let expected = Expected { audience: None, issuer: None, leeway_ms: 0 };
        Self { key: Arc::new(key), expected }.leeway(LEEWAY)
    }

    /// Requires the claim `aud` to be, or to contain, this.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.expected.audience = Some(audience.into());
        self
    }

    /// Requires the claim `iss` to be this.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.expected.issuer = Some(issuer.into());
        self
    }

    /// By how much the clocks of issuer and server may differ. Default: 30 s.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.expected.leeway_ms = u64::try_from(leeway.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Who the token says its bearer is, at this time.
    pub(crate) fn verify(&self, token: &str, unix_ms: u64) -> Result<Identity, Unauthorized> {
        let claims = self.verified(token)?;
        claims::read(claims, &self.expected, unix_ms)
    }

    /// The claims of a token whose signature is right.
    fn verified(&self, token: &str) -> Result<Map<String, Value>, Unauthorized> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Unauthorized::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Unauthorized::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Unauthorized::Malformed)?;
        let header: Header = json(header)?;
        if header.crit.is_some() {
            return Err(Unauthorized::Malformed);
        }
        if header.alg != self.key.algorithm() {
            return Err(Unauthorized::NoKey);
        }
        if !self.key.verifies(signed.as_bytes(), &bytes(signature)?) {
            return Err(Unauthorized::Signature);
        }
        json(payload)
    }
}

fn bytes(part: &str) -> Result<Vec<u8>, Unauthorized> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Unauthorized::Malformed)
}

fn json<T: for<'a> Deserialize<'a>>(part: &str) -> Result<T, Unauthorized> {
    serde_json::from_slice(&bytes(part)?).map_err(|_| Unauthorized::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515, appendix A.1: expires at second 1300819380.
    const RFC_TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const RFC_SECRET: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

    fn rfc() -> Jwt {
        Jwt::secret(&bytes(RFC_SECRET).expect("base64")).expect("long enough")
    }

    #[test]
    fn the_example_of_the_rfc_is_verified() {
        let claims = rfc().verified(RFC_TOKEN).expect("the signature is right");
        assert_eq!(claims["iss"], "joe");
        // It names nobody.
        assert_eq!(rfc().verify(RFC_TOKEN, 1_300_819_379_000), Err(Unauthorized::Claim("sub")));
        assert_eq!(rfc().verify(RFC_TOKEN, 1_300_819_410_000), Err(Unauthorized::Expired));
    }

    #[track_caller]
    fn check(token: &str, expected: Unauthorized) {
        assert_eq!(rfc().verified(token), Err(expected), "{token}");
    }

    fn with_header(header: &str) -> String {
        let (_, rest) = RFC_TOKEN.split_once('.').expect("three parts");
        format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn forged_tokens_are_refused() {
        check(&RFC_TOKEN.replace("dBjft", "dBjfu"), Unauthorized::Signature);
        check(&RFC_TOKEN.replace("eyJpc3", "eyJpc4"), Unauthorized::Signature);
        check(&with_header(r#"{"alg":"HS256"}"#), Unauthorized::Signature);
        for algorithm in ["none", "None", "RS256", "HS384", "hs256", ""] {
            check(&with_header(&format!(r#"{{"alg":"{algorithm}"}}"#)), Unauthorized::NoKey);
        }
        check(&with_header(r#"{"alg":"HS256","crit":["b64"]}"#), Unauthorized::Malformed);
        check(&with_header(r#"{"alg":"none","alg":"HS256"}"#), Unauthorized::Malformed);
        check(&with_header("{}"), Unauthorized::Malformed);
        let (unsigned, _) = RFC_TOKEN.rsplit_once('.').expect("three parts");
        check(unsigned, Unauthorized::Malformed);
        check(&format!("{unsigned}."), Unauthorized::Signature);
        check(&format!("{RFC_TOKEN}="), Unauthorized::Malformed);
        check(&format!("{RFC_TOKEN}.x"), Unauthorized::Malformed);
        check("", Unauthorized::Malformed);
        check("..", Unauthorized::Malformed);
        check(&"a".repeat(MAX_TOKEN_BYTES + 1), Unauthorized::Malformed);
    }

    #[test]
    fn a_short_secret_is_no_secret() {
        assert_eq!(Jwt::secret(&[7; 31]).map(|_| ()), Err(WeakSecret));
        assert!(Jwt::secret(&[7; 32]).is_ok());
        let shown = format!("{:?}", Jwt::secret(b"hunter2hunter2hunter2hunter2hunter2"));
        assert!(!shown.contains("hunter2") && !shown.contains("104, 117"), "{shown}");
    }
}
