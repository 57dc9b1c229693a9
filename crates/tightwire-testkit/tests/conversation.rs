//! A server that behaves: what a test with the harness looks like, and that it passes.

mod room;

use std::fmt::{self, Display};
use std::time::Duration;

use room::{Peer, answering, contract, frame, said, said_at, server};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tightwire::proto::contract::Delivery;
use tightwire::proto::inbound::StreamPosition;
use tightwire::{ServerMessage, TopicName};
use tightwire_testkit::{ConnectError, Target, WsHarness, expect_seq, time};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Said {
    number: u64,
}

#[derive(Clone)]
struct Room;

impl Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("room:a")
    }
}

impl TopicName for Room {}

/// As generated code has it.
impl ServerMessage for Said {
    const TYPE: &'static str = "said";
    const DELIVERY: Delivery = Delivery::Durable;
    type Topic = Room;
}

#[tokio::test(start_paused = true)]
async fn send_and_expect() {
    let server = server(async |mut peer: Peer<_>| {
        let request = peer.receive().await;
        peer.frame(answering(&request, said(1))).await;
        peer.frame(said(2)).await;
        peer.frame(said_at("e", 3)).await;
        peer.close(1000, "enough").await;
    });
    let mut client = server.connect().await;
    let id = client.send("say", Room, json!({"text": "hello"})).await;
    let first = client.expect("said").on(Room).answering(id).within(Duration::from_secs(1)).await;
    assert_eq!((first.data_as::<Said>(), first.position()), (Said { number: 1 }, None));
    assert_eq!(client.expect("said").data::<Said>().await, Said { number: 2 });
    assert_eq!(client.expect_message::<Said>().within(Duration::from_secs(1)).await, Said { number: 3 });
    assert_eq!(client.expect_close(1000).await, "enough");
}

