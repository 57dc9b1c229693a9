//! Where a request carries its token.
//!
//! A program sends `Authorization: Bearer <token>`. A browser cannot set headers for a WebSocket: it offers the
//! subprotocol `bearer.<token>`, with another one beside it for the server to select, or puts `token=<token>` into the
//! query. The first of these that is there counts.

use std::borrow::Cow;

use warp::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use warp::http::{HeaderMap, HeaderValue};

use crate::percent;

/// What a subprotocol begins with that is a token.
const SUBPROTOCOL: &str = "bearer.";
/// The name in the query.
const PARAMETER: &str = "token";

/// The token of a request.
pub(crate) fn token<'a>(headers: &'a HeaderMap, query: &str) -> Option<Cow<'a, str>> {
    authorization(headers)
        .or_else(|| subprotocols(headers).find_map(|offered| offered.strip_prefix(SUBPROTOCOL)))
        .map(Cow::Borrowed)
        .or_else(|| parameter(query).map(Cow::Owned))
}

/// The subprotocol to answer with where a token was offered as one: the first that is none. A browser gives up without
/// an answer to its offer, and a token must not be repeated.
pub(crate) fn selected_subprotocol(headers: &HeaderMap) -> Option<HeaderValue> {
    subprotocols(headers).find(|offered| offered.starts_with(SUBPROTOCOL))?;
    let other = subprotocols(headers).find(|offered| !offered.starts_with(SUBPROTOCOL))?;
    HeaderValue::from_str(other).ok()
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim())
}

fn subprotocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let offered = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    offered.map(str::trim).filter(|offered| !offered.is_empty())
}

fn parameter(query: &str) -> Option<String> {
    let pairs = percent::decode_query(query)?;
    pairs.into_iter().find_map(|(name, value)| (name == PARAMETER).then_some(value))
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderName;

    use super::*;

    /// Headers as `name: value` lines and a query; the token and the subprotocol that is selected.
    #[track_caller]
    fn check(lines: &[&str], query: &str, expected: Option<&str>, selected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").expect("a header");
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        assert_eq!(token(&headers, query).as_deref(), expected, "{lines:?} {query}");
        let answer = selected_subprotocol(&headers);
        assert_eq!(answer.as_ref().map(|value| value.to_str().expect("text")), selected, "{lines:?}");
    }

    #[test]
    fn a_token_is_found_in_three_places() {
        check(&["authorization: Bearer a.b.c"], "", Some("a.b.c"), None);
        check(&["authorization: bearer  a.b.c"], "", Some("a.b.c"), None);
        check(&["sec-websocket-protocol: chat, bearer.a.b.c"], "", Some("a.b.c"), Some("chat"));
        check(&["sec-websocket-protocol: bearer.a.b.c", "sec-websocket-protocol: x"], "", Some("a.b.c"), Some("x"));
        check(&["sec-websocket-protocol: bearer.a.b.c"], "", Some("a.b.c"), None);
        check(&[], "a=1&token=a.b%2Ec", Some("a.b.c"), None);
        check(&["authorization: Bearer h", "sec-websocket-protocol: x, bearer.p"], "token=q", Some("h"), Some("x"));
        check(&["sec-websocket-protocol: x, bearer.p"], "token=q", Some("p"), Some("x"));
    }

    #[test]
    fn what_is_no_token_is_not_taken_for_one() {
        check(&["authorization: Basic YTpi"], "", None, None);
        check(&["authorization: Bearer"], "", None, None);
        check(&["sec-websocket-protocol: chat"], "", None, None);
        check(&["authorization: Basic YTpi"], "token=q", Some("q"), None);
        check(&[], "tokens=a&%zz", None, None);
    }
}
