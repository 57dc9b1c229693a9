//! Somebody else writes under our keys: nothing panics, what is not concerned goes on, and what is concerned is told.

use tightwire_proto::frame::Position;
use tightwire_proto::inbound::ReplayStart;
use tightwire_testbed::RedisServer;
use uuid::Uuid;

use super::node::{Node, config, eventually};
use crate::broker::Broker;
use crate::publisher::PublishError;

const STATE: &str = "tightwire:{3}:state";
const STREAM: &str = "tightwire:{3}:stream";
const META: &str = "tightwire:{3}:meta:room:1";
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

/// An entry that is newer than the newest would keep everybody from publishing.
#[tokio::test(flavor = "multi_thread")]
async fn entries_of_somebody_else_are_deleted_and_nothing_begins_anew() {
    let Some(redis) = RedisServer::start() else { return };
    let (node, other) = (Node::start(config(&redis.url())).await, Node::start(config(&redis.url())).await);
    let client = node.subscribe("room:1", None).await;
    let first = node.publish("room:1", "1").await.expect("published");
    let generation = redis.ask(&["HGET", STATE, "generation"]).text().expect("a number").to_owned();
    let future = format!("{generation}-1000");
    let names = ["*", "9000000000000-7", "18446744073709551615-18446744073709551615", &future];
    for (name, seq) in names.iter().zip((2..).step_by(2)) {
        // Published at once, and again when the readers have seen what is there.
        redis.ask(&["XADD", STREAM, name, "what", "ever"]);
        other.publish("room:1", &seq.to_string()).await.expect("published");
        redis.ask(&["XADD", STREAM, name, "what", "ever"]);
        eventually("it is gone", || (redis.ask(&["XLEN", STREAM]).number() == Some(0)).then_some(())).await;
        node.publish("room:1", &(seq + 1).to_string()).await.expect("published");
    }
    let last = 2 * names.len() + 1;
    let expected: Vec<_> = (1..=last).map(|seq| format!("{}:{seq} {seq}", first.epoch)).collect();
    assert_eq!(client.sees(last).await, expected);
    assert_eq!(node.counters.bus_resets_total.get(), 0);
    assert!(node.counters.bus_unreadable_total.get() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stream_does_not_take_is_not_kept_either() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    let first = node.publish("room:1", "a").await.expect("published");
    client.sees(1).await;
    redis.ask(&["RENAME", STREAM, "tightwire:{3}:elsewhere"]);
    redis.ask(&["SET", STREAM, "mine"]);
    for _ in 0..3 {
        let refused = node.publish("room:1", "refused").await;
        let clear = |why: &str| why.contains("WRONGTYPE") && why.contains("`redis_prefix`");
        assert!(matches!(&refused, Err(PublishError::Unavailable(why)) if clear(why)), "{refused:?}");
    }
    redis.ask(&["DEL", STREAM]);
    redis.ask(&["RENAME", "tightwire:{3}:elsewhere", STREAM]);
    let second = node.insist("room:1", "b").await;
    assert_eq!((second.seq, &second.epoch), (2, &first.epoch));
    let begin = ReplayStart::Position((&Position { seq: 0, ..first.clone() }).into());
    assert_eq!(client.sees(2).await[1], format!("{}:2 b", first.epoch));
    assert_eq!(node.history("room:1", &begin).await, Ok(vec!["a".to_owned(), "b".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_topic_and_is_none_of_ours_is_refused_until_it_is_gone() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    let first = node.publish("room:1", "a").await.expect("published");
    redis.ask(&["HSET", META, "seq", "many"]);
    let refused = node.publish("room:1", "b").await;
    let clear = |why: &str| why.contains(META) && why.contains("`redis_prefix`");
    assert!(matches!(&refused, Err(PublishError::Unavailable(why)) if clear(why)), "{refused:?}");
    assert!(node.broker.position("room:1").await.is_err());
    redis.ask(&["HSET", META, "seq", "1"]);
    assert_eq!(node.publish("room:1", "c").await.expect("published").seq, 2);
    // The same of the shard: then it begins anew.
    redis.ask(&["HSET", STATE, "number", "many"]);
    eventually("a gap", || client.seen().last().filter(|last| last.starts_with("gap ")).cloned()).await;
    redis.ask(&["HSET", STATE, "generation", "1e300"]);
    let last = node.insist("room:1", "d").await;
    assert_ne!(last.epoch, first.epoch);
    let is_last = |seen: &&String| **seen == format!("{}:{} d", last.epoch, last.seq);
    eventually("the last", || client.seen().last().filter(is_last).cloned()).await;
}

/// What could not be had when it was missed is told when it can.
#[tokio::test(flavor = "multi_thread")]
async fn who_could_not_be_told_is_told_later() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    let first = node.publish("room:1", "a").await.expect("published");
    client.sees(1).await;
    redis.ask(&["DEL", META, STATE]);
    redis.ask(&["SET", META, "mine"]);
    eventually("it is found", || (node.counters.bus_unreadable_total.get() > 0).then_some(())).await;
    assert_eq!(client.seen().len(), 1);
    redis.ask(&["DEL", META]);
    // Nobody publishes.
    let seen = client.sees(2).await;
    assert!(seen[1].starts_with("gap ") && !seen[1].contains(&*first.epoch), "{seen:?}");
    let last = node.publish("room:1", "b").await.expect("published");
    assert_eq!(client.sees(3).await[2], format!("{}:1 b", last.epoch));
}
