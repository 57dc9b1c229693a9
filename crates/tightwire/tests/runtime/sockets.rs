//! What differs where the hub writes to sockets itself: order among the frames of topics and of the connection, the
//! clock of idleness, and what happens when the kernel takes only a part.

use std::time::Duration;

use serde_json::json;
use tightwire::proto::outbound::SlowConsumer;
use tightwire::{Config, Server};

use crate::client::{Client, brief, settle, with_limits};
use crate::protocol::{Posted, Room, Rooms};

/// Larger than what a frame's header says in 16 bits, and no multiple of what the kernel takes.
const LARGE: usize = 70_001;

async fn subscribed(server: &Server<Rooms>, topics: &[&str]) -> Client<tokio::net::TcpStream> {
    let mut client = Client::connect_tcp(server).await;
    client.send("subscribe", "system", json!({ "topics": topics })).await;
    assert_eq!(client.event().await, "connection_established");
    assert!(client.event().await.starts_with("subscription_updated"));
    client
}

async fn publish(server: &Server<Rooms>, room: &str, text: String) {
    server.publisher().publish(&Room::named(room), &Posted { text }).await.expect("published");
}

#[tokio::test]
async fn what_a_handler_publishes_comes_before_its_reply() {
    let server = Server::new(Rooms::default(), Config::default());
    let mut client = subscribed(&server, &["room:a"]).await;
    for seq in 1..=3 {
        client.send("announce", "room:a", json!({})).await;
        assert_eq!(client.event().await, format!("posted#{seq} announced"));
        assert_eq!(client.event().await, format!("welcome {seq}"));
    }
    drop(client);
    settle(&server).await;
}

#[tokio::test]
async fn what_a_handler_publishes_comes_before_the_error_that_it_failed() {
    let server = Server::new(Rooms::default(), Config::default());
    let mut client = subscribed(&server, &["room:a"]).await;
    for (seq, then, code) in [(1, "fail", "not_found"), (2, "panic", "internal_error"), (3, "fail", "not_found")] {
        client.send("announce", "room:a", json!({ "then": then })).await;
        for expected in [format!("posted#{seq} announced"), format!("error {code}")] {
            assert_eq!(brief(&client.frame().await.expect("a frame")), expected);
        }
    }
    drop(client);
    settle(&server).await;
}

#[tokio::test]
async fn what_is_published_before_a_client_leaves_a_topic_reaches_it() {
    let server = Server::new(Rooms::default(), Config::default());
    let mut client = subscribed(&server, &["room:a"]).await;
    client.send("post", "room:a", json!({"text": "before"})).await;
    client.send("unsubscribe", "system", json!({"topics": ["room:a"]})).await;
    client.send("post", "room:a", json!({"text": "after"})).await;
    client.send("ping", "system", json!({})).await;
    // The session answers a ping at once; what it has to do for topics it does in its order.
    let mut events = [client.event().await, client.event().await, client.event().await];
    events.sort();
    assert_eq!(events, ["pong", "posted#1 before", "subscription_updated []"]);
    client.send("ping", "system", json!({})).await;
    assert_eq!(client.event().await, "pong");
    drop(client);
    settle(&server).await;
}

#[tokio::test]
async fn what_is_published_before_a_shutdown_arrives() {
    let server = Server::new(Rooms::default(), Config::default());
    let mut client = subscribed(&server, &["room:a"]).await;
    for _ in 0..3 {
        publish(&server, "a", "last".to_owned()).await;
    }
    let ending = tokio::spawn({
        let server = server.clone();
        async move { server.shutdown().await }
    });
    for seq in 1..=3 {
        assert_eq!(client.event().await, format!("posted#{seq} last"));
    }
    assert_eq!(client.event().await, "disconnect_notice shutdown");
    assert_eq!(client.event().await, "close 1001");
    drop(client);
    ending.await.expect("the server ends");
}

#[tokio::test(start_paused = true)]
async fn frames_that_the_hub_writes_keep_a_connection_in_use() {
    let server = Server::new(Rooms::default(), with_limits(|limits| limits.idle_timeout_ms = 20_000));
    let mut client = subscribed(&server, &["room:a"]).await;
    publish(&server, "a", String::new()).await;
    assert_eq!(client.event().await, "posted#1 ");
    tokio::time::sleep(Duration::from_secs(15)).await;
    publish(&server, "a", String::new()).await;
    assert_eq!(client.event().await, "posted#2  @15");
    assert_eq!(client.event().await, "ping @30");
    assert_eq!(client.event().await, "disconnect_notice idle_timeout @35");
    assert_eq!(client.event().await, "close 4410 @35");
    drop(client);
    settle(&server).await;
}

/// More than the kernel takes, for a client that does not read yet, in turns of one frame and of several.
async fn backlog(server: &Server<Rooms>, frames: u64) {
    for number in 1..=frames {
        publish(server, "a", number.to_string().repeat(LARGE / number.to_string().len())).await;
        if number % 3 == 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn what_the_kernel_does_not_take_at_once_follows_whole() {
    const FRAMES: u64 = 300;
    let config = with_limits(|limits| limits.outbound_queue_bytes = 100 << 20);
    let server = Server::new(Rooms::default(), config);
    let mut client = subscribed(&server, &["room:a"]).await;
    backlog(&server, FRAMES).await;
    for number in 1..=FRAMES {
        let frame = client.frame().await.expect("a frame");
        assert_eq!(frame["seq"], number);
        let digits = number.to_string();
        assert_eq!(frame["data"]["text"], digits.repeat(LARGE / digits.len()));
    }
    assert_eq!(server.stats().backpressure_disconnects_total(), 0);
    drop(client);
    settle(&server).await;
}

async fn check_slow_client(slow_consumer: SlowConsumer) {
    let config = Config { slow_consumer, ..with_limits(|limits| limits.outbound_queue_bytes = 1 << 20) };
    let server = Server::new(Rooms::default(), config);
    let stalled = subscribed(&server, &["room:a"]).await;
    let mut healthy = subscribed(&server, &["room:a"]).await;
    // The stalled client's kernel and ours take some 10 MB together before the queue sees anything.
    for number in 1..=600 {
        publish(&server, "a", "x".repeat(LARGE)).await;
        assert_eq!(healthy.frame().await.expect("a frame")["seq"], number);
    }
    assert_eq!(server.stats().backpressure_disconnects_total(), 1);
    drop((stalled, healthy));
    settle(&server).await;
}

#[tokio::test]
async fn a_stalled_client_is_closed_and_the_others_do_not_notice() {
    check_slow_client(SlowConsumer::Disconnect).await;
}

#[tokio::test]
async fn a_lenient_server_closes_a_client_for_frames_that_may_not_be_dropped() {
    check_slow_client(SlowConsumer::DropOldest).await;
}
