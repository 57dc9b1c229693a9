//! A connection's life: heartbeat, idleness, close, shutdown.

use std::time::Duration;

use serde_json::json;
use tightwire::Config;
use tightwire::proto::contract::Heartbeat;
use tokio_websockets::{CloseCode, Message};

use crate::client::Step::{OpenGate, Pass, Post, Raw, Read, ReadAll, ReadAllAlive, Send, Shutdown};
use crate::client::{Client, check, settle, with_limits};
use crate::protocol::Rooms;

#[test]
fn silence_is_closed_with_4408() {
    check(
        Config::default(),
        vec![ReadAll],
        &["connection_established", "ping @30", "ping @60", "disconnect_notice pong_timeout @90", "close 4408 @90"],
    );
}

#[test]
fn nothing_but_heartbeats_is_closed_with_4410() {
    check(
        with_limits(|limits| limits.idle_timeout_ms = 100_000),
        vec![ReadAllAlive],
        &[
            "connection_established",
            "ping @30",
            "ping @60",
            "ping @90",
            "disconnect_notice idle_timeout @100",
            "close 4410 @100",
        ],
    );
}

#[test]
fn frames_in_either_direction_keep_a_connection_in_use() {
    check(
        with_limits(|limits| limits.idle_timeout_ms = 20_000),
        vec![
            Send("subscribe", "system", json!({"topics": ["room:a"]})),
            Read(2),
            Pass(Duration::from_secs(15)),
            Post("a", "1"),
            Read(1),
            Pass(Duration::from_secs(10)),
            Send("fail", "room:a", json!({})),
            ReadAllAlive,
        ],
        &[
            "connection_established",
            "subscription_updated [room:a]",
            "posted#1 1 @15",
            "error not_found @25",
            "ping @30",
            "disconnect_notice idle_timeout @45",
            "close 4410 @45",
        ],
    );
}

#[test]
fn the_heartbeat_goes_on_while_a_handler_waits() {
    check(
        with_limits(|limits| limits.idle_timeout_ms = 100_000),
        vec![Send("wait", "room:a", json!({})), ReadAllAlive, OpenGate],
        &[
            "connection_established",
            "ping @30",
            "ping @60",
            "ping @90",
            "disconnect_notice idle_timeout @100",
            "close 4410 @100",
        ],
    );
}

/// Behind a handler that waits so much is queued that the server stops reading: it cannot see the pongs then.
#[test]
fn a_client_that_is_not_listened_to_is_not_blamed() {
    let mut config = with_limits(|limits| limits.message_burst = 100);
    for (ping_interval_ms, pong_timeout_ms) in [(30_000, 60_000), (60_000, 30_000)] {
        config.heartbeat = Some(Heartbeat { ping_interval_ms, pong_timeout_ms });
        let mut steps = vec![Send("wait", "room:a", json!({}))];
        steps.extend((0..40).map(|_| Send("fail", "room:a", json!({}))));
        steps.extend([Pass(Duration::from_secs(125)), OpenGate, Read(5)]);
        let pings = 125_000 / ping_interval_ms as usize;
        let mut expected = vec!["connection_established @125"];
        expected.extend(["ping @125"; 4].iter().take(pings));
        expected.extend(["error not_found @125"; 4].iter().take(4 - pings));
        check(config.clone(), steps, &expected);
    }
}

#[test]
fn a_close_is_answered_with_its_own_code() {
    check(
        Config::default(),
        vec![Read(1), Raw(Message::close(Some(CloseCode::NORMAL_CLOSURE), "bye")), ReadAll],
        &["connection_established", "close 1000"],
    );
    check(
        Config::default(),
        vec![Read(1), Raw(Message::close(None, "")), ReadAll],
        &["connection_established", "close 1005"],
    );
}

#[test]
fn pings_of_websocket_itself_are_answered() {
    // The client's library hides the pong; that it hides nothing else shows in what follows.
    check(
        Config::default(),
        vec![Raw(Message::ping(&b"x"[..])), Send("ping", "system", json!({})), Read(2)],
        &["connection_established", "pong"],
    );
}

#[test]
fn a_shutdown_says_goodbye() {
    check(
        Config::default(),
        vec![Send("subscribe", "system", json!({"topics": ["room:a"]})), Read(2), Post("a", "last"), Shutdown, ReadAll],
        &[
            "connection_established",
            "subscription_updated [room:a]",
            "posted#1 last",
            "disconnect_notice shutdown",
            "close 1001",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_those_who_do_not_listen() {
    let config = Config { drain: Duration::from_secs(2), close_timeout: Duration::from_secs(60), ..Config::default() };
    let server = tightwire::Server::new(Rooms::default(), config);
    let mut deaf = Client::connect(&server, 4096).await;
    assert_eq!(deaf.event().await, "connection_established");
    let begun = tokio::time::Instant::now();
    server.shutdown().await;
    assert_eq!(begun.elapsed().as_secs(), 2);
    settle(&server).await;
    assert_eq!(deaf.event().await, "disconnect_notice shutdown @2");
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_finished_though_its_client_is_gone() {
    let rooms = Rooms::default();
    let gate = rooms.gate.clone();
    let server = tightwire::Server::new(rooms, Config::default());
    let mut client = Client::connect(&server, 4096).await;
    client.send("wait", "room:a", json!({})).await;
    assert_eq!(client.event().await, "connection_established");
    drop(client);
    settle(&server).await;
    // The gate still has someone waiting: the permit is taken at once, so a second waiter has to wait for another.
    gate.notify_one();
    tokio::task::yield_now().await;
    assert!(tokio::time::timeout(Duration::from_secs(1), gate.notified()).await.is_err());
}
