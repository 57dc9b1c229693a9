//! The WebSocket handshake (RFC 6455, section 4.2): checks the request, answers 101, and gets the socket back.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use headers::{HeaderMapExt, SecWebsocketAccept, SecWebsocketKey};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tightwire_proto::contract::Framing;
use tightwire_proto::inbound::Violation;
use tokio::net::TcpStream;
use tracing::Instrument;
use warp::filters::path::FullPath;
use warp::http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use warp::reply::Response;

use crate::auth::{Credentials, credentials};
use crate::clock;
use crate::connection::{self, Client};
use crate::connections::Refused;
use crate::http::stall::StallGuard;
use crate::http::{problem, violated};
use crate::metrics::Refusal;
use crate::noise::info_limited;
use crate::request::HandshakeRequest;
use crate::routes::Match;
use crate::server::RemoteAddr;
use crate::service::Service;
use crate::shared::Shared;
use crate::trace::{self, Trace};
use crate::transport::Socket;

/// What is said to a client of an address that has enough connections.
pub(crate) const CROWDED: &str = "this address has as many connections as one may have; end one of them, or try again later \
     (the server's setting `connections_per_address`)";

/// Why a request does not become a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum HandshakeError {
    #[error("a WebSocket begins with a GET request")]
    Method,
    #[error("this is a WebSocket endpoint: send `Connection: Upgrade` and `Upgrade: websocket` over HTTP/1.1")]
    NoUpgrade,
    #[error("a request for a WebSocket has no body: what follows it are frames")]
    Body,
    #[error("`Sec-WebSocket-Version` must be 13")]
    Version,
    #[error("`Sec-WebSocket-Key` must be there once, with 16 bytes in base64")]
    Key,
    #[error("this origin may not connect; a server's own origin may, others stand in its setting `allowed_origins`")]
    Origin,
    #[error("the query is not percent-encoded UTF-8")]
    Query,
    #[error("the handshake does not follow the contract: {}; correct this and connect again", reasons(.0))]
    Contract(Vec<Violation>),
    #[error("this address begins too many connections; try again later (the server's setting `handshake_rate`)")]
    TooMany(Duration),
    #[error("nobody can tell now who may connect; try again later")]
    Undecided,
    #[error("{CROWDED}")]
    Crowded,
    #[error("the server has as many connections as it may have; try again later")]
    Full,
    #[error("the server shuts down; try again later")]
    Ending,
}

impl HandshakeError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Body | Self::Key | Self::Query | Self::Contract(_) => StatusCode::BAD_REQUEST,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::TooMany(_) | Self::Crowded => StatusCode::TOO_MANY_REQUESTS,
            Self::Undecided | Self::Full | Self::Ending => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What `/metrics` calls it.
    fn reason(&self) -> &'static str {
        match self {
            Self::Method | Self::NoUpgrade | Self::Body | Self::Version | Self::Key | Self::Query => Refusal::REQUEST,
            Self::Origin => Refusal::ORIGIN,
            Self::Contract(_) => Refusal::CONTRACT,
            Self::TooMany(_) => Refusal::RATE,
            Self::Undecided => Refusal::UNDECIDED,
            Self::Crowded => Refusal::ADDRESS_CAPACITY,
            Self::Full => Refusal::CAPACITY,
            Self::Ending => Refusal::SHUTDOWN,
        }
    }

    /// The header that says what would be right.
    fn hint(&self) -> Option<(HeaderName, HeaderValue)> {
        let text = HeaderValue::from_static;
        match self {
            Self::Method => Some((warp::http::header::ALLOW, text("GET"))),
            Self::NoUpgrade => Some((UPGRADE, text("websocket"))),
            Self::Version => Some((SEC_WEBSOCKET_VERSION, text("13"))),
            // In whole seconds, and not too soon.
            Self::TooMany(wait) => Some((RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1))),
            Self::Undecided | Self::Crowded | Self::Full | Self::Ending => Some((RETRY_AFTER, text("5"))),
            Self::Body | Self::Key | Self::Origin | Self::Query | Self::Contract(_) => None,
        }
    }
}

/// A request at a WebSocket endpoint.
pub(crate) struct Attempt {
    pub(crate) route: Match,
    pub(crate) path: FullPath,
    pub(crate) method: Method,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
}

/// What a request needs for the connection to begin.
struct Accepted {
    key: SecWebsocketKey,
    upgrade: OnUpgrade,
    /// The subprotocol to answer with.
    subprotocol: Option<HeaderValue>,
    client: Client,
}

