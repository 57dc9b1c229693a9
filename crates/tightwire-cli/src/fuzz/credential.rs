//! How the command proves to the server who it is.

use std::str::FromStr;

/// What a server asks clients for.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A header of the handshake.
    Header(String, String),
    /// A parameter in the query of the URL, as it stands there.
    Query(String, String),
}

impl Credential {
    /// A token in the header `Authorization`.
    pub(crate) fn bearer(token: &str) -> Result<Self, String> {
        Self::header("Authorization", &format!("Bearer {token}"))
    }

    fn header(name: &str, value: &str) -> Result<Self, String> {
        let name = name.trim();
        if http::HeaderName::try_from(name).is_err() {
            return Err(format!("`{name}` is no name of a header"));
        }
        let visible = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !visible {
            return Err("a header's value has only visible ASCII characters".to_owned());
        }
        Ok(Self::Header(name.to_owned(), value.trim().to_owned()))
    }
}

impl FromStr for Credential {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected `bearer:TOKEN`, `header:NAME=VALUE` or `query:NAME=VALUE`".to_owned();
        let (how, what) = text.split_once(':').ok_or_else(expected)?;
        if how == "bearer" {
            return Self::bearer(what);
        }
        let (name, value) = what.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(expected)?;
        match how {
            "header" => Self::header(name, value),
            "query" => Ok(Self::Query(encoded(name), encoded(value))),
            _ => Err(expected()),
        }
    }
}

/// What it is stays out of logs.
impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Header(name, _) => write!(f, "header {name}"),
            Self::Query(name, _) => write!(f, "query {name}"),
        }
    }
}

/// Percent-encodes what has a meaning in a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read() {
        let header = |name: &str, value: &str| Credential::Header(name.to_owned(), value.to_owned());
        assert_eq!("bearer:a.b=c".parse(), Ok(header("Authorization", "Bearer a.b=c")));
        assert_eq!("header:X-Key=a=b c".parse(), Ok(header("X-Key", "a=b c")));
        assert_eq!("query:key=a b&c".parse(), Ok(Credential::Query("key".into(), "a%20b%26c".into())));
        for wrong in ["token", "header:X-Key", "header:=a", "cookie:a=b", "header:X Y=a", "bearer:a\r\nb"] {
            assert!(wrong.parse::<Credential>().is_err(), "{wrong}");
        }
    }
}
