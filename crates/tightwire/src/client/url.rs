//! The URL of a route.

use crate::percent;

/// The URL of a route on a server: `base` (`ws://127.0.0.1:8080`), the route's path with its parameters filled in, and
/// a query.
///
/// ```
/// let url = tightwire::client::url("ws://h/", "/v1/marketdata/{symbol}", &[("symbol", "BTC/USD")], &[("top", "1")]);
/// assert_eq!(url, "ws://h/v1/marketdata/BTC%2FUSD?top=1");
/// ```
#[must_use]
pub fn url(base: &str, path: &str, parameters: &[(&str, &str)], query: &[(&str, &str)]) -> String {
    let mut url = base.trim_end_matches('/').to_owned();
    let mut rest = path;
    if !rest.starts_with('/') {
        url.push('/');
    }
    // One pass, so that a value that looks like a parameter stays a value.
    while let Some((literal, name, after)) = rest
        .split_once('{')
        .and_then(|(literal, rest)| rest.split_once('}').map(|(name, after)| (literal, name, after)))
    {
        url.push_str(literal);
        let value = parameters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        url.push_str(&percent::encode(value));
        rest = after;
    }
    url.push_str(rest);
    if !query.is_empty() {
        url.push('?');
        url.push_str(&self::query(query));
    }
    url
}

/// A query, encoded.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", percent::encode(name), percent::encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}
