//! A node of a system, without anything but its broker and its hub; and a client of it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tightwire_proto::contract::Delivery;
use tightwire_proto::frame::Position;
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::{Gap, Retention};
use tightwire_proto::session::Voice;
use tokio::time::{Instant, sleep};

use crate::broker::redis::RedisBroker;
use crate::broker::{Broker, History};
use crate::config::RedisConfig;
use crate::fixture::{CONTRACT, publication};
use crate::hub::Hub;
use crate::metrics::Counters;
use crate::peer::Peer;
use crate::publisher::PublishError;

pub(super) const RETENTION: Retention = Retention { frames: 1000, age: Duration::from_secs(600), bytes: 1 << 20 };

/// The settings for the Redis at `url`, with few shards.
pub(super) fn config(url: &str) -> RedisConfig {
    let mut config = RedisConfig::new(url.parse().expect("a URL"));
    config.shards = 4;
    config
}

/// A node.
pub(super) struct Node {
    pub(super) broker: Arc<RedisBroker>,
    pub(super) hub: Arc<Hub>,
    pub(super) counters: Arc<Counters>,
}

/// A client of a node, subscribed to a topic.
pub(super) struct Client {
    topic: Arc<str>,
    pub(super) peer: Arc<Peer>,
}

/// What a client was sent, in short: `epoch:seq text`, or `gap epoch:oldest..latest`.
pub(super) type Seen = Vec<String>;

impl Node {
    /// A node that is not started.
    pub(super) fn new(config: RedisConfig, retention: Retention) -> Self {
        let counters = Arc::new(Counters::new(&CONTRACT));
        let hub = Arc::new(Hub::new(Arc::clone(&counters)));
        let voice = Arc::new(Voice::new(&CONTRACT));
        let (of_hub, of_counters) = (Arc::clone(&hub), Arc::clone(&counters));
        let broker = Arc::new(RedisBroker::new(config, &CONTRACT, retention, of_hub, voice, of_counters, 0));
        Self { broker, hub, counters }
    }

    pub(super) async fn start(config: RedisConfig) -> Self {
        Self::start_with(config, RETENTION).await
    }

    pub(super) async fn start_with(config: RedisConfig, retention: Retention) -> Self {
        let node = Self::new(config, retention);
        node.broker.start().await.expect("Redis serves");
        node
    }

    pub(super) async fn publish(&self, topic: &str, text: &str) -> Result<Position, PublishError> {
        self.broker.publish(publication(topic, Delivery::Durable, text)).await
    }

    /// Publishes what is not kept.
    pub(super) async fn blip(&self, topic: &str, text: &str) -> Result<Position, PublishError> {
        self.broker.publish(publication(topic, Delivery::Ephemeral, text)).await
    }

    /// Publishes again until it is done.
    pub(super) async fn insist(&self, topic: &str, text: &str) -> Position {
        for _ in 0..500 {
            match self.publish(topic, text).await {
                Ok(position) => return position,
                Err(PublishError::Unavailable(_)) => sleep(Duration::from_millis(50)).await,
                Err(error) => panic!("{error}"),
            }
        }
        panic!("Redis does not come back")
    }

    /// Subscribes as a connection does, after a position if there is one.
    pub(super) async fn subscribe(&self, topic: &str, after: Option<&Position>) -> Client {
        let client = Client { topic: topic.into(), peer: Peer::without_socket(&self.counters) };
        let Client { topic, peer } = &client;
        self.hub.catch_up(topic, peer);
        peer.outbound().hold(topic);
        self.hub.attach(topic, peer);
        let mut sent = None;
        if let Some(after) = after {
            match self.broker.history(topic, &ReplayStart::Position(after.into())).await.expect("a history") {
                History::Complete(frames) => {
                    sent = frames.newest().and_then(|frame| frame.position().cloned());
                    frames.for_each(|frame| assert!(peer.outbound().send(frame)));
                }
                History::Gap(gap) => panic!("{gap:?}"),
            }
        }
        self.broker.position(topic).await.expect("a position");
        self.hub.catch_up(topic, peer);
        peer.outbound().release(topic, sent.as_ref());
        client
    }

    pub(super) async fn position(&self, topic: &str) -> Position {
        self.broker.position(topic).await.expect("a position")
    }

    /// The texts that the history has after a start, or the gap.
    pub(super) async fn history(&self, topic: &str, after: &ReplayStart) -> Result<Vec<String>, Gap> {
        match self.broker.history(topic, after).await.expect("a history") {
            History::Complete(frames) => {
                let text = |payload: &[u8]| {
                    let frame: Value = serde_json::from_slice(payload).expect("JSON");
                    frame["data"]["text"].as_str().expect("a text").to_owned()
                };
                Ok(frames.iter().map(|frame| text(frame.payload())).collect())
            }
            History::Gap(gap) => Err(gap),
        }
    }
}

impl Client {
    /// What it was sent of its topic.
    pub(super) fn seen(&self) -> Seen {
        let wire = self.peer.outbound().waiting_for(&self.topic);
        let (mut rest, mut seen) = (&*wire, Vec::new());
        while let Some(payload) = next(&mut rest) {
            let frame: Value = serde_json::from_slice(payload).expect("JSON");
            let data = &frame["data"];
            seen.push(match frame["type"].as_str().expect("a type") {
                "replay_gap" => {
                    format!("gap {}:{}..{}", text(&data["epoch"]), data["oldest_seq"], data["latest_seq"])
                }
                "note" => format!("{}:{} {}", text(&frame["epoch"]), frame["seq"], text(&data["text"])),
                _ => text(&data["text"]).to_owned(),
            });
        }
        seen
    }

    /// Waits until it has seen so much.
    pub(super) async fn sees(&self, count: usize) -> Seen {
        eventually(&format!("{count} frames of {}", self.topic), || {
            let seen = self.seen();
            (seen.len() >= count).then_some(seen)
        })
        .await
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The payload of the next unmasked frame.
fn next<'a>(wire: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (header, length) = match *wire.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes([wire[2], wire[3]]))),
        127 => panic!("no test has such long frames"),
        length => (2, usize::from(length)),
    };
    let (frame, rest) = wire.split_at(header + length);
    *wire = rest;
    Some(&frame[header..])
}

/// Waits until there is something.
pub(super) async fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within half a minute");
        sleep(Duration::from_millis(5)).await;
    }
}
