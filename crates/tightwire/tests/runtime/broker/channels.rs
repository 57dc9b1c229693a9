//! Channels on which other programs publish.

use std::time::Duration;

use serde_json::json;
use tightwire::Config;
use tightwire_testbed::{ChaosProxy, RedisServer};
use tokio::time::{sleep, timeout};

use super::reader::Reader;
use super::system::{PATIENCE, with_redis};
use crate::http::Site;

const CHANNELS: [&str; 3] = ["feed", "chat.*.text=posted@room:{1}", "typing=typing@room:a"];

/// Two nodes that have the same channels, each with a proxy between itself and Redis.
struct Nodes {
    sites: [Site; 2],
    proxies: [ChaosProxy; 2],
    redis: RedisServer,
}

impl Nodes {
    /// `None` where Redis is not installed.
    async fn start() -> Option<Self> {
        let redis = RedisServer::start()?;
        let proxies = [ChaosProxy::start(redis.address()), ChaosProxy::start(redis.address())];
        let site = |index: usize| Site::running(config(&redis.url_at(proxies[index].address()), &CHANNELS));
        let nodes = Self { sites: [site(0).await, site(1).await], proxies, redis };
        nodes.until_heard_by(2).await;
        Some(nodes)
    }

    /// Publishes as another program does; how many have heard it.
    fn publish(&self, channel: &str, payload: &str) -> i64 {
        self.redis.ask(&["PUBLISH", channel, payload]).number().expect("a number")
    }

    /// Waits until so many nodes hear the channels, and one of them is the listener.
    async fn until_heard_by(&self, nodes: i64) {
        let all = async {
            while self.publish("chat.nowhere.text", "0") != nodes || self.heard().await == [0, 0] {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, all).await.expect("in time");
    }

    /// How many messages each node has heard as the listener.
    async fn heard(&self) -> [u64; 2] {
        [self.counter(0, "channel_messages_total").await, self.counter(1, "channel_messages_total").await]
    }

    async fn counter(&self, node: usize, name: &str) -> u64 {
        let counters = self.sites[node].get("/api/dashboard/metrics/websockets").await.json();
        counters[name].as_u64().unwrap_or_else(|| panic!("no {name} in {counters}"))
    }

    /// Which node is the listener; it was heard lately.
    async fn listener(&self) -> usize {
        let before = self.heard().await;
        self.publish("chat.nowhere.text", "0");
        let one = async {
            loop {
                let heard = self.heard().await;
                match (0..2).find(|node| heard[*node] > before[*node]) {
                    Some(node) => return node,
                    None => sleep(Duration::from_millis(20)).await,
                }
            }
        };
        timeout(PATIENCE, one).await.expect("in time")
    }
}

fn config(url: &str, channels: &[&str]) -> Config {
    let mut config = with_redis(Config { handshake_rate: None, max_body_bytes: 1000, ..Config::default() }, url);
    let redis = config.redis.as_mut().expect("Redis");
    redis.channels = channels.iter().map(|channel| channel.parse().expect("a channel")).collect();
    config
}

fn text(text: impl ToString) -> String {
    json!({"text": text.to_string()}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_on_a_channel_reaches_clients_of_every_node_once() {
    let Some(nodes) = Nodes::start().await else { return };
    let mut readers = [Reader::of(&nodes.sites[0], "a").await, Reader::of(&nodes.sites[1], "a").await];
    for number in 0..200 {
        assert_eq!(nodes.publish("chat.a.text", &text(number)), 2);
    }
    let feed = json!({"topic": "room:a", "type": "posted", "data": {"text": "last"}});
    nodes.publish("feed", &feed.to_string());
    nodes.publish("typing", &text("…"));
    let expected: Vec<_> = (0..200).map(|number| number.to_string()).chain(["last".to_owned()]).collect();
    for reader in &mut readers {
        assert_eq!(reader.posted(0, 201).await, expected);
        let typing = reader.next().await;
        assert_eq!((&typing["type"], &typing["data"]), (&json!("typing"), &json!({"text": "…"})), "{typing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_follow_the_contract_is_dropped_and_counted() {
    let Some(nodes) = Nodes::start().await else { return };
    let mut reader = Reader::of(&nodes.sites[1], "a").await;
    let listener = nodes.listener().await;
    let refused = nodes.counter(listener, "channel_messages_refused_total").await;
    let long = text("x".repeat(1000));
    let wrong = [
        ("chat.a.text", "not JSON"),
        ("chat.a.text", ""),
        ("chat.a.text", "{}"),
        ("chat.a.text", r#"{"text":7}"#),
        ("chat.a.text", &long),
        ("feed", r#"{"text":"a"}"#),
        ("feed", r#"{"topic":"room:a","type":"nothing","data":{}}"#),
        ("feed", r#"{"topic":"room:a","type":"pong","data":{}}"#),
        ("feed", r#"{"topic":"nowhere","type":"posted","data":{"text":"a"}}"#),
        ("feed", r#"{"topic":"room:a","type":"posted","data":{"text":"a"},"more":1}"#),
    ];
    for (channel, payload) in wrong {
        nodes.publish(channel, payload);
    }
    nodes.publish("chat.a.text", &text("right"));
    assert_eq!(reader.posted(0, 1).await, ["right"]);
    let now = nodes.counter(listener, "channel_messages_refused_total").await;
    assert_eq!(now - refused, wrong.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_node_listens_when_the_listener_is_cut_off() {
    let Some(nodes) = Nodes::start().await else { return };
    let former = nodes.listener().await;
    nodes.proxies[former].cut();
    let other = async {
        loop {
            nodes.publish("chat.nowhere.text", "0");
            if nodes.heard().await[1 - former] > 0 {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, other).await.expect("in time");
    nodes.proxies[former].heal();
    nodes.until_heard_by(2).await;
    let mut readers = [Reader::of(&nodes.sites[0], "a").await, Reader::of(&nodes.sites[1], "a").await];
    nodes.publish("chat.a.text", &text("once"));
    nodes.publish("chat.a.text", &text("more"));
    for reader in &mut readers {
        assert_eq!(reader.posted(0, 2).await, ["once", "more"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_ends_lets_another_listen_at_once() {
    let Some(nodes) = Nodes::start().await else { return };
    let former = nodes.listener().await;
    let name = || nodes.redis.ask(&["GET", "tightwire:{channels}:listener"]).text().map(str::to_owned);
    let first = name();
    assert!(first.is_some());
    nodes.sites[former].server.shutdown().await;
    let other = async {
        while name().is_none() || name() == first {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, other).await.expect("in time");
}

#[tokio::test]
async fn channels_that_cannot_be_right_keep_a_server_from_starting() {
    for (channel, expected) in [
        ("a=nothing@room:a", "`nothing` is not a message that the server sends"),
        ("a=pong@system", "`pong` is a message between the server and one client"),
        ("a=posted@nowhere", "there is no topic `nowhere`"),
    ] {
        let server =
            tightwire::Server::new(crate::protocol::Rooms::default(), config("redis://127.0.0.1:1", &[channel]));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let error = server.run(listener, std::future::ready(())).await.expect_err(channel).to_string();
        assert_eq!(error, format!("the channel `a` (`redis_channels`): {expected}"));
    }
}