/// Answers a request at the WebSocket endpoint.
pub(crate) async fn answer<S: Service>(
    shared: Arc<Shared<S>>,
    attempt: Attempt,
    upgrade: Option<OnUpgrade>,
    remote: Option<RemoteAddr>,
) -> Response {
    let route = if attempt.route.path.is_empty() { &shared.config.websocket_path } else { attempt.route.path };
    let (traced, trace) = trace::handshake(&attempt.headers, route);
    let checked = check(&shared, attempt, upgrade, remote).instrument(traced.clone()).await;
    let remote = remote.map(|RemoteAddr(remote)| tracing::field::display(remote));
    traced.record("client.address", &remote);
    let status = checked.as_ref().err().map_or(StatusCode::SWITCHING_PROTOCOLS, HandshakeError::status);
    traced.record("http.response.status_code", status.as_u16());
    match checked {
        Ok(Accepted { key, upgrade, subprotocol, client }) => {
            let span = tracing::info_span!("connection", remote);
            let client = Client { trace, ..client };
            tokio::spawn(take_over(shared, upgrade, client).instrument(span));
            switch_protocols(key, subprotocol)
        }
        Err(error) => {
            shared.counters.handshakes_refused_total.of(error.reason()).increment();
            info_limited!(remote, status = error.status().as_u16(), %error, "a handshake was refused");
            let mut response = match &error {
                HandshakeError::Contract(violations) => violated(error.status(), &error.to_string(), violations),
                _ => problem(error.status(), &error.to_string()),
            };
            if let Some((name, value)) = error.hint() {
                response.headers_mut().insert(name, value);
            }
            response
        }
    }
}

async fn check<S: Service>(
    shared: &Arc<Shared<S>>,
    Attempt { route, path, method, query, headers }: Attempt,
    upgrade: Option<OnUpgrade>,
    remote: Option<RemoteAddr>,
) -> Result<Accepted, HandshakeError> {
    if method != Method::GET {
        return Err(HandshakeError::Method);
    }
    // hyper offers an upgrade only where the request asks for one over HTTP/1.1.
    let upgrade = upgrade.ok_or(HandshakeError::NoUpgrade)?;
    // Before all that costs something.
    if let Some((handshakes, RemoteAddr(remote))) = shared.handshakes.as_ref().zip(remote) {
        let mut handshakes = handshakes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(wait) = handshakes.pass(remote.ip(), clock::now()) {
            return Err(HandshakeError::TooMany(wait));
        }
    }
    if !has_token(&headers, &CONNECTION, "upgrade") || !has_token(&headers, &UPGRADE, "websocket") {
        return Err(HandshakeError::NoUpgrade);
    }
    // hyper would leave the body to be read as frames; whoever forwards requests takes it for the body.
    if has_body(&headers) {
        return Err(HandshakeError::Body);
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(HandshakeError::Version);
    }
    let key = websocket_key(&headers).ok_or(HandshakeError::Key)?;
    if !origin_may_connect(&headers, &shared.config.allowed_origins) {
        return Err(HandshakeError::Origin);
    }
    let is_flat = shared.contract.framing == Framing::Flat;
    let address = remote.map(|RemoteAddr(address)| address);
    let identity = shared.config.auth.identify(&Credentials::of(path.as_str(), &query, &headers, address)).await;
    if identity.as_ref().is_err_and(|why| why.is_unavailable()) {
        return Err(HandshakeError::Undecided);
    }
    // Strangers are not told what the contract asks for.
    let request = if identity.is_ok() && (is_flat || shared.service.has_handshake()) {
        let request = HandshakeRequest::new(route, &query, &headers).ok_or(HandshakeError::Query)?;
        let typed = shared.service.handshake(&request).map_err(HandshakeError::Contract)?;
        Some(Box::new(request.with_typed(typed)))
    } else {
        None
    };
    let place = shared.connections.admit(address.map(|address| address.ip())).map_err(|refused| match refused {
        Refused::Crowded => HandshakeError::Crowded,
        Refused::Full => HandshakeError::Full,
        Refused::Ending => HandshakeError::Ending,
    })?;
    let subprotocol = credentials::selected_subprotocol(&headers);
    Ok(Accepted {
        key,
        upgrade,
        subprotocol,
        client: Client { address, request, identity, place, trace: Trace::default() },
    })
}

/// Waits for the 101 to be on its way, then runs the connection on the socket itself, without hyper in between.
async fn take_over<S: Service>(shared: Arc<Shared<S>>, upgrade: OnUpgrade, client: Client) {
    match tokio::time::timeout(shared.config.handshake_timeout, upgrade).await {
        Ok(Ok(upgraded)) => {
            // In a task of its own: this one has room for a handshake and a span, which nobody needs any more.
            tokio::spawn(connection::run(shared, socket(upgraded), client));
        }
        Ok(Err(error)) => tracing::debug!(%error, "a handshake was not completed"),
        Err(_) => tracing::debug!("a handshake took too long"),
    }
}

