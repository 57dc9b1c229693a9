//! Where Redis is: behind a Sentinel, in a cluster, behind a password.

use std::time::Duration;

use tightwire_testbed::{RedisCluster, RedisSentinel, RedisServer};

use tokio::time::sleep;

use super::node::{Node, RETENTION, config, eventually};
use crate::broker::{Broker, BusState};
use crate::config::{RedisConfig, RedisLogin};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_needs_only_the_keys_of_the_prefix() {
    let rules = "~tightwire:* +ping +info +eval +evalsha +script|load +xread +xadd +xrange +xrevrange +xtrim +hmget +hget \
                 +hset +get +set +del +exists +pexpire +time";
    let Some(redis) = RedisServer::launch().user("chat", "secret", rules).start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    node.publish("room:1", "a").await.expect("published");
    assert_eq!(client.sees(1).await.len(), 1);
    let mut elsewhere = config(&redis.url());
    elsewhere.prefix = "other".to_owned();
    let error = Node::new(elsewhere, RETENTION).broker.start().await.expect_err("not its keys");
    assert!(error.to_string().contains("NoPerm") || error.to_string().contains("NOPERM"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sentinel_says_who_the_master_is_and_who_is_next() {
    let Some(mut redis) = RedisSentinel::start() else { return };
    let (one, other) = (Node::start(config(&redis.url())).await, Node::start(config(&redis.url())).await);
    let client = other.subscribe("room:1", None).await;
    let first = one.publish("room:1", "a").await.expect("published");
    client.sees(1).await;
    redis.fail_over();
    one.insist("room:1", "b").await;
    let seen = client.sees(2).await;
    // The replica may have missed the last: then its topics begin anew, and that is told.
    let has_lost = seen[1].starts_with("gap ");
    let last = eventually("b", || client.seen().last().filter(|last| last.ends_with(" b")).cloned()).await;
    assert_eq!(last == format!("{}:2 b", first.epoch), !has_lost, "{:?}", client.seen());
    eventually("both are back", || {
        [&one, &other].iter().all(|node| node.broker.health().state == BusState::Up).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sentinel_may_want_a_password_of_its_own() {
    for (launch, login) in [
        (RedisServer::launch().password("hunter2"), RedisLogin::password("hunter2")),
        (RedisServer::launch().user("watch", "hunter2", "+@all"), RedisLogin::user("watch", "hunter2")),
    ] {
        let Some(mut redis) = RedisSentinel::start_with(launch) else { return };
        let of = |sentinel| RedisConfig { sentinel, ..config(&redis.url()) };
        for wrong in [None, Some(RedisLogin::password("another"))] {
            let error = Node::new(of(wrong), RETENTION).broker.start().await.expect_err("not its password").to_string();
            assert!(error.contains("the Sentinel at") && !error.contains("another"), "{error}");
        }
        let node = Node::start(of(Some(login))).await;
        let first = node.publish("room:1", "a").await.expect("published");
        redis.until_replicated();
        redis.fail_over();
        let second = node.insist("room:1", "b").await;
        assert_eq!((second.seq, second.epoch), (2, first.epoch));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shards_of_a_cluster_are_on_different_servers() {
    let Some(redis) = RedisCluster::start() else { return };
    let addresses: Vec<_> = redis.addresses().iter().map(ToString::to_string).collect();
    let url = format!("redis+cluster://{}", addresses.join(","));
    let (one, other) = (Node::start(config(&url)).await, Node::start(config(&url)).await);
    for number in 0..8 {
        let topic = format!("room:{number}");
        let client = other.subscribe(&topic, None).await;
        for seq in 1..=20 {
            assert_eq!(one.publish(&topic, "a").await.expect("published").seq, seq);
        }
        assert_eq!(client.sees(20).await.len(), 20);
    }
    let owners: std::collections::HashSet<_> =
        (0..4).map(|shard| redis.owner(&format!("tightwire:{{{shard}}}:state")).address()).collect();
    assert!(owners.len() > 1, "all shards are on one server");
}

/// Moves a slot of a cluster with all its keys, as `redis-cli --cluster reshard` does.
fn reshard(redis: &RedisCluster, key: &str) {
    let from = redis.owner(key);
    let to = redis.nodes.iter().find(|node| node.address() != from.address()).expect("there are three");
    let name = |node: &RedisServer| node.ask(&["CLUSTER", "MYID"]).text().expect("a name").to_owned();
    let slot = from.ask(&["CLUSTER", "KEYSLOT", key]).number().expect("a number").to_string();
    let (from_name, to_name) = (name(from), name(to));
    to.ask(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_name]);
    from.ask(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_name]);
    loop {
        let keys = from.ask(&["CLUSTER", "GETKEYSINSLOT", &slot, "10"]);
        let keys: Vec<&str> = keys.list().iter().filter_map(tightwire_testbed::Reply::text).collect();
        if keys.is_empty() {
            break;
        }
        let port = to.address().port().to_string();
        from.ask(&[&["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "REPLACE", "KEYS"], &keys[..]].concat());
    }
    for node in [to, from] {
        node.ask(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_name]);
    }
    for node in &redis.nodes {
        node.ask(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_name]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_may_move_to_another_server_of_the_cluster() {
    let Some(redis) = RedisCluster::start() else { return };
    let addresses: Vec<_> = redis.addresses().iter().map(ToString::to_string).collect();
    let url = format!("redis+cluster://{}", addresses.join(","));
    let (one, other) = (Node::start(config(&url)).await, Node::start(config(&url)).await);
    let client = other.subscribe("room:1", None).await;
    let first = one.publish("room:1", "0").await.expect("published");
    let publishing = async {
        for number in 1..300 {
            one.insist("room:1", &number.to_string()).await;
        }
    };
    let moving = async {
        for _ in 0..3 {
            sleep(Duration::from_millis(100)).await;
            reshard(&redis, "tightwire:{3}:state");
        }
    };
    tokio::join!(publishing, moving);
    let expected: Vec<_> = (1..=300).map(|seq| format!("{}:{seq} {}", first.epoch, seq - 1)).collect();
    assert_eq!(client.sees(300).await, expected);
}
