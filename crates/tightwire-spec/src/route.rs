//! Where clients connect, in a protocol without an envelope: channels by the path of their address.

use indexmap::IndexMap;

use crate::address;
use crate::ir::{Channel, Parameter, Route, Segment, Server};
use crate::schema::{JsonType, Schema, SchemaObject};

/// What a channel adds to its route beside its address.
pub(crate) struct Handshake {
    pub(crate) query: Option<Schema>,
    pub(crate) headers: Option<Schema>,
    /// The server on which the channel is.
    pub(crate) server: Option<String>,
}

/// The routes of channels; `handshakes` are theirs, in the same order.
pub(crate) fn routes<'c>(
    channels: impl Iterator<Item = &'c Channel>,
    handshakes: Vec<Handshake>,
    servers: &IndexMap<String, Server>,
) -> IndexMap<String, Route> {
    let mut routes: IndexMap<String, Route> = IndexMap::new();
    for (channel, handshake) in channels.zip(handshakes) {
        let server = handshake.server.as_ref().and_then(|name| servers.get(name)).or_else(|| servers.values().next());
        let path = path(&channel.address, server.and_then(|server| server.pathname.as_deref()));
        let route = routes.entry(path.clone()).or_insert_with(|| {
            let segments = address::segments(&path);
            let parameters = segments.iter().filter_map(|segment| match segment {
                Segment::Parameter(name) => Some((name.clone(), declared(name, server))),
                Segment::Literal(_) => None,
            });
            Route { parameters: parameters.collect(), segments, path, ..Route::default() }
        });
        route.channels.push(channel.id.clone());
        for (name, parameter) in &channel.parameters {
            if let Some(known) = route.parameters.get_mut(name).filter(|known| **known == Parameter::default()) {
                *known = parameter.clone();
            }
        }
        route.query = both(route.query.take(), handshake.query);
        route.headers = both(route.headers.take(), handshake.headers);
    }
    routes
}

/// What the channels of a protocol with an envelope, which has one path, say of the handshake.
pub(crate) fn shared(handshakes: Vec<Handshake>) -> Option<Route> {
    let (mut query, mut headers) = (None, None);
    for handshake in handshakes {
        query = both(query, handshake.query);
        headers = both(headers, handshake.headers);
    }
    (query.is_some() || headers.is_some()).then(|| Route { query, headers, ..Route::default() })
}

fn declared(name: &str, server: Option<&Server>) -> Parameter {
    server.and_then(|server| server.variables.get(name)).cloned().unwrap_or_default()
}

/// The path of an address. An address that is none (a topic, an event's name, nothing) is reached at the server's path.
fn path(address: &str, pathname: Option<&str>) -> String {
    let before = pathname.unwrap_or_default().trim_end_matches('/');
    let before = if before.is_empty() || before.starts_with('/') { before.to_owned() } else { format!("/{before}") };
    let own = address.split(['?', '#']).next().unwrap_or_default();
    let repeats = own.strip_prefix(before.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let path = match own.starts_with('/') {
        // Many documents say the server's path again in the address.
        true if repeats => own.to_owned(),
        true => before + own,
        false => before,
    };
    if path.is_empty() { "/".to_owned() } else { path }
}

/// Channels at one path may each name parameters of the handshake: a client may give those of all, and must give none
/// that only one of them needs.
fn both(a: Option<Schema>, b: Option<Schema>) -> Option<Schema> {
    match (a, b) {
        (Some(a), Some(b)) if a == b => Some(a),
        (Some(Schema::Object(a)), Some(Schema::Object(b))) => {
            let mut properties = a.properties.clone();
            for (name, schema) in &b.properties {
                properties.entry(name.clone()).or_insert_with(|| schema.clone());
            }
            let required = a.required.iter().filter(|name| b.required.contains(name)).cloned().collect();
            let types = vec![JsonType::Object];
            Some(Schema::Object(Box::new(SchemaObject { types, properties, required, ..SchemaObject::default() })))
        }
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, pathname: Option<&str>, expected: &str) {
        assert_eq!(path(address, pathname), expected, "{address} below {pathname:?}");
    }

    #[test]
    fn paths() {
        check("/v1/{symbol}", None, "/v1/{symbol}");
        check("/v1/{symbol}", Some("/ws/"), "/ws/v1/{symbol}");
        check("/", Some("/"), "/");
        check("", Some("/link"), "/link");
        check("/link", Some("/link"), "/link");
        check("/link/a", Some("/link"), "/link/a");
        check("/links", Some("/link"), "/link/links");
        check("prices", Some("link"), "/link");
        check("prices", None, "/");
        check("/v1?token={token}", None, "/v1");
    }
}
