//! The client's side of the WebSocket handshake (RFC 6455, section 4.1): the request, and what must be in the response.

use bytes::Bytes;
use headers::{HeaderMapExt, SecWebsocketAccept, SecWebsocketKey};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use warp::http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use warp::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};

use super::connect::ConnectError;
use crate::clock;
use crate::handshake::has_token;

/// How much a server may say before the connection is a WebSocket.
const MAX_RESPONSE: usize = 64 * 1024;

/// What the handshake itself says, and nobody else.
const OUR_OWN: [HeaderName; 8] = [
    CONNECTION,
    CONTENT_LENGTH,
    HOST,
    SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Asks for a WebSocket. The stream again, and what came on it already after the response.
pub(super) async fn upgrade<IO: AsyncRead + AsyncWrite + Unpin>(
    stream: IO,
    uri: &Uri,
    headers: &[(String, String)],
) -> Result<(IO, Bytes), ConnectError> {
    let request = request(uri, headers)?;
    let key = request.headers().typed_get::<SecWebsocketKey>();
    let offered = request.headers().contains_key(SEC_WEBSOCKET_PROTOCOL);
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_RESPONSE);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(explain)?;
    let mut connection = std::pin::pin!(connection.without_shutdown());
    let mut response = std::pin::pin!(sender.send_request(request));
    // The connection is done with HTTP as soon as it has read a 101, and gives its stream back; in any other case it has
    // the response first.
    let (response, parts) = tokio::select! {
        biased;
        response = &mut response => (response, None),
        parts = &mut connection => (response.await, Some(parts)),
    };
    check(&response.map_err(explain)?, key, offered)?;
    let parts = match parts {
        Some(parts) => parts,
        None => connection.await,
    };
    let parts = parts.map_err(explain)?;
    Ok((parts.io.into_inner(), parts.read_buf))
}

fn request(uri: &Uri, more: &[(String, String)]) -> Result<Request<String>, ConnectError> {
    let wrong = |name: &str| ConnectError::Header(name.to_owned());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::new(String::new());
    *request.uri_mut() = path.parse().map_err(|_| ConnectError::Url("its path cannot be sent".to_owned()))?;
    let headers = request.headers_mut();
    // Without the name and password that an authority may have.
    let host = uri.host().unwrap_or_default();
    let host = uri.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    headers.insert(HOST, HeaderValue::try_from(host).map_err(|_| wrong("host"))?);
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.typed_insert(SecWebsocketKey::from(clock::random()));
    for (name, value) in more {
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(name))?;
        if OUR_OWN.contains(&header) {
            return Err(wrong(name));
        }
        headers.append(header, HeaderValue::from_str(value).map_err(|_| wrong(name))?);
    }
    Ok(request)
}

/// Whether the server has agreed, and to nothing that was not asked for.
fn check<B>(
    response: &warp::http::Response<B>,
    key: Option<SecWebsocketKey>,
    offered: bool,
) -> Result<(), ConnectError> {
    let (status, headers) = (response.status(), response.headers());
    if status != StatusCode::SWITCHING_PROTOCOLS {
        return Err(ConnectError::Refused { status: status.as_u16() });
    }
    let problem = if !has_token(headers, &UPGRADE, "websocket") || !has_token(headers, &CONNECTION, "upgrade") {
        "the server switches to something that is no WebSocket"
    } else if headers.typed_get() != key.map(SecWebsocketAccept::from) {
        "`Sec-WebSocket-Accept` does not answer our key"
    } else if names_any(headers, &SEC_WEBSOCKET_EXTENSIONS) {
        "the server wants an extension that was not offered"
    } else if !offered && names_any(headers, &SEC_WEBSOCKET_PROTOCOL) {
        "the server wants a subprotocol, and none was offered"
    } else {
        return Ok(());
    };
    Err(ConnectError::Handshake(problem.to_owned()))
}

fn names_any(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(name).iter().any(|value| !value.as_bytes().trim_ascii().is_empty())
}

fn explain(error: hyper::Error) -> ConnectError {
    ConnectError::Handshake(if error.is_parse_too_large() {
        format!("the server's response is too long, more than {MAX_RESPONSE} bytes")
    } else if error.is_incomplete_message() {
        "the server has closed the connection instead of answering".to_owned()
    } else if error.is_parse() {
        "the server's response is no HTTP".to_owned()
    } else {
        error.to_string()
    })
}
