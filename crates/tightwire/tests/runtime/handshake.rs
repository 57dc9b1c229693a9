//! The way to a WebSocket and the HTTP around it, over real sockets and as raw text.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tightwire::proto::address_rate::AddressRate;
use tightwire::warp::Filter;
use tightwire::{Auth, Config, ForwardedHeader, Server};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_websockets::Message;

use crate::client::{Client, REMOTE, settle, with_limits};
use crate::protocol::Rooms;

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Sends a request head and returns the response, as far as it comes within a second after its last part.
pub(crate) async fn request(server: &Server<Rooms>, head: &str) -> String {
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(server.serve_stream(far, REMOTE));
    near.write_all(format!("{head}\r\n").as_bytes()).await.expect("the pipe is open");
    let mut response = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(Ok(count @ 1..)) = tokio::time::timeout(Duration::from_secs(1), near.read(&mut buffer)).await {
        response.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&response).into_owned()
}

/// Status and a part of the response that must be there.
#[track_caller]
fn check(config: Config, head: &str, status: u16, part: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let response = runtime.expect("a runtime").block_on(async {
        let page = tightwire::warp::path::end().and(tightwire::warp::get()).map(|| "the application's page");
        let server = Server::new(Rooms::default(), config).with_routes(page);
        request(&server, head).await
    });
    assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{head}\n{response}");
    assert!(response.contains(part), "{response} lacks {part}");
}

