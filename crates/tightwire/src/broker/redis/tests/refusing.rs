//! A Redis that is there and does not do what it is asked: whoever publishes is told why, and everything goes on by itself when
//! somebody has mended it.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use tightwire_testbed::{RedisServer, Reply};

use super::node::{Node, config};
use crate::config::RedisConfig;
use crate::publisher::PublishError;

/// Publishes, breaks something, is refused for a reason, mends it, and publishes again. Nothing is lost, doubled or told.
async fn check(redis: &RedisServer, spoil: impl FnOnce(), reasons: &[&str], mend: impl FnOnce()) {
    let hasty = RedisConfig { publish_timeout: Duration::from_secs(1), ..config(&redis.url()) };
    let (node, other) = (Node::start(hasty).await, Node::start(config(&redis.url())).await);
    let client = other.subscribe("room:1", None).await;
    let first = node.publish("room:1", "a").await.expect("published");
    client.sees(1).await;
    spoil();
    match node.publish("room:1", "refused").await {
        Err(PublishError::Unavailable(why)) => {
            assert!(reasons.iter().all(|reason| why.contains(reason)), "{why}");
        }
        other => panic!("{other:?}"),
    }
    mend();
    let second = node.insist("room:1", "b").await;
    assert_eq!((second.seq, &second.epoch), (2, &first.epoch));
    other.insist("room:1", "c").await;
    let expected = [(1, "a"), (2, "b"), (3, "c")].map(|(seq, text)| format!("{}:{seq} {text}", first.epoch));
    assert_eq!(client.sees(3).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_of_somebody_else_that_does_not_end() {
    let Some(redis) = RedisServer::launch().line("busy-reply-threshold 50").start() else { return };
    let mut wire = redis.wire();
    let spoil = || {
        thread::spawn(move || drop(wire.ask(&["EVAL", "while true do end", "0"])));
        let is_busy = || matches!(redis.wire().ask(&["PING"]), Ok(Reply::Error(error)) if error.starts_with("BUSY"));
        while !is_busy() {
            thread::yield_now();
        }
    };
    let mend = || drop(redis.ask(&["SCRIPT", "KILL"]));
    check(&redis, spoil, &["Redis did not take the message in time"], mend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_cannot_be_written_to() {
    let Some(redis) = RedisServer::launch().line("save 3600 1000000").start() else { return };
    redis.ask(&["CONFIG", "SET", "save", "3600 1000000"]);
    let folder = redis.ask(&["CONFIG", "GET", "dir"]).list()[1].text().map(PathBuf::from).expect("a folder");
    let obstacle = folder.join("dump.rdb");
    std::fs::create_dir(&obstacle).expect("its own folder");
    let save = |expected: &str| {
        redis.ask(&["BGSAVE"]);
        while redis.info("rdb_bgsave_in_progress") == "1" || redis.info("rdb_last_bgsave_status") != expected {
            thread::yield_now();
        }
    };
    let mend = || {
        std::fs::remove_dir(&obstacle).expect("its own folder");
        save("ok");
    };
    check(&redis, || save("err"), &["MISCONF", "disk"], mend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_becomes_a_replica() {
    let Some(redis) = RedisServer::start() else { return };
    // Of a master that nobody finds, so that it keeps what it has.
    let spoil = || drop(redis.ask(&["REPLICAOF", "127.0.0.1", "1"]));
    let mend = || drop(redis.ask(&["REPLICAOF", "NO", "ONE"]));
    check(&redis, spoil, &["Redis did not take the message in time"], mend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_loses_a_right() {
    let Some(redis) = RedisServer::start() else { return };
    let spoil = || drop(redis.ask(&["ACL", "SETUSER", "default", "-xadd"]));
    let mend = || drop(redis.ask(&["ACL", "SETUSER", "default", "+xadd"]));
    check(&redis, spoil, &["The user executing the script", "give the user in `redis_url` the rights"], mend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_replicas() {
    let Some(redis) = RedisServer::start() else { return };
    let spoil = || drop(redis.ask(&["CONFIG", "SET", "min-replicas-to-write", "1"]));
    let mend = || drop(redis.ask(&["CONFIG", "SET", "min-replicas-to-write", "0"]));
    check(&redis, spoil, &["NOREPLICAS", "`min-replicas-to-write`"], mend).await;
}

/// While it loads what it has kept it answers everybody that it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_takes_long_to_load() {
    let launch = RedisServer::launch().line("key-load-delay 2000").line("loading-process-events-interval-bytes 1024");
    let Some(mut redis) = launch.start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    let first = node.publish("room:1", "a").await.expect("published");
    redis.ask(&["EVAL", "for number = 1, 500 do redis.call('SET', 'key' .. number, string.rep('x', 200)) end", "0"]);
    redis.ask(&["SAVE"]);
    redis.kill();
    let publishing = node.publish("room:1", "b");
    let loading = async {
        // In here everybody is told for a second that it loads.
        tokio::task::block_in_place(|| redis.start_again());
    };
    let (published, ()) = tokio::join!(publishing, loading);
    assert_eq!(published.expect("published").seq, 2);
    assert!(redis.log().contains("Loading RDB"), "{}", redis.log());
    let expected = [(1, "a"), (2, "b")].map(|(seq, text)| format!("{}:{seq} {text}", first.epoch));
    assert_eq!(client.sees(2).await, expected);
}
