//! Nodes that have missed what their stream has no longer: they bring their subscribers what they have missed with few
//! questions, and nobody is told of a gap that is none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tightwire_testbed::{ChaosProxy, Direction, RedisServer};
use tokio::runtime::Handle;

use super::node::{Node, RETENTION, config, eventually};
use crate::broker::redis::link::Link;
use crate::broker::redis::reading::Reading;
use crate::broker::{Broker, BusState};
use crate::config::RedisConfig;

const FRAMES: usize = 600;

/// The settings of nodes whose streams are short.
fn short(url: &str) -> RedisConfig {
    RedisConfig { stream_frames: 50, ..config(url) }
}

/// A node whose reader is where the test lets it be. It asks through the proxy.
struct ByHand {
    node: Node,
    reading: Reading,
    link: Link,
    proxy: ChaosProxy,
}

impl ByHand {
    async fn start(redis: &RedisServer) -> Self {
        let proxy = ChaosProxy::start(redis.address());
        let node = Node::new(short(&redis.url_at(proxy.address())), RETENTION);
        let core = &node.broker.core;
        core.runtime.get_or_init(Handle::current);
        let link = Link::open(&short(&redis.url()), &core.scripts, &core.groups[0].key).await.expect("Redis serves");
        let mut reading = Reading::new(Arc::clone(core), 0);
        reading.check(&link).await.expect("an answer");
        Self { node, reading, link, proxy }
    }

    async fn read(&mut self) {
        self.reading.read_once(&self.link).await.expect("an answer");
    }

    /// Reads until it has found out that something is missing.
    async fn miss(&mut self) {
        while self.node.counters.bus_holes_total.get() == 0 {
            self.read().await;
        }
    }
}

/// Publishes more than a stream keeps. Returns what a subscriber sees of it.
async fn publish(writer: &Node) -> Vec<String> {
    let publishing = (0..FRAMES).map(|number| async move {
        let at = writer.publish("room:1", &number.to_string()).await.expect("published");
        format!("{}:{} {number}", at.epoch, at.seq)
    });
    join_all(publishing).await
}

/// The reader finds out that something is missing while the answer to a subscriber is on its way, which was true before.
#[tokio::test(flavor = "multi_thread")]
async fn who_subscribes_while_something_is_missing_gets_all_of_it() {
    let Some(redis) = RedisServer::start() else { return };
    let writer = Node::start(short(&redis.url())).await;
    let late = ByHand::start(&redis).await;
    let ByHand { node, mut reading, link, proxy } = late;
    // Now it has the connection on which it asks.
    let begin = node.position("room:1").await;
    proxy.stall(Direction::ToClient);
    let missing = async {
        eventually("an answer is on its way", || (proxy.held(Direction::ToClient) > 0).then_some(())).await;
        let expected = publish(&writer).await;
        while node.counters.bus_holes_total.get() == 0 {
            reading.read_once(&link).await.expect("an answer");
        }
        proxy.heal();
        expected
    };
    let (client, expected) = tokio::join!(node.subscribe("room:1", Some(&begin)), missing);
    assert_eq!(client.sees(FRAMES).await, expected);
}

/// Where a topic was in an epoch that is over is not where its subscribers are, and they are not told of a gap.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_forgotten_is_caught_up_with_from_where_it_began() {
    let Some(redis) = RedisServer::start() else { return };
    let writer = Node::start(short(&redis.url())).await;
    let mut late = ByHand::start(&redis).await;
    let first = late.node.subscribe("room:1", None).await;
    let old = writer.publish("room:1", "old").await.expect("published");
    late.read().await;
    first.sees(1).await;
    // As it is when its keys have expired.
    redis.ask(&["DEL", "tightwire:{3}:meta:room:1", "tightwire:{3}:topic:room:1"]);
    redis.ask(&["HSET", "tightwire:{3}:state", "epochs", "later"]);
    let begin = late.node.position("room:1").await;
    assert!(begin.seq == 0 && begin.epoch != old.epoch, "{begin:?}");
    let second = late.node.subscribe("room:1", None).await;
    let expected = publish(&writer).await;
    late.miss().await;
    assert_eq!(second.sees(FRAMES).await, expected);
    assert_eq!(first.sees(FRAMES + 1).await[1..], expected);
}

