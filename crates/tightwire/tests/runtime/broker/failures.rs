//! Two nodes that lose their Redis, or each other, seen by their clients: nothing that was acknowledged is lost, nothing
//! is doubled, and whoever has missed something is told.

use std::time::Duration;

use serde_json::{Value, json};
use tightwire::proto::inbound::StreamPosition;
use tightwire::{Config, PublishError, Server};
use tightwire_testbed::redis::Launch;
use tightwire_testbed::{ChaosProxy, Direction, RedisCluster, RedisSentinel, RedisServer};
use tokio::time::timeout;

use super::reader::Reader;
use super::system::{PATIENCE, with_redis};
use crate::client::Client;
use crate::http::Site;
use crate::logs::logged;
use crate::protocol::{Posted, Room, Rooms};

/// Two nodes, each with a proxy between itself and Redis.
struct Nodes {
    sites: [Site; 2],
    proxies: [ChaosProxy; 2],
    redis: RedisServer,
}

impl Nodes {
    /// `None` where Redis is not installed.
    async fn start(launch: Launch) -> Option<Self> {
        Self::start_with(launch, |config| config).await
    }

    async fn start_with(launch: Launch, change: impl Fn(Config) -> Config) -> Option<Self> {
        let redis = launch.start()?;
        let proxies = [ChaosProxy::start(redis.address()), ChaosProxy::start(redis.address())];
        let open =
            |proxy: &ChaosProxy| Site::running(change(with_redis(Config::default(), &redis.url_at(proxy.address()))));
        Some(Self { sites: [open(&proxies[0]).await, open(&proxies[1]).await], proxies, redis })
    }

    /// A reader of `room:a` on each node.
    async fn readers(&self) -> [Reader; 2] {
        [Reader::of(&self.sites[0], "a").await, Reader::of(&self.sites[1], "a").await]
    }
}

/// Publishes to `room:a` in a task of its own.
fn posting(site: &Site, text: &str) -> tokio::task::JoinHandle<Result<StreamPosition, PublishError>> {
    let (publisher, message) = (site.server.publisher(), Posted { text: text.to_owned() });
    tokio::spawn(async move { publisher.publish(&Room::named("a"), &message).await })
}

async fn posted(posting: tokio::task::JoinHandle<Result<StreamPosition, PublishError>>) -> StreamPosition {
    timeout(PATIENCE, posting).await.expect("in time").expect("no panic").expect("published")
}

/// Waits for the gap that tells of a new epoch, and gives the epoch.
async fn told(reader: &mut Reader, former: &str) -> String {
    let gap = reader.next().await;
    assert_eq!((&gap["type"], &gap["data"]["latest_seq"]), (&json!("replay_gap"), &json!(0)), "{gap}");
    let epoch = gap["data"]["epoch"].as_str().expect("an epoch");
    assert_ne!(epoch, former);
    epoch.to_owned()
}

