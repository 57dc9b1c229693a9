//! What the request of a handshake said, for as long as the connection lives: handlers ask for it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use tightwire_proto::handshake::Texts;
use warp::http::HeaderMap;
use warp::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONNECTION, HOST, HeaderName, PRAGMA, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};

use crate::percent;
use crate::routes::Match;

/// Headers that concern only the way to the server, not the application.
const OF_NO_INTEREST: [HeaderName; 9] = [
    ACCEPT_ENCODING,
    CACHE_CONTROL,
    CONNECTION,
    HOST,
    PRAGMA,
    SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION,
    UPGRADE,
];

/// The request with which a client connected. Not kept where a protocol with an envelope says nothing of its handshake.
#[derive(Clone, Default)]
pub struct HandshakeRequest {
    route: &'static str,
    route_index: usize,
    parameters: Vec<(&'static str, String)>,
    query: Vec<(String, String)>,
    headers: Vec<(HeaderName, String)>,
    typed: TypedHandshake,
}

/// The parameters of a handshake as the generated `Handshake`; none where the document names none.
#[derive(Clone, Default)]
pub struct TypedHandshake(Option<Arc<dyn Any + Send + Sync>>);

impl TypedHandshake {
    /// Of a document that names no parameters.
    pub const NONE: Self = Self(None);

    /// The parameters.
    pub fn new<T: Send + Sync + 'static>(handshake: T) -> Self {
        Self(Some(Arc::new(handshake)))
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.0.as_deref()?.downcast_ref()
    }
}

/// Names nothing: values may be credentials.
impl fmt::Debug for TypedHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedHandshake").finish_non_exhaustive()
    }
}

/// What [`Context::handshake`](crate::Context::handshake) gives: the generated `Handshake`, or the struct of one route.
pub trait HandshakeParameters: Sized + 'static {
    /// The generated `Handshake`.
    type Handshake: 'static;

    /// The parameters, if the handshake was at their route.
    fn of(handshake: &Self::Handshake) -> Option<&Self>;
}

impl HandshakeRequest {
    /// What connections without a request have.
    pub(crate) const NONE: &'static Self = &Self {
        route: "",
        route_index: 0,
        parameters: Vec::new(),
        query: Vec::new(),
        headers: Vec::new(),
        typed: TypedHandshake::NONE,
    };

    /// `None` if the query is not what a query should be.
    pub(crate) fn new(route: Match, query: &str, headers: &HeaderMap) -> Option<Self> {
        // A header that is not text is nothing a document could describe.
        let text = |(name, value): (&HeaderName, &warp::http::HeaderValue)| {
            Some((name.clone(), value.to_str().ok()?.to_owned()))
        };
        Some(Self {
            route: route.path,
            route_index: route.index,
            parameters: route.parameters,
            query: percent::decode_query(query)?,
            headers: headers.iter().filter(|(name, _)| !OF_NO_INTEREST.contains(name)).filter_map(text).collect(),
            typed: TypedHandshake::NONE,
        })
    }

    pub(crate) fn with_typed(mut self, typed: TypedHandshake) -> Self {
        self.typed = typed;
        self
    }

    pub(crate) fn typed(&self) -> &TypedHandshake {
        &self.typed
    }

    /// The place of the route among the contract's; 0 where the server's settings name the path.
    #[must_use]
    pub fn route_index(&self) -> usize {
        self.route_index
    }

    /// All that it says, for generated code to read.
    #[must_use]
    pub fn texts(&self) -> Texts<'_> {
        Texts {
            path: self.parameters.iter().map(|(name, value)| (*name, value.as_str())).collect(),
            query: self.query_all().collect(),
            headers: self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        }
    }

    /// The path at which the client connected, as the document has it: `/v1/marketdata/{symbol}`. Empty where the
    /// server's settings name the path.
    #[must_use]
    pub fn route(&self) -> &'static str {
        self.route
    }

    /// A parameter of the path.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// The first value of a name in the query.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query_all().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names and values of the query, in its order.
    pub fn query_all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The first value of a header, if it is text; its name in any case. What only concerns the handshake itself
    /// (`host`, `upgrade`, `sec-websocket-key`, …) is not kept.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.as_str().eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }
}

/// Names only: values may be credentials.
impl fmt::Debug for HandshakeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandshakeRequest")
            .field("route", &self.route)
            .field("query", &self.query.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
