//! What a verified token claims (RFC 7519, section 4), and whether that is enough.
//!
//! Every claim that the server goes by is checked for its type too: a claim that cannot be understood must not count as
//! one that is not there. The library that verifies tokens could check the registered ones, but it reads the system's
//! clock by itself, in whole seconds, and takes `iss` for right if it is a list that contains the issuer.

use serde_json::{Map, Value};

use super::identity::Identity;
use super::topics::Topics;
use super::unauthorized::Unauthorized;

/// The end of the year 9999, the last that RFC 3339 can write.
pub(super) const LAST_UNIX_MS: u64 = 253_402_300_799_999;

/// What claims must say.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) audience: Option<String>,
    pub(super) issuer: Option<String>,
    /// By how much clocks may differ.
    pub(super) leeway_ms: u64,
}

/// Reads the claims of a token whose signature is right.
pub(super) fn read(claims: Map<String, Value>, expected: &Expected, unix_ms: u64) -> Result<Identity, Unauthorized> {
    let expires_unix_ms = time(&claims, "exp")?.ok_or(Unauthorized::Claim("exp"))?;
    let lapses_unix_ms = expires_unix_ms.saturating_add(expected.leeway_ms);
    if unix_ms >= lapses_unix_ms {
        return Err(Unauthorized::Expired);
    }
    if time(&claims, "nbf")?.is_some_and(|begins| unix_ms.saturating_add(expected.leeway_ms) < begins) {
        return Err(Unauthorized::NotYetValid);
    }
    if let Some(audience) = &expected.audience
        && !is_for(claims.get("aud"), audience)
    {
        return Err(Unauthorized::Audience);
    }
    if let Some(issuer) = &expected.issuer
        && claims.get("iss").and_then(Value::as_str) != Some(issuer)
    {
        return Err(Unauthorized::Issuer);
    }
    let subject = claims.get("sub").and_then(Value::as_str).filter(|subject| !subject.is_empty());
    let subject = subject.ok_or(Unauthorized::Claim("sub"))?.to_owned();
    let roles = texts(claims.get("roles")).ok_or(Unauthorized::Claim("roles"))?;
    let topics = Topics::read(claims.get("topics")).ok_or(Unauthorized::Claim("topics"))?;
    Ok(Identity { subject, roles, topics, expires_unix_ms, lapses_unix_ms, claims })
}

/// A `NumericDate`: seconds since the Unix epoch, possibly with a fraction.
fn time(claims: &Map<String, Value>, name: &'static str) -> Result<Option<u64>, Unauthorized> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| *seconds >= 0.0).ok_or(Unauthorized::Claim(name))?;
    Ok(Some(((seconds * 1000.0) as u64).min(LAST_UNIX_MS)))
}

fn is_for(claim: Option<&Value>, audience: &str) -> bool {
    match claim {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(several)) => several.iter().any(|one| one == audience),
        _ => false,
    }
}

/// A list of strings; empty where the claim is not there, `None` where it is something else.
fn texts(claim: Option<&Value>) -> Option<Vec<String>> {
    let Some(claim) = claim else { return Some(Vec::new()) };
    claim.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW_MS: u64 = 1_000_000;

    /// Claims at second 1000, with a leeway of 30 s, for audience `chat` and issuer `idp`. `change` is put over claims
    /// that are right; null takes one away.
    #[track_caller]
    fn check(change: Value, expected: Result<(), Unauthorized>) {
        let mut claims = json!({"sub": "ada", "exp": 2000, "aud": "chat", "iss": "idp"});
        let claims = claims.as_object_mut().expect("an object");
        for (name, value) in change.as_object().expect("an object") {
            match value {
                Value::Null => drop(claims.remove(name)),
                value => drop(claims.insert(name.clone(), value.clone())),
            }
        }
        let rules = Expected { audience: Some("chat".to_owned()), issuer: Some("idp".to_owned()), leeway_ms: 30_000 };
        assert_eq!(read(claims.clone(), &rules, NOW_MS).map(|_| ()), expected, "{change}");
    }

    #[test]
    fn a_token_is_valid_between_its_times() {
        use Unauthorized::{Claim, Expired, NotYetValid};
        check(json!({}), Ok(()));
        check(json!({"exp": 970}), Err(Expired));
        check(json!({"exp": 970.5}), Ok(()));
        check(json!({"exp": null}), Err(Claim("exp")));
        check(json!({"exp": "2000"}), Err(Claim("exp")));
        check(json!({"exp": -1}), Err(Claim("exp")));
        check(json!({"exp": 1e300}), Ok(()));
        check(json!({"nbf": 1030}), Ok(()));
        check(json!({"nbf": 1031}), Err(NotYetValid));
        check(json!({"nbf": "1031"}), Err(Claim("nbf")));
    }

    #[test]
    fn audience_and_issuer_are_required_where_they_are_configured() {
        use Unauthorized::{Audience, Issuer};
        check(json!({"aud": ["other", "chat"]}), Ok(()));
        check(json!({"aud": ["other"]}), Err(Audience));
        check(json!({"aud": "chat2"}), Err(Audience));
        check(json!({"aud": null}), Err(Audience));
        check(json!({"iss": "evil"}), Err(Issuer));
        check(json!({"iss": null}), Err(Issuer));
        check(json!({"iss": ["idp"]}), Err(Issuer));
    }

    #[test]
    fn subject_and_roles_have_their_types() {
        use Unauthorized::Claim;
        check(json!({"sub": null}), Err(Claim("sub")));
        check(json!({"sub": ""}), Err(Claim("sub")));
        check(json!({"sub": 7}), Err(Claim("sub")));
        check(json!({"roles": ["operator"]}), Ok(()));
        check(json!({"roles": "operator"}), Err(Claim("roles")));
        check(json!({"roles": [1]}), Err(Claim("roles")));
        check(json!({"topics": "thread:*"}), Err(Claim("topics")));
    }
}