/// Both readers get what comes next, in the same epoch.
async fn check_goes_on(readers: &mut [Reader; 2], position: &StreamPosition, text: &str) {
    for reader in readers {
        let frame = reader.next().await;
        let found = (&frame["epoch"], &frame["seq"], &frame["data"]["text"]);
        assert_eq!(found, (&json!(position.epoch), &json!(position.seq), &json!(text)), "{frame}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_catches_up() {
    let Some(nodes) = Nodes::start(RedisServer::launch()).await else { return };
    let mut readers = nodes.readers().await;
    let first = nodes.sites[0].post("a", "1").await;
    check_goes_on(&mut readers, &first, "1").await;
    nodes.proxies[1].cut();
    let waiting = posting(&nodes.sites[1], "from the other side");
    for number in 2..=50 {
        nodes.sites[0].post("a", &number.to_string()).await;
    }
    // The other half of the system goes on.
    assert_eq!(readers[0].posted(1, 50).await.last().map(String::as_str), Some("50"));
    nodes.proxies[1].heal();
    let position = posted(waiting).await;
    assert_eq!((position.seq, &position.epoch), (51, &first.epoch));
    let expected: Vec<String> = (2..=50).map(|number| number.to_string()).collect();
    assert_eq!(readers[1].posted(1, 50).await, expected);
    check_goes_on(&mut readers, &position, "from the other side").await;
}

/// As `a_node_that_is_cut_off_catches_up`, but no connection ends: the node's half-open ones have to be found out.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_swallows_everything_is_noticed() {
    let Some(nodes) = Nodes::start(RedisServer::launch()).await else { return };
    let mut readers = nodes.readers().await;
    let first = nodes.sites[0].post("a", "1").await;
    check_goes_on(&mut readers, &first, "1").await;
    nodes.proxies[1].stall_both();
    let waiting = posting(&nodes.sites[1], "3");
    nodes.sites[0].post("a", "2").await;
    nodes.proxies[1].until_held(Direction::ToServer, 100);
    nodes.proxies[1].detach();
    let position = posted(waiting).await;
    assert_eq!(position.seq, 3);
    // What was underway arrives after all, when it was done long ago.
    nodes.proxies[1].deliver_late();
    let last = nodes.sites[1].post("a", "4").await;
    assert_eq!((last.seq, &last.epoch), (4, &first.epoch));
    for reader in &mut readers {
        assert_eq!(reader.posted(1, 4).await, ["2", "3", "4"]);
        reader.settle().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_may_be_stopped_and_started_again() {
    let Some(mut nodes) = Nodes::start(RedisServer::launch().append_only()).await else { return };
    let mut readers = nodes.readers().await;
    let first = nodes.sites[0].post("a", "1").await;
    check_goes_on(&mut readers, &first, "1").await;
    for round in 0..2 {
        if round == 0 {
            nodes.redis.stop();
        } else {
            nodes.redis.kill();
        }
        let before = 1 + 2 * round;
        let waiting = [posting(&nodes.sites[0], "x"), posting(&nodes.sites[1], "y")];
        // Clients may come and go meanwhile, and ask for what cannot be had now.
        nodes.redis.start_again();
        let mut positions = Vec::new();
        for waiting in waiting {
            positions.push(posted(waiting).await);
        }
        assert!(positions.iter().all(|position| position.epoch == first.epoch), "{positions:?}");
        let mut texts = Vec::new();
        for reader in &mut readers {
            texts.push(reader.posted(before, before + 2).await);
        }
        assert_eq!(texts[0], texts[1]);
        assert_eq!(texts[0][usize::from(positions[0].seq > positions[1].seq)], "x");
    }
    let start = json!({"epoch": first.epoch, "seq": 1});
    assert_eq!(Reader::after(&nodes.sites[0], "a", start).await.posted(1, 5).await.len(), 4);
}

async fn check_loss_is_told(lose: impl FnOnce(&mut RedisServer)) {
    let Some(mut nodes) = Nodes::start(RedisServer::launch()).await else { return };
    let mut readers = nodes.readers().await;
    // A topic that nothing was ever said in may lose nothing, but begins anew as well.
    let mut quiet = Reader::of(&nodes.sites[1], "quiet").await;
    let first = nodes.sites[0].post("a", "1").await;
    check_goes_on(&mut readers, &first, "1").await;
    lose(&mut nodes.redis);
    let mut epochs = Vec::new();
    for reader in &mut readers {
        epochs.push(told(reader, &first.epoch).await);
    }
    assert_eq!(epochs[0], epochs[1]);
    told(&mut quiet, &first.epoch).await;
    let position = posted(posting(&nodes.sites[1], "2")).await;
    assert_eq!((position.seq, &position.epoch), (1, &epochs[0]));
    check_goes_on(&mut readers, &position, "2").await;
    // Who was away meanwhile is told too, on any node.
    for site in &nodes.sites {
        let mut late = Reader::after(site, "a", json!({"epoch": first.epoch, "seq": 1})).await;
        late.expect(&["replay_gap 1..1"]).await;
        late.settle().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_is_told_when_redis_comes_back_empty() {
    check_loss_is_told(RedisServer::start_empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_is_told_when_redis_is_flushed() {
    check_loss_is_told(|redis| drop(redis.ask(&["FLUSHALL"]))).await;
}

/// While it does not answer nothing is acknowledged; who asked in vain is told so, and what was acknowledged is there once.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_stands_still_is_waited_for() {
    let impatient = |mut config: Config| {
        config.redis.as_mut().expect("it has one").publish_timeout = Duration::from_millis(300);
        config
    };
    let Some(nodes) = Nodes::start_with(RedisServer::launch(), impatient).await else { return };
    let mut readers = nodes.readers().await;
    let first = nodes.sites[0].post("a", "first").await;
    nodes.redis.pause();
    let mut refused = Vec::new();
    for number in 0..6_usize {
        let text = format!("in vain {number}");
        let error = posting(&nodes.sites[number % 2], &text).await.expect("no panic").expect_err("nobody answers");
        assert!(!matches!(error, PublishError::Encode(_)), "{error}");
        refused.push((text, matches!(error, PublishError::Unconfirmed(_))));
    }
    nodes.redis.resume();
    let last = timeout(PATIENCE, async {
        loop {
            if let Ok(position) = posting(&nodes.sites[0], "last").await.expect("no panic") {
                return position;
            }
        }
    });
    let last = last.await.expect("in time");
    assert_eq!(last.epoch, first.epoch);
    let texts = readers[0].posted(0, last.seq).await;
    assert_eq!(readers[1].posted(0, last.seq).await, texts);
    assert_eq!(texts[0], "first");
    for (text, is_unconfirmed) in refused {
        let times = texts.iter().filter(|found| **found == text).count();
        assert!(times <= usize::from(is_unconfirmed), "{text} came {times} times: {texts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_there_before_its_redis_waits_for_it() {
    let Some(mut redis) = RedisServer::start() else { return };
    redis.stop();
    let site = Site::running(with_redis(Config::default(), &redis.url())).await;
    let mut reader = Reader::on(&site).await;
    let waiting = posting(&site, "1");
    redis.start_again();
    assert_eq!(posted(waiting).await.seq, 1);
    reader.subscribe(&["room:a"]).await;
    posted(posting(&site, "2")).await;
    reader.expect(&["posted#2 2"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_needs_no_more_than_the_keys_of_the_prefix() {
    let rules = "~tightwire:* -@all +@read +@write +@connection +@scripting +info +role +time";
    let Some(nodes) = Nodes::start(RedisServer::launch().user("tightwire", "secret", rules)).await else { return };
    let mut readers = nodes.readers().await;
    let first = nodes.sites[0].post("a", "1").await;
    check_goes_on(&mut readers, &first, "1").await;
}

#[test]
fn topics_of_one_request_that_cannot_be_read_are_one_line_in_the_log() {
    const TOPICS: usize = 10;
    let lines = logged(tracing::Level::ERROR, async {
        let mut config = with_redis(Config::default(), "redis://127.0.0.1:1");
        config.redis.as_mut().expect("it has one").publish_timeout = Duration::from_millis(10);
        let server = Server::new(Rooms::default(), config);
        let mut client = Client::connect(&server, 64 * 1024).await;
        client.event().await;
        let topic = |number: usize| format!("room:{number}");
        let topics: Vec<String> = (0..2 * TOPICS).map(topic).collect();
        let after: serde_json::Map<_, _> =
            (0..TOPICS).map(|number| (topic(number), json!({"epoch": "e", "seq": 1}))).collect();
        for _ in 0..2 {
            client.send("subscribe", "system", json!({"topics": topics, "after": after})).await;
            assert_eq!(client.frame().await.expect("a frame")["type"], "subscription_updated");
            for number in 0..TOPICS {
                let error = client.frame().await.expect("a frame");
                let found = (&error["data"]["code"], &error["topic"]);
                assert_eq!(found, (&json!("unavailable"), &json!(topic(number))), "{error}");
            }
        }
    });
    assert_eq!(lines.len(), 2, "one for each request: {lines:#?}");
}

/// Two nodes that know a Sentinel only.
async fn with_sentinel() -> Option<(RedisSentinel, [Site; 2])> {
    let redis = RedisSentinel::start()?;
    let open = || Site::running(with_redis(Config::default(), &redis.url()));
    let sites = [open().await, open().await];
    Some((redis, sites))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_promoted_is_found() {
    let Some((mut redis, sites)) = with_sentinel().await else { return };
    let mut readers = [Reader::of(&sites[0], "a").await, Reader::of(&sites[1], "a").await];
    let first = sites[0].post("a", "1").await;
    check_goes_on(&mut readers, &first, "1").await;
    redis.until_replicated();
    redis.fail_over();
    let position = posted(posting(&sites[1], "2")).await;
    assert_eq!((position.seq, &position.epoch), (2, &first.epoch));
    check_goes_on(&mut readers, &position, "2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_is_told_what_a_promoted_replica_did_not_have() {
    let Some((mut redis, sites)) = with_sentinel().await else { return };
    let mut readers = [Reader::of(&sites[0], "a").await, Reader::of(&sites[1], "a").await];
    let first = sites[0].post("a", "1").await;
    check_goes_on(&mut readers, &first, "1").await;
    redis.until_replicated();
    redis.link.cut();
    let lost = sites[0].post("a", "2").await;
    check_goes_on(&mut readers, &lost, "2").await;
    redis.fail_over();
    let epoch = told(&mut readers[0], &first.epoch).await;
    assert_eq!(told(&mut readers[1], &first.epoch).await, epoch);
    let position = posted(posting(&sites[1], "3")).await;
    assert_eq!((position.seq, &position.epoch), (1, &epoch));
    check_goes_on(&mut readers, &position, "3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_may_be_spread_over_a_cluster() {
    const ROOMS: usize = 40;
    let Some(redis) = RedisCluster::start() else { return };
    let addresses: Vec<String> = redis.addresses().iter().map(ToString::to_string).collect();
    // Any node of the cluster tells where the others are.
    let open = |address: &str| Site::running(with_redis(Config::default(), &format!("redis+cluster://{address}")));
    let sites = [open(&addresses.join(",")).await, open(&addresses[1]).await];
    let mut reader = Reader::on(&sites[1]).await;
    let topics: Vec<String> = (0..ROOMS).map(|room| format!("room:{room}")).collect();
    reader.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for room in 0..ROOMS {
        for seq in 1..=3 {
            assert_eq!(sites[room % 2].post(&room.to_string(), "x").await.seq, seq);
        }
    }
    let mut seen = std::collections::HashMap::new();
    for _ in 0..3 * ROOMS {
        let frame: Value = reader.next().await;
        let last = seen.entry(frame["topic"].to_string()).or_insert(0_u64);
        *last += 1;
        assert_eq!(frame["seq"], *last, "{frame}");
    }
    assert!(redis.nodes.iter().all(|node| node.ask(&["DBSIZE"]).number() > Some(0)), "each has a part");
}
