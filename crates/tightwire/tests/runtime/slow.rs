//! Clients that do not read: bounded by frames and by bytes, closed or thinned out, and no burden on others.

use std::time::Duration;

use serde_json::json;
use tightwire::proto::outbound::SlowConsumer;
use tightwire::{Config, Server};
use tokio::net::{TcpListener, TcpSocket};

use crate::client::{Client, settle, with_limits};
use crate::protocol::{Posted, Room, Rooms, Typing};

/// A client that has subscribed to `room:a` and then stops reading, and what it reads when it begins again after
/// `frames` frames of `bytes` bytes: the number of frames, and the last event.
async fn stall(config: Config, frames: u64, bytes: usize) -> (Server<Rooms>, usize, String) {
    let server = Server::new(Rooms::default(), config);
    let mut client = Client::connect(&server, 512).await;
    client.send("subscribe", "system", json!({"topics": ["room:a"]})).await;
    client.event().await;
    client.event().await;
    let message = Posted { text: "x".repeat(bytes) };
    for _ in 0..frames {
        server.publisher().publish(&Room::named("a"), &message).await.expect("published");
        tokio::task::yield_now().await;
    }
    let mut read = 0;
    let last = loop {
        let event = client.event().await;
        if !event.starts_with("posted") {
            break event;
        }
        read += 1;
    };
    drop(client);
    settle(&server).await;
    (server, read, last)
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_closes_with_4409() {
    let (server, read, last) = stall(with_limits(|limits| limits.outbound_queue_frames = 10), 50, 300).await;
    // What waited is dropped, only the frame that was half written is completed.
    assert!(read <= 3, "{read}");
    assert_eq!(last, "disconnect_notice slow_consumer");
    assert_eq!(server.stats().backpressure_disconnects_total(), 1);
}

#[tokio::test(start_paused = true)]
async fn bytes_are_bounded_too() {
    let (_, read, last) = stall(with_limits(|limits| limits.outbound_queue_bytes = 10_000), 50, 1000).await;
    assert!(read <= 3, "{read}");
    assert_eq!(last, "disconnect_notice slow_consumer");
}

#[tokio::test(start_paused = true)]
async fn below_the_bound_everything_arrives() {
    let (server, read, last) = stall(with_limits(|limits| limits.outbound_queue_frames = 60), 50, 300).await;
    assert_eq!((read, &*last), (50, "ping @30"));
    assert_eq!(server.stats().backpressure_disconnects_total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_lenient_server_drops_what_may_be_dropped() {
    let config =
        Config { slow_consumer: SlowConsumer::DropOldest, ..with_limits(|limits| limits.outbound_queue_frames = 10) };
    let server = Server::new(Rooms::default(), config);
    let mut client = Client::connect(&server, 512).await;
    client.send("subscribe", "system", json!({"topics": ["room:a"]})).await;
    client.event().await;
    client.event().await;
    for _ in 0..50 {
        let message = Typing { text: "x".repeat(300) };
        server.publisher().publish(&Room::named("a"), &message).await.expect("published");
        tokio::task::yield_now().await;
    }
    server.publisher().publish(&Room::named("a"), &Posted { text: "kept".to_owned() }).await.expect("published");
    let mut typing = 0;
    let last = loop {
        let event = client.event().await;
        if event != "typing" {
            break event;
        }
        typing += 1;
    };
    assert_eq!(last, "posted#1 kept");
    assert!((9..=13).contains(&typing), "{typing}");
    assert!(server.stats().frames_dropped_total() >= 37);
}

#[tokio::test(start_paused = true)]
async fn replies_are_bounded_as_well() {
    let server = Server::new(Rooms::default(), with_limits(|limits| limits.outbound_queue_frames = 10));
    let mut client = Client::connect(&server, 512).await;
    client.send("flood", "room:a", json!({"frames": 100_000})).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    settle(&server).await;
    assert_eq!(server.stats().backpressure_disconnects_total(), 1);
}

#[tokio::test(start_paused = true)]
async fn others_do_not_notice() {
    let server = Server::new(Rooms::default(), with_limits(|limits| limits.outbound_queue_frames = 10));
    let subscribe = json!({"topics": ["room:a"]});
    let mut stalled = Client::connect(&server, 512).await;
    stalled.send("subscribe", "system", subscribe.clone()).await;
    let mut healthy = Client::connect(&server, 512).await;
    healthy.send("subscribe", "system", subscribe).await;
    healthy.event().await;
    healthy.event().await;
    for number in 1..=100 {
        let message = Posted { text: "x".repeat(300) };
        server.publisher().publish(&Room::named("a"), &message).await.expect("published");
        assert_eq!(healthy.frame().await.expect("a frame")["seq"], number);
    }
    assert_eq!(server.stats().backpressure_disconnects_total(), 1);
    drop((stalled, healthy));
    settle(&server).await;
}

/// Frames that are held back until a subscriber is greeted count like those that wait.
#[tokio::test(start_paused = true)]
async fn what_is_held_back_is_bounded_as_well() {
    let server = Server::new(Rooms::default(), with_limits(|limits| limits.outbound_queue_frames = 10));
    let mut client = Client::connect(&server, 4096).await;
    client.send("subscribe", "system", json!({"topics": ["room:hall"]})).await;
    client.event().await;
    assert_eq!(client.event().await, "subscription_updated [room:hall]");
    for _ in 0..11 {
        let message = Posted { text: String::new() };
        server.publisher().publish(&Room::named("hall"), &message).await.expect("published");
    }
    assert_eq!(client.event().await, "disconnect_notice slow_consumer");
    assert_eq!(client.event().await, "close 4409");
    drop(client);
    settle(&server).await;
}

/// Nothing but what the client's own kernel takes, what ours has not sent, and the queue.
#[tokio::test]
async fn the_kernel_keeps_little_for_a_client_that_does_not_read() {
    let limits = with_limits(|limits| limits.outbound_queue_frames = 20);
    let server = Server::new(Rooms::default(), Config { socket_unsent_bytes: 16 * 1024, ..limits });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server.clone().run(listener, std::future::pending()));
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(8 * 1024).expect("it is open");
    let mut client = Client::over(socket.connect(address).await.expect("connected")).await;
    client.send("subscribe", "system", json!({"topics": ["room:a"]})).await;
    client.event().await;
    client.event().await;
    let mut published = 0;
    while server.stats().backpressure_disconnects_total() == 0 {
        published += 1;
        assert!(published < 300, "the kernel took more than {published} frames of a kilobyte");
        let message = Posted { text: "x".repeat(1000) };
        server.publisher().publish(&Room::named("a"), &message).await.expect("published");
        tokio::task::yield_now().await;
    }
    drop(client);
    settle(&server).await;
}
