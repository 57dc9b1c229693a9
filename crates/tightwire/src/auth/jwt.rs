//! JSON Web Tokens in compact form (RFC 7515, section 7.1, and RFC 7519): which are looked at, and with which keys.
//!
//! The crate `jsonwebtoken` takes them apart and verifies them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::claims::{self, Expected};
use super::identity::Identity;
use super::key::{Key, LEAST_SECRET_BYTES};
use super::keyring::{KeyFile, Keyring, KeysError};
use super::unauthorized::Unauthorized;

/// A token that is larger is not looked at.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
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
    keys: Arc<Keyring>,
    expected: Expected,
}

/// A secret is too short for HS256: take at least 32 random bytes, for instance from `openssl rand -base64 48`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret for HS256 has at least {LEAST_SECRET_BYTES} bytes; `openssl rand -base64 48` makes one")]
pub struct WeakSecret;

impl Jwt {
    /// Tokens that were signed with HS256 and this secret.
    ///
    /// # Errors
    /// If the secret is too short.
    pub fn secret(secret: &[u8]) -> Result<Self, WeakSecret> {
        Ok(Self::new(Keyring::One(Key::secret(secret).ok_or(WeakSecret)?)))
    }

    /// Tokens that were signed by a key of this JSON Web Key Set (RFC 7517): RS256, ES256, EdDSA with Ed25519, HS256.
    /// When the file is replaced, the keys in it are in force a second later.
    ///
    /// # Errors
    /// If the file cannot be read, or has no key that can be used. Later that is only logged, and the keys before stay
    /// in force.
    pub fn jwks_file(path: impl AsRef<Path>) -> Result<Self, KeysError> {
        Ok(Self::new(Keyring::File(KeyFile::open(path.as_ref())?)))
    }

    fn new(keys: Keyring) -> Self {
        let expected = Expected { audience: None, issuer: None, leeway_ms: 0 };
        Self { keys: Arc::new(keys), expected }.leeway(LEEWAY)
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
        claims::read(self.verified(token)?, &self.expected, unix_ms)
    }

    /// The claims of a token whose signature is right.
    fn verified(&self, token: &str) -> Result<Map<String, Value>, Unauthorized> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Unauthorized::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Unauthorized::Malformed)?;
        // Extensions that must be understood. None is.
        if header.crit.is_some() {
            return Err(Unauthorized::Malformed);
        }
        self.keys.claims(token, &header)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    /// The payload of the examples in RFC 7515, appendix A: expires at second 1300819380.
    const PAYLOAD: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    /// Keys and tokens of RFC 7515, appendices A.1 to A.3.
    struct Example {
        jwk: &'static str,
        header: &'static str,
        signature: &'static str,
    }

    const HS256: Example = Example {
        jwk: r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#,
        header: "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
        signature: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    };
    const RS256: Example = Example {
        jwk: r#"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
        header: "eyJhbGciOiJSUzI1NiJ9",
        signature: "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    };
    const ES256: Example = Example {
        jwk: r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        header: "eyJhbGciOiJFUzI1NiJ9",
        signature: "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    };
    /// RFC 8037, appendix A.4; its payload is not JSON.
    const ED_JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const ED_TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    impl Example {
        fn token(&self) -> String {
            format!("{}.{PAYLOAD}.{}", self.header, self.signature)
        }
    }

    fn jwt(jwks: &[&str]) -> Jwt {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), format!(r#"{{"keys":[{}]}}"#, jwks.join(","))).expect("writable");
        Jwt::jwks_file(file.path()).expect("a key set")
    }

    #[track_caller]
    fn check(jwks: &[&str], token: &str, expected: Result<(), Unauthorized>) {
        let found = jwt(jwks).verified(token).map(|claims| assert_eq!(claims["iss"], "joe"));
        assert_eq!(found, expected, "{token}");
    }

    #[test]
    fn the_examples_of_the_rfcs_are_verified() {
        for example in [HS256, RS256, ES256] {
            check(&[example.jwk], &example.token(), Ok(()));
            check(&[ED_JWK, HS256.jwk, RS256.jwk, ES256.jwk], &example.token(), Ok(()));
            let token = example.token();
            let (signed, signature) = token.rsplit_once('.').expect("three parts");
            let other = signature.replacen(&signature[10..12], "__", 1);
            check(&[example.jwk], &format!("{signed}.{other}"), Err(Unauthorized::Signature));
        }
        // The signature is right: it is the payload that is no claims.
        assert_eq!(jwt(&[ED_JWK]).verified(ED_TOKEN), Err(Unauthorized::Malformed));
        assert_eq!(jwt(&[ED_JWK]).verified(&ED_TOKEN.replace("hgyY", "hgyZ")), Err(Unauthorized::Signature));
    }

    #[test]
    fn a_token_of_the_rfc_names_nobody() {
        let (jwt, token) = (jwt(&[HS256.jwk]), HS256.token());
        assert_eq!(jwt.verify(&token, 1_300_819_379_000), Err(Unauthorized::Claim("sub")));
        assert_eq!(jwt.verify(&token, 1_300_819_410_000), Err(Unauthorized::Expired));
    }

    /// The key decides the algorithm: a public key is not a secret that everyone knows.
    #[test]
    fn a_token_does_not_choose_its_algorithm() {
        let token = |header: &str| format!("{}.{PAYLOAD}.{}", URL_SAFE_NO_PAD.encode(header), HS256.signature);
        let refused = |jwk, algorithms: &[&str], why| {
            for algorithm in algorithms {
                check(&[jwk], &token(&format!(r#"{{"alg":"{algorithm}"}}"#)), Err(why));
            }
        };
        refused(RS256.jwk, &["HS256", "HS384", "RS512", "PS256"], Unauthorized::NoKey);
        refused(HS256.jwk, &["RS256", "ES256", "EdDSA", "HS512"], Unauthorized::NoKey);
        for jwk in [RS256.jwk, HS256.jwk] {
            refused(jwk, &["none", "None", "rs256", "hs256", "ES256K", ""], Unauthorized::Malformed);
        }
        check(&[HS256.jwk], &token(r#"{"alg":"HS256"}"#), Err(Unauthorized::Signature));
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        let check = |token: &str, expected| check(&[HS256.jwk], token, Err(expected));
        let token = |header: &str| format!("{}.{PAYLOAD}.{}", URL_SAFE_NO_PAD.encode(header), HS256.signature);
        check(&token(r#"{"alg":"HS256","crit":["b64"]}"#), Unauthorized::Malformed);
        check(&token(r#"{"alg":"none","alg":"HS256"}"#), Unauthorized::Malformed);
        check(&token(r#"{"alg":"HS256","kid":7}"#), Unauthorized::Malformed);
        check(&token("{}"), Unauthorized::Malformed);
        let token = HS256.token();
        let (unsigned, _) = token.rsplit_once('.').expect("three parts");
        check(unsigned, Unauthorized::Malformed);
        check(&format!("{unsigned}."), Unauthorized::Signature);
        check(&format!("{token}="), Unauthorized::Malformed);
        check(&format!("{token}.x"), Unauthorized::Malformed);
        check(&token.replace("eyJpc3", "eyJpc4"), Unauthorized::Signature);
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
        let shown = format!("{:?}", jwt(&[HS256.jwk]));
        assert!(shown.contains("HS256") && !shown.contains("AyM1") && !shown.contains("65, 121"), "{shown}");
    }
}
