//! The PROXY protocol over real sockets: who is believed, who is not, and what takes too long.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tightwire::proto::address_rate::AddressRate;
use tightwire::{Config, ProxyProtocol, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::client::{Client, settle};
use crate::protocol::Rooms;

const V1: &[u8] = b"PROXY TCP4 192.0.2.7 203.0.113.1 56324 443\r\n";
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x09\xcb\0\x71\x01\x01\0\0\x50";
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\0\0";

/// Behind proxies at these addresses.
fn behind(proxies: &[&str], proxy_protocol: ProxyProtocol) -> Config {
    let trusted_proxies = proxies.iter().map(|network| network.parse().expect("a network")).collect();
    Config { trusted_proxies, proxy_protocol, handshake_timeout: Duration::from_millis(300), ..Config::default() }
}

async fn open(config: Config) -> (Server<Rooms>, SocketAddr) {
    let server = Server::new(Rooms::default(), config);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server.clone().run(listener, std::future::pending()));
    (server, address)
}

/// Connects with this header, and asks where the server believes the client to be.
async fn whereabouts(server: &Server<Rooms>, address: SocketAddr, header: &[u8], forwarded: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(header).await.expect("sent");
    let headers = [("x-forwarded-for", forwarded)];
    let mut client = Client::over_with(stream, "/ws", &headers[usize::from(forwarded.is_empty())..]).await;
    client.send("whereami", "room:a", json!({})).await;
    assert_eq!(client.event().await, "connection_established");
    let place = client.event().await;
    drop(client);
    settle(server).await;
    place
}

#[tokio::test]
async fn a_trusted_proxy_says_where_its_client_is() {
    let (server, address) = open(behind(&["127.0.0.0/8", "192.0.2.9/32"], ProxyProtocol::Any)).await;
    assert_eq!(whereabouts(&server, address, V1, "").await, "you 192.0.2.7:56324");
    assert_eq!(whereabouts(&server, address, V2, "").await, "you 192.0.2.9:256");
    // The proxy speaks for itself.
    assert!(whereabouts(&server, address, LOCAL, "").await.starts_with("you 127.0.0.1:"));
    assert!(whereabouts(&server, address, b"PROXY UNKNOWN\r\n", "").await.starts_with("you 127.0.0.1:"));
    // A proxy behind the proxy is asked on, a client is not.
    assert_eq!(whereabouts(&server, address, V2, "198.51.100.1").await, "you 198.51.100.1:0");
    assert_eq!(whereabouts(&server, address, V1, "198.51.100.1").await, "you 192.0.2.7:56324");
}

/// Connects and sends this; what the server says before it closes the connection.
async fn said(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // The server may have closed already.
    let _ = stream.write_all(sent).await;
    let mut answer = Vec::new();
    let reading = async {
        let mut buffer = [0; 1024];
        // What was sent and not read makes the end a reset.
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            answer.extend_from_slice(&buffer[..count]);
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

const GET: &str = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn nobody_else_is_served() {
    let with = |header: &[u8]| [header, GET.as_bytes()].concat();
    let (_, address) = open(behind(&["10.0.0.0/8"], ProxyProtocol::Any)).await;
    assert_eq!(said(address, &with(V1)).await, "", "not trusted");
    assert_eq!(said(address, &with(b"")).await, "", "not trusted");
    let (_, address) = open(behind(&["127.0.0.1/32"], ProxyProtocol::V2)).await;
    assert!(said(address, &with(V2)).await.starts_with("HTTP/1.1 200 "));
    for wrong in [V1, b"", b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", b"PROXY TCP4 x y 1 2\r\n"] {
        assert_eq!(said(address, &with(wrong)).await, "", "{wrong:?}");
    }
    let (_, address) = open(behind(&["127.0.0.1/32"], ProxyProtocol::V1)).await;
    assert!(said(address, &with(V1)).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(said(address, &with(b"PROXY TCP4 x y 1 2\r\n")).await, "");
    // Where nobody expects it, it is no HTTP.
    let (_, address) = open(behind(&["127.0.0.1/32"], ProxyProtocol::Off)).await;
    assert!(said(address, &with(V1)).await.starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn half_a_header_is_not_waited_for() {
    let (server, address) = open(behind(&["127.0.0.1/32"], ProxyProtocol::Any)).await;
    let stalled = [&b""[..], b"P", b"PROXY TCP4 192.0.2.7 203.0.113.1 56324 443\r", &V2[..15], &V2[..20]];
    let ends = stalled.map(|half| tokio::spawn(async move { said(address, half).await }));
    assert_eq!(whereabouts(&server, address, V1, "").await, "you 192.0.2.7:56324", "nobody else waits for them");
    for end in ends {
        assert_eq!(end.await.expect("no panic"), "");
    }
}

#[tokio::test]
async fn each_client_has_its_own_rate() {
    let rate = Some(AddressRate { per_second: 1, burst: 1 });
    let (server, address) =
        open(Config { handshake_rate: rate, ..behind(&["127.0.0.1/32"], ProxyProtocol::Any) }).await;
    for header in [V1, V2] {
        whereabouts(&server, address, header, "").await;
    }
    let upgrade = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(&[V1, upgrade.as_bytes()].concat()).await.expect("sent");
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.expect("a response");
    assert_eq!(&status, b"HTTP/1.1 429");
}

#[tokio::test]
async fn a_server_that_nobody_could_reach_does_not_begin() {
    let server = Server::new(Rooms::default(), behind(&[], ProxyProtocol::V2));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let error = server.run(listener, std::future::pending()).await.expect_err("no proxy is trusted");
    assert!(error.to_string().contains("trusted_proxies"), "{error}");
}
