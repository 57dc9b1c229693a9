//! A Redis that has lost something, and streams that are shorter than what a node has missed: subscribers get what is
//! there, and are told of what is not.

use std::time::Duration;

use tightwire_proto::frame::Position;
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::Retention;
use tightwire_testbed::{ChaosProxy, RedisServer};

use super::node::{Client, Node, RETENTION, config, eventually};
use crate::broker::{Broker, BusState};

/// Waits until the client is told that the topic has begun anew. Returns the new epoch.
async fn told(client: &Client, before: usize, epoch: &str) -> String {
    let seen = client.sees(before + 1).await;
    let new = seen[before].strip_prefix("gap ").and_then(|gap| gap.strip_suffix(":0..0"));
    let new = new.unwrap_or_else(|| panic!("{seen:?}")).to_owned();
    assert_ne!(new, epoch);
    new
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_are_told_when_redis_is_emptied() {
    let Some(redis) = RedisServer::start() else { return };
    let (one, other) = (Node::start(config(&redis.url())).await, Node::start(config(&redis.url())).await);
    let (first, second) = (one.subscribe("room:1", None).await, other.subscribe("room:1", None).await);
    // A topic in which nothing was ever said.
    let quiet = other.subscribe("room:2", None).await;
    let old = one.publish("room:1", "a").await.expect("published");
    second.sees(1).await;
    redis.ask(&["FLUSHALL"]);
    // Nobody publishes.
    let new = told(&first, 1, &old.epoch).await;
    assert_eq!(told(&second, 1, &old.epoch).await, new, "nodes differ");
    told(&quiet, 0, "").await;
    let position = other.publish("room:1", "b").await.expect("published");
    assert_eq!((&*position.epoch, position.seq), (&*new, 1));
    for client in [&first, &second] {
        assert_eq!(client.sees(3).await[2..], [format!("{new}:1 b")]);
    }
    let gap = one.history("room:1", &ReplayStart::Position((&old).into())).await.expect_err("a gap");
    assert_eq!((&*gap.epoch, gap.oldest, gap.latest), (&*new, 1, 1));
    assert_eq!(one.counters.replay_gaps_total.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_at_once_after_a_loss_comes_after_the_news_of_it() {
    let Some(redis) = RedisServer::start() else { return };
    let (one, other) = (Node::start(config(&redis.url())).await, Node::start(config(&redis.url())).await);
    let client = other.subscribe("room:1", None).await;
    let old = one.publish("room:1", "a").await.expect("published");
    client.sees(1).await;
    redis.ask(&["FLUSHALL"]);
    for text in ["b", "c", "d"] {
        one.publish("room:1", text).await.expect("published");
    }
    let new = told(&client, 1, &old.epoch).await;
    assert_eq!(client.sees(5).await[2..], [format!("{new}:1 b"), format!("{new}:2 c"), format!("{new}:3 d")]);
    // It goes on in the new epoch, which may be lost too.
    redis.ask(&["FLUSHALL"]);
    told(&client, 5, &new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_are_told_when_redis_comes_back_empty() {
    let Some(mut redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    let old = node.publish("room:1", "a").await.expect("published");
    redis.start_empty();
    let new = told(&client, 1, &old.epoch).await;
    assert_eq!(node.insist("room:1", "b").await, Position { epoch: new.as_str().into(), seq: 1 });
    assert_eq!(client.sees(3).await[2], format!("{new}:1 b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_are_told_when_redis_comes_back_with_an_older_copy() {
    let Some(mut redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    let old = node.publish("room:1", "a").await.expect("published");
    redis.ask(&["SAVE"]);
    node.publish("room:1", "b").await.expect("published");
    redis.kill();
    redis.start_again();
    let new = told(&client, 2, &old.epoch).await;
    let position = node.insist("room:1", "c").await;
    assert_eq!((&*position.epoch, position.seq), (&*new, 1));
    assert_eq!(client.sees(4).await[3], format!("{new}:1 c"));
    let gap = node.history("room:1", &ReplayStart::Position((&old).into())).await.expect_err("a gap");
    assert_eq!((gap.oldest, gap.latest), (1, 1), "what was kept of the old epoch is gone");
}

/// A copy that is older, and as many publications since then by somebody who had seen nothing of what was lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_shows_even_if_as_much_was_published_again() {
    let Some(mut redis) = RedisServer::start() else { return };
    let proxy = ChaosProxy::start(redis.address());
    let node = Node::start(config(&redis.url_at(proxy.address()))).await;
    let client = node.subscribe("room:1", None).await;
    let old = node.publish("room:1", "a").await.expect("published");
    redis.ask(&["SAVE"]);
    node.publish("room:1", "b").await.expect("published");
    client.sees(2).await;
    proxy.cut();
    redis.kill();
    redis.start_again();
    let other = Node::start(config(&redis.url())).await;
    for text in ["c", "d"] {
        assert_eq!(other.publish("room:1", text).await.expect("published").epoch, old.epoch, "it knows no better");
    }
    let late = other.subscribe("room:1", None).await;
    proxy.heal();
    let new = told(&client, 2, &old.epoch).await;
    assert_eq!(told(&late, 0, &old.epoch).await, new);
    let position = node.insist("room:1", "e").await;
    assert_eq!((&*position.epoch, position.seq), (&*new, 1));
    assert_eq!(client.sees(4).await[3], format!("{new}:1 e"));
}

/// The same where nobody has read what was lost: only who has published it knows of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_publication_that_nobody_had_read_is_missed_by_its_publisher() {
    let Some(mut redis) = RedisServer::start() else { return };
    let proxy = ChaosProxy::start(redis.address());
    let node = Node::start(config(&redis.url_at(proxy.address()))).await;
    let client = node.subscribe("room:1", None).await;
    let old = node.publish("room:1", "a").await.expect("published");
    client.sees(1).await;
    redis.ask(&["SAVE"]);
    // Nothing can be read any more, but published.
    redis.ask(&["ACL", "SETUSER", "default", "-xread"]);
    redis.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    assert_eq!(node.insist("room:1", "b").await.seq, 2);
    proxy.cut();
    redis.kill();
    redis.start_again();
    let other = Node::start(config(&redis.url())).await;
    for (seq, text) in [(2, "c"), (3, "d")] {
        let position = other.publish("room:1", text).await.expect("published");
        assert_eq!((position.epoch, position.seq), (old.epoch.clone(), seq), "it knows no better");
    }
    let late = other.subscribe("room:1", None).await;
    proxy.heal();
    let new = told(&client, 1, &old.epoch).await;
    assert_eq!(told(&late, 0, &old.epoch).await, new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_tells_redis_what_it_has_lost() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let old = node.publish("room:1", "a").await.expect("published");
    node.publish("room:1", "b").await.expect("published");
    // As if only the newest were lost.
    redis.ask(&["HSET", "tightwire:{3}:state", "number", "1"]);
    let new = node.publish("room:1", "c").await.expect("published");
    assert_eq!(new.seq, 1);
    assert_ne!(new.epoch, old.epoch);
}

/// A node that was away, while so many frames were published to a topic whose stream keeps few of them.
async fn away(redis: &RedisServer, retention: Retention, frames: usize) -> (Node, Client, Position, ChaosProxy) {
    let proxy = ChaosProxy::start(redis.address());
    let mut far = config(&redis.url_at(proxy.address()));
    let mut near = config(&redis.url());
    (far.stream_frames, near.stream_frames) = (50, 50);
    let (node, other) = (Node::start_with(far, retention).await, Node::start_with(near, retention).await);
    let client = node.subscribe("room:1", None).await;
    let first = other.publish("room:1", "0").await.expect("published");
    client.sees(1).await;
    proxy.cut();
    for number in 1..frames {
        other.publish("room:1", &number.to_string()).await.expect("published");
    }
    proxy.heal();
    eventually("it is back", || (node.broker.health().state == BusState::Up).then_some(())).await;
    other.publish("room:1", "last").await.expect("published");
    (node, client, first, proxy)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_has_no_longer_is_found_in_the_history() {
    let Some(redis) = RedisServer::start() else { return };
    let (node, client, first, _proxy) = away(&redis, RETENTION, 600).await;
    let seen = client.sees(601).await;
    let text = |seq: usize| if seq == 601 { "last".to_owned() } else { (seq - 1).to_string() };
    let expected: Vec<_> = (1..=601).map(|seq| format!("{}:{seq} {}", first.epoch, text(seq))).collect();
    assert_eq!(seen, expected);
    assert!(node.counters.bus_holes_total.get() >= 1);
    assert!(node.counters.bus_recovered_frames_total.get() >= 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_history_has_no_longer_is_told() {
    let Some(redis) = RedisServer::start() else { return };
    let (_node, client, first, _proxy) = away(&redis, Retention { frames: 100, ..RETENTION }, 600).await;
    let seen = client.sees(2).await;
    let gap = seen[1].strip_prefix(&format!("gap {}:", first.epoch)).expect("a gap");
    let (oldest, latest) = gap.split_once("..").expect("a range");
    let latest: u64 = latest.parse().expect("a number");
    assert!(oldest == (latest - 99).to_string() && latest >= 600, "{gap}");
    // And from there on everything.
    let rest = eventually("the last", || client.seen().last().filter(|last| last.ends_with("last")).cloned());
    let last = if latest == 601 { String::new() } else { rest.await };
    assert!(last.is_empty() || last == format!("{}:601 last", first.epoch));
    assert_eq!(client.seen().len() as u64, 2 + 601 - latest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_gone_is_missed() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    let proxy = ChaosProxy::start(redis.address());
    let far = Node::start(config(&redis.url_at(proxy.address()))).await;
    let distant = far.subscribe("room:1", None).await;
    let first = node.publish("room:1", "a").await.expect("published");
    distant.sees(1).await;
    proxy.cut();
    node.publish("room:1", "b").await.expect("published");
    redis.ask(&["DEL", "tightwire:{3}:stream"]);
    proxy.heal();
    let expected = [format!("{}:1 a", first.epoch), format!("{}:2 b", first.epoch)];
    assert_eq!(client.sees(2).await, expected);
    assert_eq!(distant.sees(2).await, expected);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(node.publish("room:1", "c").await.expect("published").seq, 3);
    assert_eq!(distant.sees(3).await[2], format!("{}:3 c", first.epoch));
}