#[tokio::test(start_paused = true)]
async fn a_request_gets_its_own_reply_and_leaves_the_rest() {
    let server = server(async |mut peer: Peer<_>| {
        let first = peer.receive().await;
        peer.frame(said(1)).await;
        peer.frame(answering(&first, frame("error", json!({})))).await;
        peer.frame(said(2)).await;
        peer.stay().await;
    });
    let mut client = server.connect().await;
    let reply = client.request("say", "room:a", json!({"text": "hello"})).await;
    assert_eq!(reply.wire_type, "error");
    assert_eq!(client.next_frame().await.data, json!({"number": 1}));
    assert_eq!(client.next_frame().await.data, json!({"number": 2}));
    client.expect_none(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn sequences() {
    let server = server(async |mut peer: Peer<_>| {
        peer.frame(frame("begin", json!({}))).await;
        peer.frame(said(1)).await;
        let mut elsewhere = frame("begin", json!({}));
        elsewhere["topic"] = json!("room:b");
        peer.frame(elsewhere).await;
        peer.frame(said(2)).await;
        peer.frame(frame("end", json!({}))).await;
        peer.frame(said(3)).await;
        peer.frame(said(4)).await;
        peer.stay().await;
    });
    let mut client = server.connect().await;
    let frames = expect_seq!(client, [begin, said+, error?, end]).on("room:a").await;
    assert_eq!(
        frames.iter().map(|frame| frame.wire_type.as_str()).collect::<Vec<_>>(),
        ["begin", "said", "said", "end"]
    );
    // An open end takes what comes until a frame does not fit or nothing comes any more.
    let frames = expect_seq!(client, [begin, said*]).await;
    assert_eq!(frames.len(), 3);
    client.expect_none(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn anywhere_leaves_what_comes_first() {
    let server = server(async |mut peer: Peer<_>| {
        peer.frame(said(1)).await;
        peer.frame(frame("end", json!({}))).await;
        peer.close(4410, "idle").await;
    });
    let mut client = server.connect().await;
    client.expect("end").anywhere().await;
    assert_eq!(client.expect_close(4410).anywhere().await, "idle");
    client.expect("said").await;
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_while_the_test_does_something_else() {
    let server = server(async |mut peer: Peer<_>| {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_secs(30)).await;
            let ping = frame("ping", json!({"timestamp": "2026-01-01T00:00:00Z"}));
            peer.frame(ping.clone()).await;
            let pong = peer.receive().await;
            assert_eq!(pong["type"], "pong");
            assert_eq!(pong["correlation_id"], ping["id"]);
            assert_eq!(pong["data"], ping["data"]);
        }
        peer.frame(said(3)).await;
        peer.stay().await;
    });
    let mut client = server.connect().await;
    time::advance(Duration::from_secs(90)).await;
    let frames = client.drain().await;
    assert_eq!(frames.len(), 1, "{frames:?}");
    assert_eq!(frames[0].data, json!({"number": 3}));
}

#[tokio::test(start_paused = true)]
async fn pings_can_be_left_to_the_test() {
    let server = server(async |mut peer: Peer<_>| {
        peer.frame(frame("ping", json!({"timestamp": "2026-01-01T00:00:00Z"}))).await;
        match tokio::time::timeout(Duration::from_secs(60), peer.message()).await {
            Err(_) => peer.close(4408, "").await,
            Ok(message) => panic!("{message:?}"),
        }
    });
    let mut client = server.with(|harness| harness.answer_pings(false)).connect().await;
    client.expect("ping").await;
    client.expect_close(4408).within(Duration::from_secs(61)).await;
}

#[tokio::test(start_paused = true)]
async fn announced_jumps_are_no_gaps() {
    let server = server(async |mut peer: Peer<_>| {
        peer.frame(said_at("e", 4)).await;
        peer.frame(frame("replay_gap", json!({}))).await;
        peer.frame(said_at("e", 9)).await;
        peer.frame(frame("subscription_updated", json!({"topics": ["room:b"]}))).await;
        peer.frame(said_at("e", 20)).await;
        peer.frame(said_at("f", 1)).await;
        peer.stay().await;
    });
    let mut client = server.connect().await;
    let frames = expect_seq!(client, [said, replay_gap, said, subscription_updated, said, said]).await;
    assert_eq!(frames[5].position(), Some(StreamPosition { epoch: "f".to_owned(), seq: 1 }));
}

#[tokio::test(start_paused = true)]
async fn raw_frames_reach_the_server_as_they_are() {
    let server = server(async |mut peer: Peer<_>| {
        assert_eq!(peer.message().await.unwrap().as_text(), Some("{"));
        assert_eq!(&**peer.message().await.unwrap().as_payload(), [1, 2]);
        assert_eq!(peer.receive().await, json!({"type": "nonsense"}));
        assert_eq!(peer.receive().await["data"], json!({"text": ""}));
        peer.close(1002, "").await;
    });
    let mut client = server.connect().await;
    client.send_text("{").await;
    client.send_binary(&[1, 2]).await;
    client.send_frame(&json!({"type": "nonsense"})).await;
    client.send_unchecked("say", "room:a", json!({"text": ""})).await;
    client.expect_close(1002).await;
}

#[tokio::test(start_paused = true)]
async fn several_clients_share_a_server_and_may_differ() {
    let server = server(async |mut peer: Peer<_>| {
        let mut reply = said(1);
        reply["data"]["text"] = json!(format!("{} {:?}", peer.path, peer.authorization));
        peer.frame(reply).await;
        peer.stay().await;
    });
    let mut first = server.connect().await;
    let mut second = server.with(|h| h.header("authorization", "Bearer x").path("/ws?token=y")).connect().await;
    assert_eq!(first.expect("said").await.data["text"], "/ws None");
    assert_eq!(second.expect("said").await.data["text"], "/ws?token=y Some(\"Bearer x\")");
    let asking = |h: WsHarness| h.path("/ws?token=y").query("room", "a & b").query("room", "ż");
    let mut third = server.with(asking).connect().await;
    assert_eq!(third.expect("said").await.data["text"], "/ws?token=y&room=a%20%26%20b&room=%C5%BC None");
    assert_eq!(first.subprotocol(), Some("room.v1"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_reading_blocks_the_server() {
    let server = server(async |mut peer: Peer<_>| {
        let long = "x".repeat(10_000);
        let mut blocked = false;
        for number in 1..=40 {
            let mut said = said(number);
            said["data"]["text"] = json!(long);
            if tokio::time::timeout(Duration::from_secs(1), peer.frame(said)).await.is_err() {
                blocked = true;
                break;
            }
        }
        assert!(blocked, "400 kB fit nowhere");
        peer.close(4409, "slow").await;
    });
    let mut client = server.connect().await;
    client.stop_reading();
    time::advance(Duration::from_secs(10)).await;
    assert_eq!(client.drain().await.len(), 0);
    client.read_again();
    client.expect_close(4409).anywhere().await;
}

#[tokio::test(start_paused = true)]
async fn goodbye() {
    let server = server(async |peer: Peer<_>| peer.stay().await);
    let closed = server.connect().await.close().await;
    assert_eq!(closed.code, Some(1000));
}

/// The test still has the client, and the server sees its connection end.
#[tokio::test(start_paused = true)]
async fn a_client_that_was_closed_lets_go() {
    let (gone, mut is_gone) = tokio::sync::watch::channel(false);
    let server = server(move |mut peer: Peer<_>| {
        let gone = gone.clone();
        async move {
            peer.close(1001, "").await;
            peer.until_gone().await;
            gone.send_replace(true);
        }
    });
    let mut client = server.connect().await;
    client.expect_close(1001).await;
    let gone = tokio::time::timeout(Duration::from_secs(1), is_gone.wait_for(|gone| *gone)).await;
    assert!(gone.is_ok(), "{}", client.transcript());
}

#[tokio::test]
async fn connects_to_addresses_urls_and_streams() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async {
                let mut peer = Peer::accept(stream).await;
                let mut reply = said(1);
                reply["data"]["text"] = json!(peer.path);
                peer.frame(reply).await;
                peer.close(1000, "").await;
            });
        }
    });
    let harness = WsHarness::new(contract());
    let socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let url = format!("ws://{address}/other?x=1");
    for (target, path) in
        [(Target::from(address), "/ws"), (Target::from(url), "/other?x=1"), (Target::from(socket), "/ws")]
    {
        let mut client = harness.connect(target).await;
        assert_eq!(client.expect("said").await.data["text"], path);
        client.expect_close(1000).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_handshake_is_an_error() {
    let refusing = WsHarness::spawn(contract(), async |mut io| {
        io.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        std::future::pending::<()>().await;
    });
    assert!(matches!(refusing.try_connect().await, Err(ConnectError::Refused(403))));
    let silent = WsHarness::spawn(contract(), async |_io| std::future::pending::<()>().await);
    assert!(matches!(silent.try_connect().await, Err(ConnectError::TimedOut(_))));
}