fn socket(upgraded: Upgraded) -> Socket {
    match upgraded.downcast::<TokioIo<StallGuard<TcpStream>>>() {
        // Only what was read goes on. `read_buf` itself may be a view into hyper's large buffer, so it is copied.
        Ok(parts) => Socket::tcp(parts.io.into_inner().into_inner(), parts.read_buf.to_vec()),
        Err(upgraded) => Socket::stream(TokioIo::new(upgraded)),
    }
}

fn switch_protocols(key: SecWebsocketKey, subprotocol: Option<HeaderValue>) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.typed_insert(SecWebsocketAccept::from(key));
    if let Some(subprotocol) = subprotocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    response
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// Whether a header that is a list has the token.
pub(crate) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// The key, if it is 16 bytes in base64: 22 characters, of which the last has four bits of padding, and `==`.
fn websocket_key(headers: &HeaderMap) -> Option<SecWebsocketKey> {
    let mut values = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let digits = value.as_bytes().strip_suffix(b"==")?;
    let sound = digits.len() == 22
        && digits.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte))
        && digits.last().is_some_and(|last| b"AQgw".contains(last));
    if sound { headers.typed_get() } else { None }
}

/// Whether a page of this origin may connect. Without an `Origin` it is not a browser, and nobody's page.
pub(crate) fn origin_may_connect(headers: &HeaderMap, allowed: &[String]) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let (Ok(origin), None) = (origin.to_str(), origins.next()) else { return false };
    if allowed.iter().any(|allowed| allowed == "*" || allowed.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    // The scheme is not compared: behind a proxy that ends TLS the server does not know its own.
    host.zip(origin.split_once("://")).is_some_and(|(host, (scheme, authority))| {
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let plain = |authority: &str| authority.trim_end_matches(default_port).to_ascii_lowercase();
        plain(host) == plain(authority)
    })
}

/// Each parameter with its place, and what it must be: "`query/depth` must be an integer".
fn reasons(violations: &[Violation]) -> String {
    let reason = |violation: &Violation| match violation.pointer.as_str() {
        "" => violation.message.to_string(),
        pointer => format!("`{pointer}` {}", violation.message),
    };
    violations.iter().map(reason).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            headers.append(name, HeaderValue::from_str(value).expect("a header value"));
        }
        headers
    }

    #[track_caller]
    fn check_origin(host: &str, origin: &str, expected: bool) {
        let allowed = ["https://chat.example.com/".to_owned()];
        let headers = headers(&[("host", host), ("origin", origin)]);
        assert_eq!(origin_may_connect(&headers, &allowed), expected, "{host} {origin}");
    }

    #[test]
    fn pages_of_the_server_itself_and_of_listed_origins_may_connect() {
        check_origin("127.0.0.1:8080", "http://127.0.0.1:8080", true);
        check_origin("127.0.0.1:8080", "http://127.0.0.1:8081", false);
        check_origin("example.com", "https://example.com", true);
        check_origin("example.com:443", "https://EXAMPLE.com", true);
        check_origin("example.com:80", "https://example.com", false);
        check_origin("example.com", "https://example.com.evil.test", false);
        check_origin("internal", "https://chat.example.com", true);
        check_origin("internal", "https://other.example.com", false);
        check_origin("internal", "null", false);
        assert!(origin_may_connect(&headers(&[("host", "a")]), &[]), "not a browser");
    }

    #[track_caller]
    fn check_key(keys: &[&str], expected: bool) {
        let pairs: Vec<_> = keys.iter().map(|key| ("sec-websocket-key", *key)).collect();
        assert_eq!(websocket_key(&headers(&pairs)).is_some(), expected, "{keys:?}");
    }

    #[test]
    fn a_key_is_sixteen_bytes() {
        check_key(&["dGhlIHNhbXBsZSBub25jZQ=="], true);
        check_key(&["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="], false);
        check_key(&["dGhlIHNhbXBsZSBub25jZR=="], false);
        check_key(&["dGhlIHNhbXBsZSBub25j"], false);
        check_key(&["dGhlIHNhbXBsZSBub25!ZQ=="], false);
        check_key(&[], false);
    }

    #[test]
    fn tokens_are_found_in_lists() {
        let headers = headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")]);
        assert!(has_token(&headers, &CONNECTION, "upgrade"));
        assert!(has_token(&headers, &UPGRADE, "websocket"));
        assert!(!has_token(&headers, &UPGRADE, "h2c"));
    }
}
