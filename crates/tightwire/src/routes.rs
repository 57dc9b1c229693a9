//! The paths at which clients connect: which one a request means, and with which parameters.

use tightwire_proto::contract::{Contract, RouteInfo};

use crate::percent;

/// The routes of a protocol, the most specific first: a literal goes before a parameter at the same place.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Route>);

#[derive(Debug)]
struct Route {
    path: &'static str,
    /// Its place in the contract.
    index: usize,
    segments: Vec<Vec<Piece>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Literal(&'static str),
    Parameter(&'static str),
}

/// The route that a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) path: &'static str,
    /// The route's place in the contract.
    pub(crate) index: usize,
    pub(crate) parameters: Vec<(&'static str, String)>,
}

impl Routes {
    pub(crate) fn new(contract: &Contract) -> Self {
        let mut routes: Vec<_> = contract.routes.iter().enumerate().map(Route::new).collect();
        routes.sort_by_cached_key(|route| route.segments.iter().map(|pieces| vagueness(pieces)).collect::<Vec<_>>());
        Self(routes)
    }

    /// Whether the protocol leaves the path to the server's settings.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The route of a path; `None` if there is none. An escape that stands for nothing matches nothing.
    pub(crate) fn find(&self, path: &str) -> Option<Match> {
        let segments: Vec<String> = segments(path).map(percent::decode).collect::<Option<_>>()?;
        self.0.iter().find_map(|route| route.matches(&segments))
    }
}

impl Route {
    fn new((index, info): (usize, &'static RouteInfo)) -> Self {
        Self { path: info.path, index, segments: segments(info.path).map(pieces).collect() }
    }

    fn matches(&self, segments: &[String]) -> Option<Match> {
        if segments.len() != self.segments.len() {
            return None;
        }
        let mut parameters = Vec::new();
        for (pieces, text) in self.segments.iter().zip(segments) {
            fill(pieces, text, &mut parameters)?;
        }
        Some(Match { path: self.path, index: self.index, parameters })
    }
}

/// The segments between slashes. A slash at the end makes no difference.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/')
}

/// `stream-{id}.json` → `stream-`, `id`, `.json`.
fn pieces(segment: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = segment;
    while let Some((literal, (name, after))) =
        rest.split_once('{').and_then(|(literal, rest)| Some((literal, rest.split_once('}')?)))
    {
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        pieces.push(Piece::Parameter(name));
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    pieces
}

fn vagueness(pieces: &[Piece]) -> u8 {
    match pieces {
        [Piece::Literal(_)] => 0,
        [Piece::Parameter(_)] => 2,
        _ => 1,
    }
}

/// Reads a segment in one pass: a parameter has at least one character and ends where the literal after it first
/// begins; the last one takes all that is left.
fn fill(pieces: &[Piece], text: &str, parameters: &mut Vec<(&'static str, String)>) -> Option<()> {
    match pieces {
        [] => text.is_empty().then_some(()),
        [Piece::Literal(literal), rest @ ..] => fill(rest, text.strip_prefix(literal)?, parameters),
        [Piece::Parameter(name)] => {
            parameters.push((name, text.to_owned()));
            (!text.is_empty()).then_some(())
        }
        [Piece::Parameter(name), Piece::Literal(last)] => {
            let value = text.strip_suffix(last)?;
            parameters.push((name, value.to_owned()));
            (!value.is_empty()).then_some(())
        }
        [Piece::Parameter(name), rest @ ..] => {
            let first = text.chars().next()?.len_utf8();
            let length = match rest {
                [Piece::Literal(next), ..] => first + text[first..].find(next)?,
                _ => first,
            };
            parameters.push((name, text[..length].to_owned()));
            fill(rest, &text[length..], parameters)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn route(path: &'static str) -> RouteInfo {
        RouteInfo { path, to_server: &[], to_client: &[] }
    }

    const PATHS: [RouteInfo; 7] = [
        route("/v1/{any}"),
        route("/v1/status"),
        route("/v1/feed-{id}.json"),
        route("/v1/marketdata/{symbol}"),
        route("/{org}/{user}-{device}-x/events"),
        route("/ws/"),
        route("/"),
    ];

    /// The route and its parameters' values, with commas between.
    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        let mut routes = Routes(PATHS.iter().enumerate().map(Route::new).collect());
        routes.0.sort_by_cached_key(|route| route.segments.iter().map(|p| vagueness(p)).collect::<Vec<_>>());
        let found = routes.find(path).map(|found| {
            assert_eq!(PATHS[found.index].path, found.path);
            let values = found.parameters.iter().map(|(name, value)| format!(", {name}={value}"));
            format!("{}{}", found.path, values.collect::<String>())
        });
        assert_eq!(found.as_deref(), expected, "{path}");
    }

    #[test]
    fn the_most_specific_route_is_found() {
        check("/v1/status", Some("/v1/status"));
        check("/v1/other", Some("/v1/{any}, any=other"));
        check("/v1/feed-7.json", Some("/v1/feed-{id}.json, id=7"));
        check("/v1/feed-.json", Some("/v1/{any}, any=feed-.json"));
        check("/v1/marketdata/BTCUSD", Some("/v1/marketdata/{symbol}, symbol=BTCUSD"));
        check("/v1/marketdata/BTC%2FUSD/", Some("/v1/marketdata/{symbol}, symbol=BTC/USD"));
        check("/o/a-b-c-x/events", Some("/{org}/{user}-{device}-x/events, org=o, user=a, device=b-c"));
        check("/o/a-x/events", None);
        check("/o/a-b-x/events", Some("/{org}/{user}-{device}-x/events, org=o, user=a, device=b"));
        check("/ws", Some("/ws/"));
        check("/", Some("/"));
        check("", Some("/"));
    }

    #[test]
    fn what_has_no_route_is_not_found() {
        check("/v2", None);
        check("/v1/marketdata", Some("/v1/{any}, any=marketdata"));
        check("/v1/marketdata/", Some("/v1/{any}, any=marketdata"));
        check("/v1//", None);
        check("/v1/%ff", None);
        check("/v1/status/more", None);
    }
}
