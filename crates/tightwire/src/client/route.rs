//! Where on a server a client connects: the URL of a route, with the parameters of the handshake.

use tightwire_proto::contract::Contract;
use tightwire_proto::handshake::Request;
use warp::http::Uri;

use super::config::ClientConfig;
use super::url;
use crate::routes::Routes;

/// The URL at which a client connects, and the settings with which it does: `base` is the server's address, with or
/// without the route's path where that has no parameters, and `request` what generated code made of the parameters.
#[must_use]
pub fn prepare(base: &str, path: &str, request: &Request, mut config: ClientConfig) -> (String, ClientConfig) {
    fn borrowed<'a>(pairs: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
        pairs.iter().map(|(name, text)| (*name, text.as_str())).collect()
    }
    let base = base.split_once('#').map_or(base, |(base, _)| base);
    let (base, query) = base.split_once('?').unwrap_or((base, ""));
    let base = base.trim_end_matches('/');
    let after_scheme = base.split_once("://").map_or(base, |(_, rest)| rest);
    let base_path = after_scheme.find('/').map_or("", |at| &after_scheme[at..]);
    let is_there = !path.contains('{') && base_path.ends_with(path.trim_end_matches('/'));
    let mut url = match is_there || path.is_empty() {
        true => base.to_owned(),
        false => url(base, path, &borrowed(&request.path), &[]),
    };
    let own = url::query(&borrowed(&request.query));
    let parts: Vec<&str> = [query, &own].into_iter().filter(|part| !part.is_empty()).collect();
    if !parts.is_empty() {
        url.push('?');
        url.push_str(&parts.join("&"));
    }
    config.headers.extend(request.headers.iter().map(|(name, text)| ((*name).to_owned(), text.clone())));
    (url, config)
}

/// The place in the contract of the route that a URL means, if it means one.
pub(super) fn of(url: &str, contract: &Contract) -> Option<usize> {
    let uri: Uri = url.parse().ok()?;
    Routes::new(contract).find(uri.path()).map(|found| found.index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base: &str, path: &str, expected: &str) {
        let request = Request {
            path: vec![("symbol", "eth/usd ż".to_owned())],
            query: vec![("pair", "a&b=c".to_owned()), ("pair", "1+1".to_owned())],
            headers: vec![("x-key", "secret".to_owned())],
        };
        let (url, config) = prepare(base, path, &request, ClientConfig::default());
        assert_eq!(url, expected);
        assert_eq!(config.headers, [("x-key".to_owned(), "secret".to_owned())]);
    }

    #[test]
    fn a_url_has_the_path_and_the_query_of_the_parameters() {
        let query = "pair=a%26b%3Dc&pair=1%2B1";
        check("ws://h", "/v1/{symbol}", &format!("ws://h/v1/eth%2Fusd%20%C5%BC?{query}"));
        check("ws://h/proxy/", "/v1/{symbol}", &format!("ws://h/proxy/v1/eth%2Fusd%20%C5%BC?{query}"));
        check("ws://h/", "/", &format!("ws://h?{query}"));
        check("ws://h", "/link", &format!("ws://h/link?{query}"));
        // The address may be one that the server gave out, with the path and a ticket.
        check("ws://h/link/?ticket=x#top", "/link", &format!("ws://h/link?ticket=x&{query}"));
        check("ws://link", "/link", &format!("ws://link/link?{query}"));
        // The path of a protocol with an envelope is the server's business.
        check("ws://h/ws", "", &format!("ws://h/ws?{query}"));
    }
}
