//! What an idle connection takes of memory, heartbeat and a subscription included.
//!
//! Bytes are counted and no time is taken, so that the result is the same on every machine. Alone in its process, and the
//! clients are bare sockets: all that is allocated is the server's.

#![allow(missing_docs, reason = "a test")]

use std::alloc::System;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use cap::Cap;
use tightwire::{Config, Server};
use tokio::net::TcpListener;

use crate::protocol::Rooms;

#[path = "runtime/protocol.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod protocol;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// What a connection may take, in bytes that are asked of the allocator: less than two kilobytes with what the allocator
/// itself adds. Optimised code takes no more.
const MOST: usize = 1700;

const SUBSCRIBE: &str = r#"{"v":1,"id":"7b0f2c8e-3b64-4a52-8a0e-6b1f9f0d2c33","type":"subscribe","topic":"system","ts":0,"data":{"topics":["room:a"]}}"#;

/// A client that has subscribed to a room. Its read side has everything that the server had to say.
fn subscribe(address: SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(address).expect("connected");
    let request = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    client.write_all(request).expect("written");
    // Masked with zeros.
    let mut frame = vec![0x81, 0x80 | SUBSCRIBE.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(SUBSCRIBE.as_bytes());
    client.write_all(&frame).expect("written");
    drop(frame);
    let (mut said, mut at) = ([0; 4096], 0);
    while !said[..at].windows(20).any(|part| part == b"subscription_updated") {
        let count = client.read(&mut said[at..]).expect("an answer");
        assert!(count > 0, "the server closed: {}", String::from_utf8_lossy(&said[..at]));
        at += count;
    }
    client
}

#[test]
fn an_idle_connection_takes_little() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let server = Server::new(Rooms::default(), Config { handshake_rate: None, ..Config::default() });
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    runtime.spawn(server.clone().run(listener, std::future::pending()));
    let mut clients = Vec::with_capacity(1000);
    // The first bring what all share. A table that has just grown has twice the room that it needs; after these it has not.
    clients.extend((0..400).map(|_| subscribe(address)));
    let before = settled(&server, 400);
    clients.extend((0..400).map(|_| subscribe(address)));
    let each = (settled(&server, 800) - before) / 400;
    // Less than this no connection can take: then something else was measured.
    assert!(each > 500, "{each} bytes for each connection");
    assert!(each <= MOST, "{each} bytes for each connection, {MOST} are allowed");
}

/// How much is allocated once the handshakes have left nothing behind.
fn settled(server: &Server<Rooms>, connections: u64) -> usize {
    assert_eq!(server.stats().connections(), connections);
    let mut least = usize::MAX;
    let mut same = 0;
    while same < 100 {
        std::thread::yield_now();
        let now = ALLOCATOR.allocated();
        same = if now < least { 0 } else { same + 1 };
        least = least.min(now);
    }
    least
}
