//! What the tests of the application connect to: the chat server on streams in memory, on each of the brokers.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test takes what it needs")]

pub(crate) mod bus;
pub(crate) mod tamper;

use std::net::SocketAddr;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tightwire::Server;
use tightwire_chat::chat::{CONTRACT, ChatServer};
use tightwire_chat::service::Handlers;
use tightwire_chat::settings::Settings;
use tightwire_testkit::{Contract, RawClient, Served, WsHarness};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use self::bus::Bus;

/// The chat server, which waits for streams.
pub(crate) type Chat = Server<ChatServer<Handlers>>;

/// The settings of a chat server with these flags, in a system of its own.
pub(crate) fn settings(bus: &Bus, flags: &[&str]) -> Settings {
    let own = bus.flags();
    let arguments = ["tightwire-chat", "--auth-disabled", "--responder-delay-ms", "2"].into_iter();
    let arguments = arguments.chain(own.iter().map(String::as_str)).chain(flags.iter().copied());
    Settings::read(arguments).expect("the flags are right")
}

/// A chat server with these flags.
pub(crate) async fn chat(bus: &Bus, flags: &[&str]) -> Chat {
    let server = tightwire_chat::server(&settings(bus, flags)).expect("the settings say who may connect");
    reach(bus, &server).await;
    server
}

/// Starts a chat server with these flags; each client gets a stream of its own.
pub(crate) async fn serve(
    bus: &Bus,
    flags: &[&str],
) -> Served<impl Fn(DuplexStream) -> BoxFuture<'static, ()> + Clone + use<>> {
    harness(chat(bus, flags).await)
}

/// Hands that server a stream for each client.
pub(crate) fn harness(server: Chat) -> Served<impl Fn(DuplexStream) -> BoxFuture<'static, ()> + Clone> {
    WsHarness::spawn(contract(), move |io| Box::pin(server.serve_stream(io, client_address())) as BoxFuture<'_, _>)
}

pub(crate) fn contract() -> Contract {
    Contract::from_bundle(CONTRACT.schema_bundle).expect("the generated bundle is right")
}

/// Waits until the server has reached the broker that it is to be on.
pub(crate) async fn reach(bus: &Bus, server: &Chat) {
    bus.reached(async || get(server, "/health").await).await;
}

/// The same for a server that listens.
pub(crate) async fn reach_at(bus: &Bus, address: SocketAddr) {
    bus.reached(async || get_at(address, "/health").await).await;
}

/// What a server that listens answers to a GET request, which is JSON.
pub(crate) async fn get_at(address: SocketAddr, path: &str) -> Value {
    let mut client = RawClient::connect(address).await.expect("the server listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    client.send(request.as_bytes()).await.expect("the server listens");
    let response = client.response().await.expect("the server answers");
    serde_json::from_slice(&response.body).expect("JSON")
}

/// What the server answers to a GET request, which is JSON.
pub(crate) async fn get(server: &Chat, path: &str) -> Value {
    let (status, body) = answer(server, &format!("GET {path}"), "").await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

/// The status and the body of what is answered.
pub(crate) async fn answer(server: &Chat, head: &str, body: &str) -> (u16, String) {
    let mut response = String::new();
    ask(server, head, body).await.read_to_string(&mut response).await.expect("the server answers");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
    (head[9..12].parse().expect("a status"), body.to_owned())
}

/// A stream on which the server was sent this request.
pub(crate) async fn ask(server: &Chat, head: &str, body: &str) -> DuplexStream {
    let (mut near, far) = tokio::io::duplex(256 * 1024);
    tokio::spawn(server.serve_stream(far, client_address()));
    let length = body.len();
    let request =
        format!("{head} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n");
    near.write_all(format!("{request}Connection: close\r\n\r\n{body}").as_bytes()).await.expect("the server reads");
    near
}

/// Where all clients come from.
pub(crate) fn client_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}
