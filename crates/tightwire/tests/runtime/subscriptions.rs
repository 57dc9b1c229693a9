//! Subscribing: sorted, unique, allowed, bounded; and operations that subscribe.

use std::time::Duration;

use serde_json::{Value, json};
use tightwire::Config;

use crate::client::Step::{Post, Read, Send, Typing};
use crate::client::{Client, check, settle, with_limits};
use crate::protocol::{Posted, Room, Rooms};

fn topics(topics: &[&str]) -> Value {
    json!({ "topics": topics })
}

#[test]
fn subscriptions_are_sorted_and_unique() {
    check(
        Config::default(),
        vec![
            Send("subscribe", "system", topics(&["room:b", "room:a", "room:b"])),
            Send("subscribe", "system", topics(&["room:c", "room:a"])),
            Send("unsubscribe", "system", topics(&["room:b", "room:z"])),
            Read(4),
        ],
        &[
            "connection_established",
            "subscription_updated [room:a room:b]",
            "subscription_updated [room:a room:b room:c]",
            "subscription_updated [room:a room:c]",
        ],
    );
}

#[test]
fn refused_topics_are_named_in_one_error_and_the_others_applied() {
    check(
        Config::default(),
        vec![Send("subscribe", "system", topics(&["nowhere", "room:a", "room:secret1", "<b>", "room:"])), Read(3)],
        &["connection_established", "error invalid_topic: nowhere room: room:secret1", "subscription_updated [room:a]"],
    );
    check(
        Config::default(),
        vec![Send("subscribe", "system", topics(&["room:secret1"])), Read(3)],
        &["connection_established", "error topic_forbidden: room:secret1", "subscription_updated []"],
    );
    check(
        with_limits(|limits| limits.subscriptions_per_connection = 2),
        vec![Send("subscribe", "system", topics(&["room:c", "room:b", "room:a"])), Read(3)],
        &["connection_established", "error too_many_subscriptions: room:c", "subscription_updated [room:a room:b]"],
    );
}

#[test]
fn frames_arrive_while_subscribed() {
    check(
        Config::default(),
        vec![
            Post("a", "before"),
            Send("subscribe", "system", topics(&["room:a"])),
            Read(2),
            Post("a", "1"),
            Typing("a"),
            Post("b", "elsewhere"),
            Post("a", "2"),
            Read(3),
            Send("unsubscribe", "system", topics(&["room:a"])),
            Read(1),
            Post("a", "after"),
            Send("ping", "system", json!({})),
            Read(1),
        ],
        &[
            "connection_established",
            "subscription_updated [room:a]",
            "posted#2 1",
            "typing",
            "posted#3 2",
            "subscription_updated []",
            "pong",
        ],
    );
}

#[test]
fn the_application_greets_new_subscribers_once() {
    check(
        Config::default(),
        vec![
            Post("lobby", "1"),
            Send("subscribe", "system", topics(&["room:lobby"])),
            Send("subscribe", "system", topics(&["room:lobby"])),
            Send("join", "room:lobby", json!({})),
            Read(6),
        ],
        &[
            "connection_established",
            "subscription_updated [room:lobby]",
            "welcome 1",
            "subscription_updated [room:lobby]",
            "joined 1",
            "posted#2 joining",
        ],
    );
}

#[test]
fn an_operation_that_subscribes_replies_before_live_frames() {
    check(
        Config::default(),
        vec![Post("a", "1"), Send("join", "room:a", json!({})), Read(3), Post("a", "3"), Read(1)],
        &["connection_established", "joined 1", "posted#2 joining", "posted#3 3"],
    );
}

#[test]
fn an_operation_that_fails_or_is_not_allowed_does_not_subscribe() {
    check(
        Config::default(),
        vec![
            Send("join", "room:a", json!({"fail": true})),
            Read(2),
            Post("a", "2"),
            Send("join", "room:secret", json!({})),
            Send("unsubscribe", "system", topics(&["room:z"])),
            Read(2),
        ],
        &["connection_established", "error not_found", "error topic_forbidden: room:secret", "subscription_updated []"],
    );
}

#[tokio::test(start_paused = true)]
async fn one_frame_reaches_all_and_is_the_same_for_all() {
    let server = tightwire::Server::new(Rooms::default(), Config::default());
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = Client::connect(&server, 4096).await;
        client.send("subscribe", "system", topics(&["room:a"])).await;
        assert_eq!(client.event().await, "connection_established");
        assert_eq!(client.event().await, "subscription_updated [room:a]");
        clients.push(client);
    }
    assert_eq!((server.stats().connections(), server.stats().subscriptions()), (20, 20));
    let position = server.publisher().publish(&Room::named("a"), &Posted { text: "x".to_owned() }).await;
    let position = position.expect("published");
    let mut frames = Vec::new();
    for client in &mut clients {
        frames.push(client.frame().await.expect("a frame"));
    }
    assert!(frames.iter().all(|frame| *frame == frames[0]), "{frames:?}");
    assert_eq!((frames[0]["seq"].as_u64(), frames[0]["epoch"].as_str()), (Some(1), Some(&*position.epoch)));
    drop(clients);
    settle(&server).await;
}

/// A handler outlives its client. What it was about to subscribe it to must not stay.
#[tokio::test(start_paused = true)]
async fn nobody_is_subscribed_after_leaving() {
    for asked in [&["room:guarded"][..], &["room:hall", "room:z"]] {
        let rooms = Rooms::default();
        let gate = rooms.gate.clone();
        let server = tightwire::Server::new(rooms, Config::default());
        let mut client = Client::connect(&server, 4096).await;
        client.send("subscribe", "system", topics(asked)).await;
        client.send("ping", "system", json!({})).await;
        while client.event().await != "pong" {}
        drop(client);
        settle(&server).await;
        gate.notify_one();
        tokio::time::sleep(Duration::from_secs(1)).await;
        settle(&server).await;
    }
}
