//! Subscribing with `after`: everything missed, once, in order, then live frames; or a gap that is said aloud.

use serde_json::{Value, json};
use tightwire::Config;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::client::Step::{Post, Read, Send};
use crate::client::{Client, REMOTE, check, settle, tcp, with_limits};
use crate::protocol::{Posted, Room, Rooms};

/// Subscribes to `room:a` after `start`.
fn after(start: Value) -> Value {
    json!({ "topics": ["room:a"], "after": { "room:a": start } })
}

#[test]
fn positions_of_another_epoch_are_a_gap() {
    check(
        with_limits(|limits| limits.replay_frames = 2),
        vec![
            Post("a", "1"),
            Post("a", "2"),
            Post("a", "3"),
            Send("subscribe", "system", after(json!({"epoch": "another", "seq": 3}))),
            Read(3),
            Post("a", "4"),
            Read(1),
        ],
        &["connection_established", "subscription_updated [room:a]", "replay_gap 2..3", "posted#4 4"],
    );
}

#[test]
fn a_frame_that_is_not_kept_is_a_gap() {
    check(
        Config::default(),
        vec![Send("subscribe", "system", after(json!("0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e99"))), Read(3)],
        &["connection_established", "subscription_updated [room:a]", "replay_gap 0..0"],
    );
}

async fn post(server: &tightwire::Server<Rooms>, text: &str) -> tightwire::proto::inbound::StreamPosition {
    server.publisher().publish(&Room::named("a"), &Posted { text: text.to_owned() }).await.expect("published")
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_comes_first() {
    let server = tightwire::Server::new(Rooms::default(), Config::default());
    let first = post(&server, "1").await;
    for text in ["2", "3"] {
        post(&server, text).await;
    }
    let mut client = Client::connect(&server, 4096).await;
    client.send("subscribe", "system", after(json!(first))).await;
    assert_eq!(client.event().await, "connection_established");
    assert_eq!(client.event().await, "subscription_updated [room:a]");
    assert_eq!(client.event().await, "posted#2 2");
    let third = client.frame().await.expect("a frame");
    post(&server, "4").await;
    assert_eq!(client.event().await, "posted#4 4");
    // The same by the id of the last frame seen.
    let mut other = Client::connect(&server, 4096).await;
    other.send("subscribe", "system", after(third["id"].clone())).await;
    other.event().await;
    other.event().await;
    assert_eq!(other.event().await, "posted#4 4");
}

/// Through pipes in memory, where every frame waits for the connection's task.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_while_frames_keep_arriving() {
    resume_again_and_again(false).await;
}

/// Through sockets, to which the hub writes itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_where_the_hub_writes_itself() {
    resume_again_and_again(true).await;
}

trait Stream: AsyncRead + AsyncWrite + Unpin + std::marker::Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + std::marker::Send> Stream for T {}

async fn connect(server: &tightwire::Server<Rooms>, by_socket: bool) -> Client<Box<dyn Stream>> {
    let stream: Box<dyn Stream> = if by_socket {
        Box::new(tcp(server).await)
    } else {
        let (near, far) = tokio::io::duplex(64 * 1024);
        tokio::spawn(server.serve_stream(far, REMOTE));
        Box::new(near)
    };
    Client::over(stream).await
}

/// Several publishers never stop; clients come, go and resume. Each must see
/// every number once and in order.
async fn resume_again_and_again(by_sockets: bool) {
    const FRAMES: u64 = 3000;
    let config = with_limits(|limits| {
        limits.replay_frames = FRAMES;
        limits.outbound_queue_frames = FRAMES;
        limits.outbound_queue_bytes = 100 << 20;
    });
    // The clients all come from one address.
    let config = Config { handshake_rate: None, ..config };
    let server = tightwire::Server::new(Rooms::default(), config);
    let start = json!({ "epoch": server.publisher().publish(&Room::named("b"), &Posted { text: String::new() }).await.expect("published").epoch, "seq": 0 });
    let publishers: Vec<_> = (0..3)
        .map(|_| {
            let server = server.clone();
            tokio::spawn(async move {
                for _ in 0..FRAMES / 3 {
                    post(&server, "x").await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let clients: Vec<_> = (0..4)
        .map(|visit| {
            let (server, mut start) = (server.clone(), start.clone());
            tokio::spawn(async move {
                let mut expected = 1;
                while expected <= FRAMES {
                    let mut client = connect(&server, by_sockets).await;
                    client.send("subscribe", "system", after(start.clone())).await;
                    // Each stays for another number of frames.
                    let until = FRAMES.min(expected + 97 * (visit + 1));
                    while expected <= until {
                        let frame = client.frame().await.expect("a frame");
                        if frame["type"] == "posted" {
                            assert_eq!(frame["seq"], expected, "lost or doubled");
                            expected += 1;
                            start = json!({ "epoch": frame["epoch"], "seq": frame["seq"] });
                        } else {
                            assert_ne!(frame["type"], "replay_gap");
                        }
                    }
                }
            })
        })
        .collect();
    for task in publishers.into_iter().chain(clients) {
        task.await.expect("no assertion failed");
    }
    settle(&server).await;
}

/// A replay that is larger than the queue must not look like a slow client.
#[tokio::test(start_paused = true)]
async fn a_replay_waits_for_room() {
    let server = tightwire::Server::new(Rooms::default(), with_limits(|limits| limits.outbound_queue_frames = 10));
    let first = post(&server, "0").await;
    for _ in 0..100 {
        post(&server, &"x".repeat(300)).await;
    }
    let mut client = Client::connect(&server, 1024).await;
    client.send("subscribe", "system", after(json!(first))).await;
    let mut last = 0;
    while last < 101 {
        last = client.frame().await.expect("a frame")["seq"].as_u64().unwrap_or(last);
    }
    assert_eq!(server.stats().backpressure_disconnects_total(), 0);
}
