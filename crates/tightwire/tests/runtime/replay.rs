//! A replay on its way into a connection. What a replay consists of is the business of brokers: `broker::resuming`.

use serde_json::{Value, json};
use tightwire::Config;

use crate::client::{Client, settle, with_limits};
use crate::protocol::{Posted, Room, Rooms};

/// Subscribes to `room:a` after `start`.
fn after(start: Value) -> Value {
    json!({ "topics": ["room:a"], "after": { "room:a": start } })
}

async fn post(server: &tightwire::Server<Rooms>, text: &str) -> tightwire::proto::inbound::StreamPosition {
    server.publisher().publish(&Room::named("a"), &Posted { text: text.to_owned() }).await.expect("published")
}

/// Through pipes in memory, where every frame waits for the connection's task. Several publishers never stop; clients come,
/// go and resume. Each must see every number once and in order. Through sockets the suite of brokers does the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_while_frames_keep_arriving() {
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
                    let mut client = Client::connect(&server, 64 * 1024).await;
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
