//! Clients of every kind at once, over real sockets: afterwards the server is as it was before.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tightwire::{Config, Server};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_websockets::{CloseCode, Message};

use crate::client::{Client, settle, with_limits};
use crate::protocol::{Posted, Room, Rooms};

/// Reads until `event`, or until the connection ends: who is flooded may be closed as too slow at any moment.
async fn read_until<IO: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<IO>, event: &str) {
    loop {
        let found = client.event().await;
        if [event, "close", "end"].iter().any(|last| found.starts_with(last)) {
            return;
        }
    }
}

/// One visit. What the client does depends on its number.
async fn visit(address: SocketAddr, number: usize) {
    let mut client = Client::over(TcpStream::connect(address).await.expect("connected")).await;
    client.send("subscribe", "system", json!({"topics": ["room:a", "room:b", "room:lobby"]})).await;
    match number % 7 {
        // Leaves without a word, at once or later.
        0 => {}
        1 => read_until(&mut client, "welcome").await,
        // Leaves politely.
        2 => {
            client.raw(Message::close(Some(CloseCode::NORMAL_CLOSURE), "")).await;
            read_until(&mut client, "close").await;
        }
        // Breaks the contract, or the rules of WebSocket.
        3 => {
            client.raw(Message::text("{")).await;
            read_until(&mut client, "close").await;
        }
        4 => {
            let socket = client.socket.get_mut();
            socket.write_all(&[0xff, 0xff, 0xff]).await.expect("connected");
            read_until(&mut client, "close").await;
        }
        // Makes a handler panic, and stays.
        5 => {
            client.send("panic", "room:a", json!({})).await;
            read_until(&mut client, "error internal_error").await;
        }
        // Does not read.
        _ => tokio::time::sleep(Duration::from_millis(200)).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_clients_do_nothing_of_them_stays() {
    let config = Config {
        // They all come from one address.
        handshake_rate: None,
        close_timeout: Duration::from_millis(500),
        ..with_limits(|limits| (limits.outbound_queue_frames, limits.outbound_queue_bytes) = (100, 64 * 1024))
    };
    let server = Server::new(Rooms::default(), config);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server.clone().run(listener, std::future::pending()));
    let publishing = tokio::spawn({
        let server = server.clone();
        async move {
            let message = Posted { text: "x".repeat(8 * 1024) };
            loop {
                server.publisher().publish(&Room::named("a"), &message).await.expect("published");
                tokio::task::yield_now().await;
            }
        }
    });
    let visits: Vec<_> = (0..210).map(|number| tokio::spawn(visit(address, number))).collect();
    for visit in visits {
        tokio::time::timeout(Duration::from_secs(30), visit).await.expect("in time").expect("as expected");
    }
    publishing.abort();
    settle(&server).await;
    assert_eq!(server.stats().connections_total(), 210);
    assert!(server.stats().handler_panics_total() > 0);
    let mut client = Client::over(TcpStream::connect(address).await.expect("connected")).await;
    assert_eq!(client.event().await, "connection_established");
}
