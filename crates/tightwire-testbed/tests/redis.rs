//! The Redis server of a test does what the test relies on.

use std::net::TcpStream;

use tightwire_testbed::{RedisCluster, RedisSentinel, RedisServer, Reply};

#[track_caller]
fn check_value(redis: &RedisServer, expected: Option<&str>) {
    assert_eq!(redis.ask(&["GET", "key"]).text(), expected);
}

#[test]
fn what_is_appended_survives_a_stop_and_a_crash() {
    let Some(mut redis) = RedisServer::launch().append_only().start() else { return };
    let address = redis.address();
    redis.ask(&["SET", "key", "one"]);
    redis.stop();
    assert!(TcpStream::connect(address).is_err(), "nobody listens");
    redis.start_again();
    assert_eq!(redis.address(), address);
    check_value(&redis, Some("one"));
    redis.ask(&["SET", "key", "two"]);
    redis.kill();
    redis.start_again();
    check_value(&redis, Some("two"));
    redis.start_empty();
    assert_eq!(redis.address(), address);
    check_value(&redis, None);
}

#[test]
fn without_a_file_a_restart_is_empty() {
    let Some(mut redis) = RedisServer::start() else { return };
    redis.ask(&["SET", "key", "value"]);
    redis.stop();
    redis.start_again();
    check_value(&redis, None);
}

#[test]
fn a_pause_delays_answers() {
    let Some(redis) = RedisServer::start() else { return };
    let mut wire = redis.wire();
    redis.pause();
    let asking = std::thread::spawn(move || wire.ask(&["PING"]).expect("an answer"));
    // The system still accepts connections.
    TcpStream::connect(redis.address()).expect("connected");
    assert!(!asking.is_finished());
    redis.resume();
    assert_eq!(asking.join().expect("no panic"), Reply::Text("PONG".to_owned()));
}

#[test]
fn only_who_is_known_gets_in() {
    let Some(redis) = RedisServer::launch().password("secret").start() else { return };
    assert!(redis.url().starts_with("redis://default:secret@127.0.0.1:"));
    check_value(&redis, None);
    let mut stranger = tightwire_testbed::Wire::connect(redis.address()).expect("connected");
    assert!(stranger.ask(&["GET", "key"]).expect("an answer").to_string().starts_with("error NOAUTH"));

    let rules = "~ours:* &* +@all";
    let Some(redis) = RedisServer::launch().user("chat", "secret", rules).start() else { return };
    assert!(redis.url().starts_with("redis://chat:secret@127.0.0.1:"));
    assert_eq!(redis.ask(&["GET", "ours:key"]), Reply::Nil);
    assert!(redis.wire().ask(&["GET", "theirs"]).expect("an answer").to_string().starts_with("error NOPERM"));
}

#[test]
fn answers_of_every_kind_are_read() {
    let Some(redis) = RedisServer::start() else { return };
    let script = "return {1, 'two', {}, false, {'three', redis.status_reply('four')}}";
    assert_eq!(redis.ask(&["EVAL", script, "0"]).to_string(), "1 two  nil three four");
    assert!(redis.wire().ask(&["NONSENSE"]).expect("an answer").to_string().starts_with("error ERR unknown command"));
    assert!(redis.info("redis_version").starts_with(|first: char| first.is_ascii_digit()));
}

#[test]
fn a_cluster_shares_its_slots() {
    let Some(cluster) = RedisCluster::start() else { return };
    let mut owners = std::collections::HashSet::new();
    for key in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        cluster.owner(key).ask(&["SET", key, "value"]);
        owners.insert(cluster.owner(key).address());
    }
    assert_eq!(owners.len(), 3, "eight keys are spread over all nodes");
    let other = cluster.nodes.iter().find(|node| node.address() != cluster.owner("a").address()).expect("another");
    assert!(other.wire().ask(&["GET", "a"]).expect("an answer").to_string().starts_with("error MOVED"));
}

#[test]
fn a_sentinel_promotes_the_replica() {
    let Some(mut sentinel) = RedisSentinel::start() else { return };
    assert_eq!(sentinel.master_address(), sentinel.master.address());
    sentinel.master.ask(&["SET", "key", "value"]);
    sentinel.until_replicated();
    sentinel.link.cut();
    sentinel.master.ask(&["SET", "key", "late"]);
    sentinel.fail_over();
    check_value(&sentinel.replica, Some("value"));
    sentinel.replica.ask(&["SET", "key", "other"]);
}