#[test]
fn a_proper_handshake_is_accepted() {
    check(Config::default(), UPGRADE, 101, "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
}

#[test]
fn an_improper_handshake_is_explained() {
    let without = |part: &str| {
        assert!(UPGRADE.contains(part));
        UPGRADE.replacen(part, "", 1)
    };
    let config = Config::default;
    check(config(), &UPGRADE.replacen("GET", "POST", 1), 405, "allow: GET");
    check(config(), &without("Connection: Upgrade\r\n"), 426, "upgrade: websocket");
    check(config(), &without("Upgrade: websocket\r\n"), 426, "upgrade: websocket");
    check(config(), &UPGRADE.replacen("Upgrade: websocket", "Upgrade: h2c", 1), 426, "Upgrade: websocket");
    check(config(), &without("Sec-WebSocket-Version: 13\r\n"), 426, "sec-websocket-version: 13");
    check(config(), &UPGRADE.replacen("Version: 13", "Version: 8", 1), 426, "sec-websocket-version: 13");
    check(config(), &UPGRADE.replacen("nonce", "", 1).replacen("ZSBub25jZQ", "", 1), 400, "Sec-WebSocket-Key");
    check(config(), &format!("{UPGRADE}Content-Length: 5\r\n"), 400, "has no body");
    check(config(), &format!("{UPGRADE}Transfer-Encoding: chunked\r\n"), 400, "has no body");
    check(config(), &format!("{UPGRADE}Content-Length: 0\r\n"), 101, "upgrade");
    check(config(), &format!("{UPGRADE}Origin: http://elsewhere\r\n"), 403, "origin");
    check(config(), &format!("{UPGRADE}Origin: http://localhost\r\n"), 101, "upgrade");
    check(with_limits(|limits| limits.connections = 0), UPGRADE, 503, "retry-after");
}

#[test]
fn health_limits_and_errors_are_json() {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n");
    let config = Config::default;
    check(config(), &get("/health"), 200, r#""contract_version":"1.2.3""#);
    check(config(), &get("/health"), 200, r#""bus":{"kind":"memory","state":"up"}"#);
    check(config(), &get("/api/dashboard/websocket/limits"), 200, r#""outbound_queue_bytes":1048576"#);
    let other = with_limits(|limits| limits.message_burst = 7);
    check(other, &get("/api/dashboard/websocket/limits"), 200, r#""message_burst":7"#);
    check(config(), &get("/nowhere"), 404, r#"{"error":"Not Found","message":"#);
    check(config(), "POST /health HTTP/1.1\r\nHost: localhost\r\n", 405, r#"{"error":"Method Not Allowed","message":"#);
    check(config(), &get("/"), 200, "the application's page");
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_not_waited_for() {
    for sent in ["", "GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let server = Server::new(Rooms::default(), Config::default());
        let (mut near, far) = tokio::io::duplex(1024);
        tokio::spawn(server.serve_stream(far, REMOTE));
        near.write_all(sent.as_bytes()).await.expect("the pipe is open");
        let begun = tokio::time::Instant::now();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(60), near.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "still open after {sent:?}");
        assert_eq!(begun.elapsed().as_secs(), 10);
    }
}

#[test]
fn a_head_has_a_size_and_a_count() {
    let many: String = (0..100).map(|number| format!("X-{number}: x\r\n")).collect();
    check(Config::default(), &format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}"), 431, "");
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n", "x".repeat(20_000));
    check(Config::default(), &long, 431, "");
}

#[tokio::test(start_paused = true)]
async fn connections_are_bounded_and_places_come_back() {
    let server = Server::new(Rooms::default(), with_limits(|limits| limits.connections = 1));
    let first = Client::connect(&server, 1024).await;
    assert!(request(&server, UPGRADE).await.starts_with("HTTP/1.1 503"));
    drop(first);
    settle(&server).await;
    assert!(request(&server, UPGRADE).await.starts_with("HTTP/1.1 101"));
}

/// Sends a handshake and a frame at once, and waits until the frame is answered.
async fn hurry(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut bytes = format!("{UPGRADE}\r\n").into_bytes();
    // A masked text frame of two bytes, which is not what the contract wants.
    bytes.extend_from_slice(&[0x81, 0x82, 0, 0, 0, 0, b'{', b'}']);
    stream.write_all(&bytes).await.expect("the stream is open");
    let mut response = vec![0; 16 * 1024];
    let mut length = 0;
    while !String::from_utf8_lossy(&response[..length]).contains("contract_violation") {
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut response[length..])).await;
        length += read.expect("the frame is answered").expect("the stream is open");
    }
}

#[tokio::test]
async fn frames_sent_along_with_the_handshake_are_read() {
    let server = Server::new(Rooms::default(), Config::default());
    let (near, far) = tokio::io::duplex(16 * 1024);
    tokio::spawn(server.serve_stream(far, REMOTE));
    hurry(near).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server.run(listener, std::future::pending()));
    hurry(TcpStream::connect(address).await.expect("connected")).await;
}

#[tokio::test]
async fn without_authentication_only_loopback_is_served() {
    let refused = Server::new(Rooms::default(), Config::default());
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
    let error = refused.run(listener, std::future::pending()).await.expect_err("it must not start");
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
    let forced = Config { auth: Auth::Disabled { force: true }, ..Config::default() };
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
    Server::new(Rooms::default(), forced).run(listener, std::future::ready(())).await.expect("it may");
}

/// The whole of it over real sockets: subscribe, post, shut down.
#[tokio::test]
async fn a_server_runs_on_tcp() {
    let server = Server::new(Rooms::default(), Config::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.clone().run(listener, async { stopped.await.unwrap_or_default() }));
    let mut client = Client::over(TcpStream::connect(address).await.expect("connected")).await;
    client.send("subscribe", "system", json!({"topics": ["room:a"]})).await;
    client.send("post", "room:a", json!({"text": "x".repeat(60_000)})).await;
    assert_eq!(client.event().await, "connection_established");
    assert_eq!(client.event().await, "subscription_updated [room:a]");
    let posted: Value = client.frame().await.expect("a frame");
    assert_eq!(posted["data"]["text"].as_str().map(str::len), Some(60_000));
    stop.send(()).expect("the server runs");
    assert_eq!(client.event().await, "disconnect_notice shutdown");
    assert_eq!(client.event().await, "close 1001");
    drop(client);
    running.await.expect("no panic").expect("no error");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    assert_eq!(server.stats().connections(), 0);
}

/// A peer that breaks the rules of WebSocket, or is refused, still gets to read why over TCP.
#[tokio::test]
async fn the_close_code_survives_unread_data() {
    let server = Server::new(Rooms::default(), Config::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server.clone().run(listener, std::future::pending()));
    let mut client = Client::over(TcpStream::connect(address).await.expect("connected")).await;
    // The server takes what it will not look at: a reset would cost other systems the close frame.
    client.socket.send(Message::text("x".repeat(8 << 20))).await.expect("no reset");
    assert_eq!(client.event().await, "connection_established");
    assert_eq!(client.event().await, "close 1009");
    drop(client);
    settle(&server).await;
}

/// Who begins too many connections waits, whatever becomes of them; plain requests are not counted.
#[tokio::test(start_paused = true)]
async fn an_address_may_begin_so_many_connections() {
    let rate = AddressRate { per_second: 1, burst: 2 };
    let server = Server::new(Rooms::default(), Config { handshake_rate: Some(rate), ..Config::default() });
    let foreign = format!("{UPGRADE}Origin: https://evil.example\r\n");
    let mut statuses = Vec::new();
    for head in [&*foreign, UPGRADE, UPGRADE, UPGRADE] {
        let (mut near, far) = tokio::io::duplex(64 * 1024);
        tokio::spawn(server.serve_stream(far, REMOTE));
        near.write_all(format!("{head}\r\n").as_bytes()).await.expect("the pipe is open");
        let mut response = vec![0; 1024];
        let length = near.read(&mut response).await.expect("a response");
        let response = String::from_utf8_lossy(&response[..length]).into_owned();
        statuses.push(response[9..12].to_owned());
        if response.starts_with("HTTP/1.1 429") {
            assert!(response.contains("retry-after: 1\r\n") || response.contains("retry-after: 2\r\n"), "{response}");
        }
    }
    assert_eq!(statuses, ["403", "101", "429", "429"]);
    assert_eq!(server.stats().handshakes_limited_total(), 2);
    assert!(request(&server, "GET /health HTTP/1.1\r\nHost: localhost\r\n").await.starts_with("HTTP/1.1 200"));
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(request(&server, UPGRADE).await.starts_with("HTTP/1.1 101"));
    let other = SocketAddr::from(([192, 0, 2, 1], 50_000));
    for _ in 0..2 {
        let (near, far) = tokio::io::duplex(64 * 1024);
        tokio::spawn(server.serve_stream(far, other));
        Client::over(near).await;
    }
}

/// Whoever has as many connections as one address may have gets another one when one of them has ended. The address is that
/// for which a trusted proxy asks.
#[tokio::test(start_paused = true)]
async fn an_address_may_have_so_many_connections() {
    let server = Server::new(
        Rooms::default(),
        Config {
            connections_per_address: Some(2),
            handshake_rate: None,
            trusted_proxies: vec!["127.0.0.0/8".parse().expect("a network")],
            ..Config::default()
        },
    );
    let attempt = async |client: &str| {
        let (mut near, far) = tokio::io::duplex(64 * 1024);
        tokio::spawn(server.serve_stream(far, REMOTE));
        near.write_all(format!("{UPGRADE}X-Forwarded-For: {client}\r\n\r\n").as_bytes()).await.expect("sent");
        let mut response = vec![0; 1024];
        let length = near.read(&mut response).await.expect("a response");
        let response = String::from_utf8_lossy(&response[..length]).into_owned();
        assert_eq!(response.contains("retry-after: 5\r\n"), response.contains("connections_per_address"), "{response}");
        (response[9..12].to_owned(), near)
    };
    let mut open = Vec::new();
    for (client, expected) in [
        ("192.0.2.1", "101"),
        ("192.0.2.1", "101"),
        ("192.0.2.1", "429"),
        ("::ffff:192.0.2.1", "429"),
        ("192.0.2.2", "101"),
        ("2001:db8::1", "101"),
        ("2001:db8::ffff:0:0:2", "101"),
        ("2001:db8::3", "429"),
        ("2001:db8:0:1::1", "101"),
    ] {
        let (status, near) = attempt(client).await;
        assert_eq!(status, expected, "{client}");
        if status == "101" {
            open.push(near);
        }
    }
    assert_eq!(server.stats().connections(), 6);
    let metrics = request(&server, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n").await;
    assert!(metrics.contains("ws_handshakes_refused_total{reason=\"address_capacity\"} 3\n"), "{metrics}");
    drop(open.remove(0));
    while server.stats().connections() > 5 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for expected in ["101", "429"] {
        let (status, near) = attempt("192.0.2.1").await;
        assert_eq!(status, expected);
        open.push(near);
    }
    drop(open);
    settle(&server).await;
}

/// Behind a trusted proxy each client has its own rate; whoever is not trusted cannot pretend to be somebody else.
#[tokio::test(start_paused = true)]
async fn the_rate_is_that_of_the_client_behind_a_trusted_proxy() {
    let lines = |header: &str| match header {
        "X-Forwarded-For" => ["192.0.2.1", "192.0.2.2", "203.0.113.5, 192.0.2.1"],
        _ => ["for=192.0.2.1", "for=\"192.0.2.2:80\";proto=https", "for=203.0.113.5, for=192.0.2.1"],
    };
    let (each, all) = (["101", "101", "429"], ["101", "429", "429"]);
    for (proxies, read, header, expected) in [
        (vec!["127.0.0.0/8"], ForwardedHeader::XForwardedFor, "X-Forwarded-For", each),
        (vec![], ForwardedHeader::XForwardedFor, "X-Forwarded-For", all),
        (vec!["127.0.0.0/8"], ForwardedHeader::XForwardedFor, "Forwarded", all),
        (vec!["127.0.0.0/8"], ForwardedHeader::Forwarded, "Forwarded", each),
        (vec![], ForwardedHeader::Forwarded, "Forwarded", all),
        (vec!["127.0.0.0/8"], ForwardedHeader::Forwarded, "X-Forwarded-For", all),
    ] {
        let config = Config {
            forwarded_header: read,
            handshake_rate: Some(AddressRate { per_second: 1, burst: 1 }),
            trusted_proxies: proxies.into_iter().map(|network| network.parse().expect("a network")).collect(),
            ..Config::default()
        };
        let server = Server::new(Rooms::default(), config);
        let mut statuses = Vec::new();
        for line in lines(header) {
            let (mut near, far) = tokio::io::duplex(64 * 1024);
            tokio::spawn(server.serve_stream(far, REMOTE));
            let head = format!("{UPGRADE}{header}: {line}\r\n\r\n");
            near.write_all(head.as_bytes()).await.expect("the pipe is open");
            let mut status = [0; 12];
            near.read_exact(&mut status).await.expect("a response");
            statuses.push(String::from_utf8_lossy(&status[9..]).into_owned());
        }
        assert_eq!(statuses, expected, "{header}, where {read:?} is read");
    }
}
