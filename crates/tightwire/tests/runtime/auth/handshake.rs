//! Tokens at the door, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tightwire::{Auth, Config, Server};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::tokens::{SECRET, claims, config, hs256, now, signed, token};
use crate::client::{Client, settle};
use crate::protocol::Rooms;

/// A server on a real socket.
pub(super) struct Door {
    server: Server<Rooms>,
    address: SocketAddr,
}

impl Door {
    pub(super) async fn open(config: Config) -> Self {
        let server = Server::new(Rooms::default(), config);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(server.clone().run(listener, std::future::pending()));
        Self { server, address }
    }

    /// Connects with this token.
    pub(super) async fn events(&self, token: &str) -> Vec<String> {
        self.events_with("", &[("authorization", &format!("Bearer {token}"))]).await
    }

    /// Connects with these headers and this query, and tells what comes of it.
    pub(super) async fn events_with(&self, query: &str, headers: &[(&str, &str)]) -> Vec<String> {
        let stream = TcpStream::connect(self.address).await.expect("connected");
        events_over(stream, &self.server, query, headers).await
    }
}

/// Shakes hands with these headers and this query, asks who it is, and reads until it knows or the connection is closed.
pub(super) async fn events_over<IO: AsyncRead + AsyncWrite + Unpin>(
    stream: IO,
    server: &Server<Rooms>,
    query: &str,
    headers: &[(&str, &str)],
) -> Vec<String> {
    let asking = async {
        let mut client = Client::over_with(stream, &format!("/ws{query}"), headers).await;
        client.send("whoami", "room:a", json!({})).await;
        let mut events: Vec<String> = Vec::new();
        while !events.last().is_some_and(|last| last.starts_with("you") || last.starts_with("close")) {
            events.push(client.event().await);
        }
        drop(client);
        settle(server).await;
        events
    };
    tokio::time::timeout(Duration::from_secs(10), asking).await.expect("in time")
}

#[track_caller]
fn check(config: Config, query: &str, headers: &[(&str, &str)], expected: &[&str]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let found = runtime.block_on(async { Door::open(config).await.events_with(query, headers).await });
    assert_eq!(found, expected, "{query} {headers:?}");
}

pub(super) const ADA: [&str; 2] = ["connection_established", "you ada"];

#[test]
fn a_token_is_taken_from_header_subprotocol_and_query() {
    let token = signed(json!({}));
    check(config(), "", &[("authorization", &format!("Bearer {token}"))], &ADA);
    check(config(), "", &[("sec-websocket-protocol", &format!("rooms, bearer.{token}"))], &ADA);
    check(config(), &format!("?token={token}"), &[], &ADA);
    check(config(), &format!("?x=%20&token={token}"), &[("authorization", "Basic YTpi")], &ADA);
}

#[test]
fn where_nobody_is_asked_a_token_says_nothing() {
    let open = Config { auth: Auth::Disabled { force: false }, ..Config::default() };
    check(open, "?token=x", &[], &["connection_established", "you nobody"]);
}

/// A browser sees the close code, and only that: no frame comes before it, and none is read.
#[track_caller]
fn check_refused(token: &str) {
    check(config(), "", &[("authorization", &format!("Bearer {token}"))], &["close 4401"]);
}

#[test]
fn without_a_valid_token_nobody_gets_in() {
    check(config(), "", &[], &["close 4401"]);
    check(config(), "?token=", &[], &["close 4401"]);
    check_refused("nonsense");
    check_refused(&signed(json!({"exp": now() - 31})));
    check_refused(&signed(json!({"exp": null})));
    check_refused(&signed(json!({"nbf": now() + 60})));
    check_refused(&signed(json!({"aud": "other"})));
    check_refused(&signed(json!({"aud": null})));
    check_refused(&signed(json!({"iss": "evil"})));
    check_refused(&signed(json!({"sub": null})));
    let forged = |header: Value| token(&header, &claims(json!({})), hs256(b"not the secret"));
    check_refused(&forged(json!({"alg": "HS256"})));
    check_refused(&forged(json!({"alg": "none"})));
    let unsigned = token(&json!({"alg": "none"}), &claims(json!({})), |_| Vec::new());
    check_refused(&unsigned);
    check_refused(&token(&json!({"alg": "HS512"}), &claims(json!({})), hs256(SECRET)));
}

#[test]
fn clocks_may_differ_a_little() {
    let within = |change: Value| check(config(), "", &[("authorization", &format!("Bearer {}", signed(change)))], &ADA);
    within(json!({"exp": now() - 20}));
    within(json!({"nbf": now() + 20}));
}

/// The whole response to a GET request with this path and these header lines.
async fn get(config: Config, path: &str, headers: &str) -> String {
    let server = Server::new(Rooms::default(), config);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server.run(listener, std::future::pending()));
    response(TcpStream::connect(address).await.expect("connected"), path, headers).await
}

/// The same over a stream that is served already.
pub(super) async fn response<IO: AsyncRead + AsyncWrite + Unpin>(mut stream: IO, path: &str, headers: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut response = Vec::new();
    let mut buffer = [0; 4096];
    while !response.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut buffer).await.expect("a response");
        assert!(count > 0, "{}", String::from_utf8_lossy(&response));
        response.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&response).into_owned()
}

#[tokio::test]
async fn http_is_answered_with_401() {
    let limits = "/api/dashboard/websocket/limits";
    let response = get(config(), limits, "Connection: close\r\n").await;
    assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
    assert!(response.contains("www-authenticate: Bearer\r\n"), "{response}");
    let expired = signed(json!({"exp": now() - 100}));
    let response = get(config(), limits, &format!("Authorization: Bearer {expired}\r\nConnection: close\r\n")).await;
    assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
    assert!(response.contains("www-authenticate: Bearer error=\"invalid_token\", error_desc"), "{response}");
    let right = format!("Authorization: Bearer {}\r\nConnection: close\r\n", signed(json!({})));
    assert!(get(config(), limits, &right).await.starts_with("HTTP/1.1 200 "));
    for metrics in ["/metrics", "/api/dashboard/metrics/websockets"] {
        assert!(get(config(), metrics, "Connection: close\r\n").await.starts_with("HTTP/1.1 401 "));
        assert!(get(config(), metrics, &right).await.starts_with("HTTP/1.1 200 "));
    }
    // Load balancers have no token.
    assert!(get(config(), "/health", "Connection: close\r\n").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_token_is_not_repeated_as_the_subprotocol() {
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let token = signed(json!({}));
    let with = |offered: &str| format!("{upgrade}Sec-WebSocket-Protocol: {offered}\r\n");
    let response = get(config(), "/ws", &with(&format!("bearer.{token}, rooms"))).await;
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
    assert!(response.contains("sec-websocket-protocol: rooms\r\n") && !response.contains(&token), "{response}");
    let response = get(config(), "/ws", &with(&format!("bearer.{token}"))).await;
    assert!(response.starts_with("HTTP/1.1 101 ") && !response.contains("sec-websocket-protocol"), "{response}");
}

#[tokio::test]
async fn with_authentication_any_address_is_served() {
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
    Server::new(Rooms::default(), config()).run(listener, std::future::ready(())).await.expect("it may");
}
