//! Many who ask for the same at once: Redis is asked seldom, for a bounded part each time, and what it says is there once.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tightwire_proto::frame::Position;
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::Retention;
use tightwire_testbed::RedisServer;

use super::missing::calls;
use super::node::{Node, RETENTION, config};
use crate::broker::{Broker, History};
use crate::publisher::PublishError;

const LARGE: Retention = Retention { frames: 10_000, age: Duration::from_secs(600), bytes: 16 << 20 };

/// Publishes so many frames of so many bytes. Returns where the topic was before.
async fn fill(node: &Node, topic: &str, frames: usize, bytes: usize) -> Position {
    let text = "x".repeat(bytes);
    let all = join_all((0..frames).map(|_| node.publish(topic, &text))).await;
    let first = all.into_iter().map(|position| position.expect("published")).min_by_key(|position| position.seq);
    Position { seq: 0, ..first.expect("a frame") }
}

fn after(position: &Position, seq: u64) -> ReplayStart {
    ReplayStart::Position((&Position { seq, ..position.clone() }).into())
}

/// The sequence numbers, and where the frames are.
async fn read(node: &Node, topic: &str, start: &ReplayStart) -> (Vec<u64>, Vec<usize>) {
    let History::Complete(frames) = node.broker.history(topic, start).await.expect("an answer") else {
        panic!("a gap after {start:?}")
    };
    let seq = |frame: &tightwire_proto::frame::OutboundFrame| frame.position().expect("a position").seq;
    frames.map(|frame| (seq(&frame), frame.payload().as_ptr() as usize)).unzip()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_come_back_at_once_share_what_is_read() {
    const CLIENTS: u64 = 500;
    const FRAMES: usize = 1000;
    let Some(redis) = RedisServer::start() else { return };
    let begin = fill(&Node::start_with(config(&redis.url()), LARGE).await, "room:1", FRAMES, 400).await;
    let node = Node::start_with(config(&redis.url()), LARGE).await;
    node.position("room:1").await;
    let expected: Vec<u64> = (1..=FRAMES as u64).collect();
    let before = calls(&redis, "evalsha");
    // They have seen more or less of it.
    let starts: Vec<_> = (0..CLIENTS).map(|client| after(&begin, client)).collect();
    let all = join_all(starts.iter().map(|start| read(&node, "room:1", start))).await;
    let asked = calls(&redis, "evalsha") - before;
    assert!(asked < 50, "{asked} calls for {CLIENTS} clients");
    for (seen, (found, _)) in all.iter().enumerate() {
        assert_eq!(found, &expected[seen..]);
    }
    let places: HashSet<usize> = all.iter().flat_map(|(_, places)| places).copied().collect();
    assert!(places.len() <= 2 * FRAMES, "{} frames were made of {FRAMES}", places.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_is_read_in_parts_while_it_goes_on() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start_with(config(&redis.url()), LARGE).await;
    let begin = fill(&node, "room:1", 1000, 4000).await;
    redis.ask(&["CONFIG", "RESETSTAT"]);
    let (published, reading) = join(fill(&node, "room:1", 200, 4000), read(&node, "room:1", &after(&begin, 0))).await;
    assert_eq!(published.epoch, begin.epoch);
    let (seqs, _) = reading;
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert!(seqs.len() >= 1000, "{}", seqs.len());
    let asked = calls(&redis, "evalsha") - 200;
    assert!(asked >= 4000 * 1000 / (256 << 10), "4 MB came in {asked} parts");
    // By the id of a frame it is the same.
    let all = read(&node, "room:1", &after(&begin, 0)).await.0;
    let History::Complete(frames) = node.broker.history("room:1", &after(&begin, 699)).await.expect("an answer") else {
        panic!("a gap")
    };
    let id = frames.iter().next().expect("a frame").id();
    assert_eq!(read(&node, "room:1", &ReplayStart::FrameId(id)).await.0, all[700..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_of_many_topics_are_asked_for_together() {
    const TOPICS: usize = 400;
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    node.position("room:0").await;
    let before = calls(&redis, "evalsha");
    let topics: Vec<_> = (0..TOPICS).map(|number| format!("room:{number}")).collect();
    let all = join_all(topics.iter().map(|topic| node.position(topic))).await;
    assert!(all.iter().all(|position| position.seq == 0));
    // Of four shards each has its own question, and 64 topics fit into one. Every second the reader looks for itself.
    let asked = calls(&redis, "evalsha") - before;
    assert!(asked < 40, "{asked} calls for {TOPICS} topics");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_room_for_so_much_and_who_finds_none_is_told() {
    let Some(redis) = RedisServer::start() else { return };
    let mut config = config(&redis.url());
    config.publish_timeout = Duration::from_millis(500);
    let node = Node::start_with(config, RETENTION).await;
    let mut histories = Vec::new();
    for number in 0..8 {
        let topic = format!("room:{number}");
        let begin = after(&fill(&node, &topic, 200, 4000).await, 0);
        histories.push((topic, begin));
    }
    // Four times what is kept of a topic.
    let (mut held, mut refused) = (Vec::new(), None);
    for (topic, begin) in &histories {
        match node.broker.history(topic, begin).await {
            Ok(history) => held.push(history),
            Err(error) => refused = Some(error),
        }
    }
    assert!(held.len() == 4 && matches!(refused, Some(PublishError::Unavailable(_))), "{} {refused:?}", held.len());
    // Whoever asks only where a topic is needs none.
    let (topic, begin) = &histories[7];
    assert_eq!(node.position(topic).await.seq, 200);
    held.pop();
    assert_eq!(read(&node, topic, begin).await.0.len(), 200);
}
