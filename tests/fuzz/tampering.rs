//! What stands between clients and server in the tests of mutants: it changes nothing of its own accord.

use std::time::Duration;

use serde_json::{Value, json};
use tightwire_testkit::{RawClient, RawFrame};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpListener;
use tokio::time::Instant;
use uuid::Uuid;

use crate::common;
use crate::common::bus::{Bus, Kind, on_each_bus, on_sockets};
use crate::common::tamper::{Content, Line, Message, Mutant, Sound, Tamper};

const REQUEST: &[u8] = b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\n\r\n";
const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

/// What passes where this is written in chunks of that length.
async fn passed(written: &[u8], chunk: usize, mut from: DuplexStream, mut to: DuplexStream) -> Vec<u8> {
    let writing = async {
        for bytes in written.chunks(chunk) {
            from.write_all(bytes).await.expect("it is read");
            tokio::task::yield_now().await;
        }
        from.shutdown().await.expect("it is open");
    };
    let mut read = Vec::new();
    let (read_all, ()) = tokio::join!(to.read_to_end(&mut read), writing);
    read_all.expect("the end comes");
    read
}

/// Everything arrives, in both directions, however it is cut. `frames` are those of a client; a server's have no mask.
#[track_caller]
fn check_unchanged(request: &[u8], response: &[u8], frames: &[RawFrame]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let inbound = [request, &frames.iter().flat_map(RawFrame::to_bytes).collect::<Vec<_>>()].concat();
    let unmasked = frames.iter().cloned().flat_map(|frame| frame.unmasked().to_bytes());
    let outbound = [response, &unmasked.collect::<Vec<_>>()].concat();
    runtime.expect("a runtime").block_on(async {
        for chunk in [1, 2, 3, 7, 64, 1 << 20] {
            for (bytes, is_inbound) in [(&inbound, true), (&outbound, false)] {
                let (near, client) = tokio::io::duplex(1 << 20);
                let (server, far) = tokio::io::duplex(1 << 20);
                tokio::spawn(async move { Tamper::new(Sound).relay(client, server).await });
                let (from, to) = if is_inbound { (near, far) } else { (far, near) };
                assert_eq!(&passed(bytes, chunk, from, to).await, bytes, "in chunks of {chunk}");
            }
        }
    });
}

#[test]
fn what_nobody_alters_passes_byte_for_byte() {
    let text = RawFrame::text(r#"{"v":1, "v":1}"#);
    check_unchanged(REQUEST, SWITCHING, &[text.clone(), RawFrame::ping("x"), RawFrame::binary([0; 200]), text.clone()]);
    check_unchanged(
        REQUEST,
        SWITCHING,
        &[RawFrame::text("é").unfinished(), RawFrame::continuation("🙂"), text.clone()],
    );
    let interrupted = [RawFrame::text("a").unfinished(), RawFrame::ping(""), RawFrame::continuation("b")];
    check_unchanged(REQUEST, SWITCHING, &[&interrupted[..], &[text.clone(), RawFrame::close(4000, "why")]].concat());
    // What breaks the rules of WebSocket, and all that follows.
    check_unchanged(REQUEST, SWITCHING, &[text.clone(), RawFrame::text("x").reserved(0b100), text.clone()]);
    check_unchanged(REQUEST, SWITCHING, &[RawFrame::text([0xff]), RawFrame::new(11, "?"), text.clone()]);
    // No WebSocket.
    let (get, ok) = (b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    check_unchanged(get, ok, &[text]);
    check_unchanged(&[b'x'; 1000], &[b'y'; 1000], &[]);
}

/// What the pings are called that the mutant does something to.
const TWICE: &str = "00000000-0000-4000-8000-000000000001";
const CUT: &str = "00000000-0000-4000-8000-000000000002";
const NEVER: &str = "00000000-0000-4000-8000-000000000003";

const DELAY: Duration = Duration::from_millis(250);

/// Repeats, drops, delays, adds and alters messages, and ends connections.
struct Obedient;

impl Mutant for Obedient {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let asked = message.json().map(|frame| frame["correlation_id"].clone()).unwrap_or_default();
        match asked.as_str() {
            Some(TWICE) => {
                line.tell_server(client, message.clone());
                line.tell_server(client, message);
            }
            Some(CUT) => line.cut(client),
            Some(NEVER) => {}
            _ => line.tell_server(client, message),
        }
    }

    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        match message.content() {
            Content::Close(..) => line.tell_client(client, Message::close(4999, "altered")),
            Content::Text(text) if text.contains("\"pong\"") => {
                line.tell_client_after(DELAY, client, message.clone());
                for other in 0..client {
                    line.tell_client(other, Message::frame(&message.json().expect("a frame")));
                }
            }
            Content::Text(_) => line.tell_client(client, message),
        }
    }
}

