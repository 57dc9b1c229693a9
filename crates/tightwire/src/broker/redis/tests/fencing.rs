//! What waits to be published while somebody else takes over.

use std::time::Duration;

use tightwire_proto::contract::Delivery;
use tightwire_proto::frame::Position;
use tightwire_testbed::{ChaosProxy, Direction, RedisCluster, RedisServer};

use super::node::{Node, config, eventually};
use crate::broker::{Broker, Fence};
use crate::config::RedisConfig;
use crate::fixture::publication;
use crate::publisher::PublishError;

impl Node {
    async fn behind(&self, term: u64, text: &str) -> Result<Position, PublishError> {
        let fence = Fence { name: "answer".into(), term };
        self.broker.publish_behind(fence, publication("room:1", Delivery::Durable, text)).await
    }

    async fn take_over(&self) -> u64 {
        self.broker.take_over("room:1", "answer").await.expect("Redis runs")
    }
}

fn patient(config: RedisConfig) -> RedisConfig {
    RedisConfig { publish_timeout: Duration::from_secs(60), ..config }
}

/// A node that is cut off, and another.
async fn nodes(redis: &RedisServer, proxy: &ChaosProxy) -> (Node, Node) {
    let cut_off = Node::start(patient(config(&redis.url_at(proxy.address())))).await;
    (cut_off, Node::start(config(&redis.url())).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_meanwhile_is_refused_and_the_rest_is_published() {
    let Some(redis) = RedisServer::start() else { return };
    let proxy = ChaosProxy::start(redis.address());
    let (cut_off, other) = nodes(&redis, &proxy).await;
    let client = other.subscribe("room:1", None).await;
    cut_off.behind(0, "piece").await.expect("nobody has taken over");
    proxy.cut();
    let waiting = async {
        // In the order in which they are handed in, and in one batch.
        tokio::join!(cut_off.behind(0, "late"), cut_off.publish("room:1", "free"), cut_off.behind(0, "later"))
    };
    let meanwhile = async {
        eventually("they wait", || (cut_off.counters.bus_queue_frames.get() == 3).then_some(())).await;
        let term = other.take_over().await;
        other.behind(term, "end").await.expect("it has taken over");
        proxy.heal();
    };
    let ((late, free, later), ()) = tokio::join!(waiting, meanwhile);
    for refused in [late, later] {
        assert!(matches!(&refused, Err(PublishError::Fenced(name)) if **name == *"answer"), "{refused:?}");
    }
    let Position { epoch, seq } = free.expect("nobody has anything against it");
    assert_eq!(seq, 3);
    // What comes then is published as ever.
    cut_off.publish("room:1", "last").await.expect("Redis runs");
    let expected = ["1 piece", "2 end", "3 free", "4 last"].map(|text| format!("{epoch}:{text}"));
    assert_eq!(client.sees(4).await, expected);
}

/// The publication was done and is sent again, as its answer is lost: by then somebody has taken over.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_before_is_acknowledged_after() {
    let Some(redis) = RedisServer::start() else { return };
    let proxy = ChaosProxy::start(redis.address());
    let (cut_off, other) = nodes(&redis, &proxy).await;
    let client = other.subscribe("room:1", None).await;
    proxy.stall(Direction::ToClient);
    let meanwhile = async {
        client.sees(1).await;
        let term = other.take_over().await;
        other.behind(term, "end").await.expect("it has taken over");
        proxy.reset();
        proxy.heal();
    };
    let (piece, ()) = tokio::join!(cut_off.behind(0, "piece"), meanwhile);
    piece.expect("it was published, and its publisher is told so");
    assert_eq!(cut_off.counters.bus_retried_total.get(), 1);
    let refused = cut_off.behind(0, "late").await;
    assert!(matches!(refused, Err(PublishError::Fenced(_))), "{refused:?}");
    let seen = client.seen();
    assert!(seen.len() == 2 && seen[1].ends_with(":2 end"), "{seen:?}");
}

/// What is sent, hangs in the network, and arrives after it was sent again and refused, is refused as well.
#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_late_is_refused_too() {
    let Some(redis) = RedisServer::start() else { return };
    let proxy = ChaosProxy::start(redis.address());
    let (cut_off, other) = nodes(&redis, &proxy).await;
    let client = other.subscribe("room:1", None).await;
    cut_off.behind(0, "piece").await.expect("nobody has taken over");
    proxy.stall(Direction::ToServer);
    let meanwhile = async {
        // More than a question of the reader.
        proxy.until_held(Direction::ToServer, 600);
        let term = other.take_over().await;
        other.behind(term, "end").await.expect("it has taken over");
        proxy.detach();
    };
    let (late, ()) = tokio::join!(cut_off.behind(0, "late"), meanwhile);
    assert!(matches!(late, Err(PublishError::Fenced(_))), "{late:?}");
    proxy.deliver_late();
    cut_off.publish("room:1", "free").await.expect("Redis runs");
    let seen = client.sees(3).await;
    assert!(seen.len() == 3 && seen[1].ends_with(":2 end") && seen[2].ends_with(":3 free"), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_is_where_its_topic_is_in_a_cluster() {
    let Some(redis) = RedisCluster::start() else { return };
    let node = Node::start(config(&format!("redis+cluster://{}", redis.addresses()[0]))).await;
    assert_eq!((node.take_over().await, node.take_over().await), (1, 2));
    assert!(matches!(node.behind(1, "late").await, Err(PublishError::Fenced(_))));
    assert_eq!(node.behind(2, "x").await.expect("it has taken over").seq, 1);
}

/// A token that nobody remembers may have been taken over from: only those that never needed remembering pass.
#[tokio::test(flavor = "multi_thread")]
async fn a_fence_expires_a_day_after_its_use_and_then_shuts_out_its_last_holder() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let term = node.take_over().await;
    let key = "tightwire:{3}:fence:6:room:1:answer";
    redis.ask(&["PEXPIRE", key, "60000"]);
    node.behind(term, "x").await.expect("it has taken over");
    let left = redis.ask(&["PTTL", key]).number().expect("a number");
    assert!(left > 23 * 3600 * 1000, "using it keeps it: {left}");
    redis.ask(&["DEL", key]);
    assert!(matches!(node.behind(term, "x").await, Err(PublishError::Fenced(_))));
    node.behind(0, "y").await.expect("it is as it was in the beginning");
}
