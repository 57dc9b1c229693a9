//! Somebody else writes under our keys: nothing panics, what is not concerned goes on, and what is concerned is told.

use tightwire_proto::inbound::ReplayStart;
use tightwire_testbed::RedisServer;
use uuid::Uuid;

use super::node::{Node, config, eventually};
use crate::broker::Broker;
use crate::publisher::PublishError;

const STATE: &str = "tightwire:{3}:state";
const STREAM: &str = "tightwire:{3}:stream";
const TOPIC: &str = "tightwire:{3}:topic:room:1";

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_cannot_be_read_are_passed_over() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    let first = node.publish("room:1", "a").await.expect("published");
    let generation = redis.ask(&["HGET", STATE, "generation"]).text().expect("a number").to_owned();
    let add = |number: u64, fields: &[&str]| {
        redis.ask(&[&["XADD", STREAM, &format!("{generation}-{number}")], fields].concat());
        redis.ask(&["HSET", STATE, "number", &number.to_string()]);
    };
    add(2, &["what", "ever"]);
    add(3, &["topic", "room:1", "epoch", &first.epoch, "seq", "many"]);
    add(4, &["topic", "room:1", "form", "envelope", "seq", "", "id", "none", "data", "{}"]);
    add(5, &["topic", "\u{fffd}", "seq", "18446744073709551616"]);
    assert_eq!(node.publish("room:1", "b").await.expect("published").seq, 2);
    let epoch = &first.epoch;
    assert_eq!(client.sees(2).await, [format!("{epoch}:1 a"), format!("{epoch}:2 b")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_with_a_position_that_cannot_be_read_is_a_gap() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    let first = node.publish("room:1", "a").await.expect("published");
    let generation = redis.ask(&["HGET", STATE, "generation"]).text().expect("a number").to_owned();
    let entry = format!("{generation}-2");
    redis.ask(&["XADD", STREAM, &entry, "topic", "room:1", "epoch", &first.epoch, "seq", "2", "id", "none"]);
    redis.ask(&["HSET", STATE, "number", "2"]);
    assert_eq!(client.sees(2).await[1], format!("gap {}:0..2", first.epoch));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_none_is_refused_and_others_go_on() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let (client, other) = (node.subscribe("room:1", None).await, node.subscribe("room:2", None).await);
    node.publish("room:1", "a").await.expect("published");
    redis.ask(&["SET", TOPIC, "mine"]);
    let refused = node.publish("room:1", "b").await;
    assert!(matches!(&refused, Err(PublishError::Unavailable(why)) if why.contains("WRONGTYPE")), "{refused:?}");
    assert!(node.broker.history("room:1", &ReplayStart::FrameId(Uuid::nil())).await.is_err());
    node.publish("room:2", "c").await.expect("published");
    assert_eq!(other.sees(1).await.len(), 1);
    // Everything begins anew: whatever is not to be had keeps nobody from the rest.
    redis.ask(&["SET", "tightwire:{3}:meta:room:1", "mine"]);
    redis.ask(&["DEL", STATE, "tightwire:{2}:state"]);
    eventually("the others are told", || (other.seen().len() == 2).then_some(())).await;
    node.publish("room:2", "d").await.expect("published");
    assert!(other.sees(3).await[2].ends_with(":1 d"));
    assert_eq!(client.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_with_something_else_in_it_begins_anew() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let first = node.publish("room:1", "a").await.expect("published");
    redis.ask(&["XADD", TOPIC, "9-0", "what", "ever"]);
    let gap = node.history("room:1", &ReplayStart::Position((&first).into())).await;
    assert_eq!(gap, Ok(Vec::new()), "nothing was published after it");
    let gap = node.history("room:1", &ReplayStart::FrameId(Uuid::nil())).await.expect_err("a gap");
    assert_eq!(gap.latest, 1);
    let second = node.publish("room:1", "b").await.expect("published");
    assert_eq!(second.seq, 1);
    assert_ne!(second.epoch, first.epoch);
    assert_eq!(node.publish("room:1", "c").await.expect("published").seq, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_from_the_future_begins_a_generation() {
    let Some(redis) = RedisServer::start() else { return };
    let (node, other) = (Node::start(config(&redis.url())).await, Node::start(config(&redis.url())).await);
    let client = node.subscribe("room:1", None).await;
    node.publish("room:1", "a").await.expect("published");
    redis.ask(&["XADD", STREAM, "9000000000000-7", "what", "ever"]);
    eventually("a gap", || client.seen().iter().any(|seen| seen.starts_with("gap ")).then_some(())).await;
    for text in ["b", "c"] {
        other.insist("room:1", text).await;
    }
    let seen = eventually("the rest", || {
        Some(client.seen()).filter(|seen| seen.last().is_some_and(|last| last.ends_with(":2 c")))
    })
    .await;
    let new = seen.iter().rfind(|seen| seen.starts_with("gap ")).expect("a gap");
    let epoch = new.trim_start_matches("gap ").split(':').next().expect("an epoch");
    assert!(seen.ends_with(&[format!("{epoch}:1 b"), format!("{epoch}:2 c")]), "{seen:?}");
}