/// How often a command was called.
pub(super) fn calls(redis: &RedisServer, command: &str) -> u64 {
    let all = redis.info(&format!("cmdstat_{command}"));
    let calls = all.strip_prefix("calls=").and_then(|rest| rest.split(',').next()?.parse().ok());
    calls.unwrap_or_else(|| panic!("{all}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_topics_are_caught_up_with_in_few_steps() {
    const TOPICS: usize = 10_000;
    const CHANGED: usize = 500;
    let Some(redis) = RedisServer::start() else { return };
    let proxy = ChaosProxy::start(redis.address());
    let node = Node::start(short(&redis.url_at(proxy.address()))).await;
    let other = Node::start(short(&redis.url())).await;
    let mut clients = Vec::new();
    for number in 0..TOPICS {
        clients.push(node.subscribe(&format!("room:{number}"), None).await);
    }
    proxy.cut();
    let publishing = (0..2 * CHANGED).map(|number| {
        let other = &other;
        async move { other.publish(&format!("room:{}", number % CHANGED), "a").await.expect("published") }
    });
    join_all(publishing).await;
    redis.ask(&["CONFIG", "RESETSTAT"]);
    redis.ask(&["CONFIG", "SET", "slowlog-log-slower-than", "100000"]);
    redis.ask(&["SLOWLOG", "RESET"]);
    proxy.heal();
    let began = Instant::now();
    let (mut slowest, mut seq) = (Duration::ZERO, 0);
    while node.counters.bus_recovered_frames_total.get() < 1000 {
        let published = Instant::now();
        seq = other.publish("elsewhere", "a").await.expect("published").seq;
        slowest = slowest.max(published.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(began.elapsed() < Duration::from_secs(20), "{}", node.counters.bus_recovered_frames_total.get());
    }
    let took = began.elapsed();
    for client in &clients[..CHANGED] {
        assert_eq!(client.sees(2).await.len(), 2);
    }
    assert!(clients[CHANGED..].iter().all(|client| client.seen().is_empty()), "nobody is told of a gap");
    let asked = calls(&redis, "evalsha") - seq;
    assert!(asked < 300, "{asked} calls for {TOPICS} topics");
    assert!(took < Duration::from_secs(10) && slowest < Duration::from_secs(1), "{took:?}, others waited {slowest:?}");
    assert_eq!(redis.ask(&["SLOWLOG", "LEN"]).number(), Some(0), "Redis was held up");
    assert_eq!(node.broker.health().state, BusState::Up);
}

/// What waits for a node that was away does not come all at once, however large it is.
#[tokio::test(flavor = "multi_thread")]
async fn much_that_was_missed_is_read_in_parts() {
    const LARGE: usize = 256 << 10;
    let Some(redis) = RedisServer::start() else { return };
    let proxy = ChaosProxy::start(redis.address());
    let node = Node::start(config(&redis.url_at(proxy.address()))).await;
    let other = Node::start(config(&redis.url())).await;
    for number in 0..100 {
        // Small frames say nothing about those that follow.
        other.publish("room:1", &number.to_string()).await.expect("published");
    }
    node.position("room:1").await;
    proxy.cut();
    for _ in 0..64 {
        other.publish("room:1", &"x".repeat(LARGE)).await.expect("published");
    }
    drop(other);
    redis.ask(&["CONFIG", "RESETSTAT"]);
    proxy.heal();
    eventually("it is back", || (node.broker.health().state == BusState::Up).then_some(())).await;
    node.position("room:1").await;
    let reads = calls(&redis, "xread");
    assert!(reads >= 4, "{} MiB came in {reads} reads", (64 * LARGE) >> 20);
}