on_each_bus! { on_streams:
    a_mutant_sees_and_alters_what_passes
}

/// A client of that server, behind the mutant, that has read its first frame.
async fn join(server: &common::Chat, tamper: &Tamper) -> RawClient<DuplexStream> {
    let (near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(server.serve_stream(far, common::client_address()));
    let mut client = RawClient::over(tamper.before(near));
    client.handshake("a", "/ws").await.expect("the server accepts");
    assert_eq!(wire_type(&mut client).await, "connection_established");
    client
}

async fn wire_type(client: &mut RawClient<DuplexStream>) -> String {
    let frame = client.frame().await.expect("a frame comes").expect("the connection lives");
    let frame: Value = serde_json::from_str(frame.as_text().expect("text")).expect("JSON");
    frame["type"].as_str().expect("a type").to_owned()
}

async fn ping(client: &mut RawClient<DuplexStream>, correlation: &str) {
    let frame = json!({"v": 1, "id": Uuid::new_v4(), "type": "ping", "topic": "system", "ts": 0,
        "correlation_id": correlation, "data": {}});
    client.send(&RawFrame::text(frame.to_string()).to_bytes()).await.expect("it is read");
}

async fn a_mutant_sees_and_alters_what_passes(bus: &Bus) {
    let (server, tamper) = (common::chat(bus, &[]).await, Tamper::new(Obedient));
    let (mut ada, mut bob) = (join(&server, &tamper).await, join(&server, &tamper).await);
    let begun = Instant::now();
    ping(&mut bob, TWICE).await;
    for _ in 0..2 {
        assert_eq!(wire_type(&mut ada).await, "pong", "clients share the mutant");
        assert!(begun.elapsed() < DELAY);
    }
    for _ in 0..2 {
        assert_eq!(wire_type(&mut bob).await, "pong");
        assert!(begun.elapsed() >= DELAY);
    }
    ping(&mut bob, NEVER).await;
    ping(&mut ada, CUT).await;
    assert_eq!(ada.read_all().await, ["end"]);
    bob.send(&RawFrame::text("{").to_bytes()).await.expect("it is read");
    assert_eq!(wire_type(&mut bob).await, "error");
    assert_eq!(bob.frame().await.expect("a frame comes"), Some(RawFrame::close(4999, "altered").unmasked()));
}

/// Over TCP nothing is different, and what is no WebSocket passes too.
#[test]
fn a_proxy_passes_http_and_websocket() {
    on_sockets(Kind::Memory, async |bus| {
        let server = common::chat(bus, &[]).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it listens");
        let serving = tokio::spawn(async move { server.run(listener, std::future::pending()).await });
        let proxy = Tamper::new(Sound).listen(address).await;
        common::reach_at(bus, proxy.address()).await;
        let mut client = RawClient::upgrade(proxy.address(), "/ws").await.expect("the proxy listens");
        client.send(&RawFrame::text("{}").reserved(0b100).to_bytes()).await.expect("the server reads");
        let said = client.read_all().await;
        assert!(said[0].starts_with("text of") && said[1..] == ["close 1002", "end"], "{said:?}");
        serving.abort();
    });
}
