//! Several nodes are one system: every subscriber has each topic's frames once, in order, with the same positions.

use std::time::Duration;

use futures_util::FutureExt;
use tightwire_proto::frame::Position;
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::Retention;
use tightwire_testbed::RedisServer;
use tokio::time::sleep;
use uuid::Uuid;

use super::node::{Node, RETENTION, Seen, config, eventually};
use crate::broker::{Broker, BusState};
use crate::fixture::publication;

const TOPICS: usize = 6;
const FRAMES: usize = 300;

fn topic(number: usize) -> String {
    format!("room:{number}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_shows_the_same_frames_once_and_in_order() {
    let Some(redis) = RedisServer::start() else { return };
    let nodes = [
        Node::start(config(&redis.url())).await,
        Node::start(config(&redis.url())).await,
        Node::start(config(&redis.url())).await,
    ];
    let mut clients = Vec::new();
    for node in &nodes {
        for number in 0..TOPICS {
            clients.push(node.subscribe(&topic(number), None).await);
        }
    }
    let publishing = nodes.iter().enumerate().map(|(index, node)| async move {
        let own = (0..FRAMES).map(|number| async move {
            let text = format!("{index}.{number}");
            node.publish(&topic(number % TOPICS), &text).await.expect("published")
        });
        futures_util::future::join_all(own).await
    });
    futures_util::future::join_all(publishing).await;
    let expected = nodes.len() * FRAMES / TOPICS;
    let mut first: Vec<Seen> = Vec::new();
    for (index, client) in clients.iter().enumerate() {
        let seen = client.sees(expected).await;
        assert_eq!(seen.len(), expected);
        let epoch = seen[0].split(':').next().expect("an epoch").to_owned();
        for (seq, frame) in (1..).zip(&seen) {
            assert!(frame.starts_with(&format!("{epoch}:{seq} ")), "{frame} is not {seq} of {epoch}");
        }
        match first.get(index % TOPICS) {
            None => first.push(seen),
            Some(first) => assert_eq!(&seen, first, "nodes differ"),
        }
    }
    let mut texts: Vec<&str> = first.iter().flatten().map(|frame| frame.split_once(' ').expect("a text").1).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), nodes.len() * FRAMES, "each was published once");
}

/// The connection for questions may be there before the one that reads.
#[tokio::test(flavor = "multi_thread")]
async fn who_subscribes_before_a_node_reads_misses_nothing() {
    let Some(redis) = RedisServer::start() else { return };
    let (writer, late) = (Node::start(config(&redis.url())).await, Node::new(config(&redis.url()), RETENTION));
    let begin = writer.position("room:1").await;
    writer.publish("room:1", "before").await.expect("published");
    let starting = async {
        sleep(Duration::from_millis(200)).await;
        writer.publish("room:1", "meanwhile").await.expect("published");
        late.broker.start().await.expect("Redis serves");
    };
    let (client, ()) = tokio::join!(late.subscribe("room:1", Some(&begin)), starting);
    writer.publish("room:1", "after").await.expect("published");
    let epoch = &begin.epoch;
    let expected = [format!("{epoch}:1 before"), format!("{epoch}:2 meanwhile"), format!("{epoch}:3 after")];
    assert_eq!(client.sees(expected.len()).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_with_a_position_misses_nothing_and_gets_nothing_twice() {
    let Some(redis) = RedisServer::start() else { return };
    let (writer, reader) = (Node::start(config(&redis.url())).await, Node::start(config(&redis.url())).await);
    let begin = reader.position("room:1").await;
    let publishing = async {
        for number in 0..400 {
            writer.publish("room:1", &number.to_string()).await.expect("published");
        }
    };
    let subscribing = async {
        let mut clients = Vec::new();
        for seq in 0..40 {
            let after = Position { seq: reader.position("room:1").await.seq.min(seq), ..begin.clone() };
            clients.push((after.seq, reader.subscribe("room:1", Some(&after)).await));
            sleep(Duration::from_millis(2)).await;
        }
        clients
    };
    let ((), clients) = tokio::join!(publishing, subscribing);
    for (after, client) in clients {
        let seen = client.sees(400 - after as usize).await;
        let expected: Vec<_> = (after + 1..=400).map(|seq| format!("{}:{seq} {}", begin.epoch, seq - 1)).collect();
        assert_eq!(seen, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_is_handed_out_when_it_is_done() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    for number in 1..=50 {
        let position = node.publish("room:1", "a").await.expect("published");
        node.hub.catch_up("room:1", &client.peer);
        assert_eq!((position.seq, client.seen().len()), (number, number as usize));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_kept_has_no_position_and_the_same_order() {
    let Some(redis) = RedisServer::start() else { return };
    let (one, other) = (Node::start(config(&redis.url())).await, Node::start(config(&redis.url())).await);
    let client = other.subscribe("room:1", None).await;
    let first = one.publish("room:1", "a").await.expect("published");
    assert_eq!(one.blip("room:1", "b").await.expect("published"), first);
    let last = one.publish("room:1", "c").await.expect("published");
    let epoch = &first.epoch;
    assert_eq!(client.sees(3).await, [format!("{epoch}:1 a"), "b".to_owned(), format!("{epoch}:2 c")]);
    assert_eq!((last.seq, other.position("room:1").await), (2, last.clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_flat_protocols_are_carried_too() {
    use tightwire_proto::contract::Delivery;
    use tightwire_proto::flat;
    use tightwire_proto::frame::Tag;
    let Some(redis) = RedisServer::start() else { return };
    let (one, other) = (Node::start(config(&redis.url())).await, Node::start(config(&redis.url())).await);
    let client = other.subscribe("BTC-USD", None).await;
    let tag = Tag {
        id: Uuid::from_u128(1),
        wire_type: "ticker".into(),
        topic: "BTC-USD".into(),
        correlation_id: Uuid::from_u128(2),
        delivery: Delivery::Latest,
        heartbeat: false,
    };
    let payload = serde_json::json!({"type": "note", "epoch": "", "seq": 1.5, "data": {"text": "as it is"}});
    let frame = flat::encode(tag, &payload).expect("encodes");
    one.broker.broadcast(frame.clone()).await.expect("published");
    assert_eq!(client.sees(1).await, [":1.5 as it is"]);
    assert_eq!(client.peer.outbound().waiting_for("BTC-USD"), frame.wire());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_complete_or_a_gap() {
    let Some(redis) = RedisServer::start() else { return };
    let retention = Retention { frames: 3, ..RETENTION };
    let node = Node::start_with(config(&redis.url()), retention).await;
    let other = Node::start_with(config(&redis.url()), retention).await;
    let mut ids = Vec::new();
    for text in ["a", "b", "c", "d", "e"] {
        let publication = publication("room:1", tightwire_proto::contract::Delivery::Durable, text);
        ids.push(publication.head().stamp.id);
        node.broker.publish(publication).await.expect("published");
    }
    let at = other.position("room:1").await;
    assert_eq!(at.seq, 5);
    let check = async |start: ReplayStart, expected: Result<&[&str], (u64, u64)>| {
        let found = other.history("room:1", &start).await;
        let found = found.as_deref().map_err(|gap| (gap.oldest, gap.latest));
        assert_eq!(found.map(|texts| texts.iter().map(String::as_str).collect()), expected.map(<[_]>::to_vec));
    };
    let after = |epoch: &str, seq| ReplayStart::Position((&Position { epoch: epoch.into(), seq }).into());
    check(after(&at.epoch, 5), Ok(&[])).await;
    check(after(&at.epoch, 3), Ok(&["d", "e"])).await;
    check(after(&at.epoch, 2), Ok(&["c", "d", "e"])).await;
    check(after(&at.epoch, 1), Err((3, 5))).await;
    check(after(&at.epoch, 6), Err((3, 5))).await;
    check(after("another", 5), Err((3, 5))).await;
    check(ids[3].into(), Ok(&["e"])).await;
    check(ids[4].into(), Ok(&[])).await;
    check(ids[0].into(), Err((3, 5))).await;
    check(Uuid::nil().into(), Err((3, 5))).await;
    // A topic without frames has a position all the same, and the same on every node.
    let begin = node.position("room:2").await;
    assert_eq!((begin.seq, &begin), (0, &other.position("room:2").await));
    assert_eq!(redis.ask(&["KEYS", "*room:2*"]).list(), [], "and nothing is kept of it");
    assert_eq!(node.history("room:2", &after(&begin.epoch, 0)).await, Ok(Vec::new()));
    let gap = node.history("room:2", &after("another", 0)).await.expect_err("a gap");
    assert_eq!((gap.oldest, gap.latest), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_bounded_by_age_and_bytes() {
    let Some(redis) = RedisServer::start() else { return };
    let retention = Retention { age: Duration::from_millis(400), bytes: 10_000, ..RETENTION };
    let node = Node::start_with(config(&redis.url()), retention).await;
    let all = ReplayStart::FrameId(Uuid::nil());
    for _ in 0..8 {
        node.publish("room:1", &"x".repeat(1800)).await.expect("published");
    }
    let gap = node.history("room:1", &all).await.expect_err("a gap");
    assert_eq!((gap.oldest, gap.latest), (5, 8), "four of 2000 bytes fit, a fifth does not");
    assert_eq!(redis.ask(&["XLEN", "tightwire:{3}:topic:room:1"]).number(), Some(4));
    sleep(Duration::from_millis(500)).await;
    let gap = node.history("room:1", &all).await.expect_err("a gap");
    assert_eq!((gap.oldest, gap.latest), (0, 8), "all are too old");
    let at = node.position("room:1").await;
    let position = node.publish("room:1", "young").await.expect("published");
    assert_eq!((position.seq, &position.epoch), (9, &at.epoch));
    assert_eq!(node.history("room:1", &ReplayStart::Position((&at).into())).await, Ok(vec!["young".to_owned()]));
    let gap = node.history("room:1", &all).await.expect_err("a gap");
    assert_eq!((gap.oldest, gap.latest), (9, 9));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_forgotten_begins_in_an_epoch_that_it_never_had() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start_with(config(&redis.url()), Retention { age: Duration::from_millis(50), ..RETENTION }).await;
    let client = node.subscribe("room:1", None).await;
    let mut epochs = std::collections::HashSet::new();
    for _ in 0..2 {
        let at = node.publish("room:1", "a").await.expect("published");
        assert_eq!(at.seq, 1);
        assert!(epochs.insert(at.epoch.clone()), "{epochs:?}");
        eventually("it is forgotten", || {
            (redis.ask(&["EXISTS", "tightwire:{3}:meta:room:1"]).number() == Some(0)).then_some(())
        })
        .await;
        let gap = node.history("room:1", &ReplayStart::Position((&at).into())).await.expect_err("a gap");
        assert_eq!((gap.oldest, gap.latest), (0, 0));
        assert_ne!(gap.epoch, at.epoch);
    }
    // Nothing was lost, so that nobody is told of a gap.
    assert!(client.sees(2).await.iter().all(|frame| frame.ends_with(":1 a")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_brings_no_former_epoch_back() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let begin = node.position("room:1").await.epoch;
    let of_the_shard = begin.strip_suffix(".0").expect("it is new");
    // As it is when seven such times were over before.
    redis.ask(&["HSET", "tightwire:{3}:state", "period", "7"]);
    assert_eq!(*node.position("room:1").await.epoch, *format!("{of_the_shard}.7"));
    assert_eq!(*node.publish("room:1", "a").await.expect("published").epoch, *format!("{of_the_shard}.7"));
}

/// A connection that is gone before the broker is there does not start it twice.
/// In one thread: nothing that the start waits for happens while it is polled.
#[tokio::test]
async fn a_start_that_is_given_up_is_gone_on_with() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::new(config(&redis.url()), RETENTION);
    for _ in 0..3 {
        assert!(node.broker.start().now_or_never().is_none(), "it cannot be there at once");
    }
    node.broker.start().await.expect("Redis serves");
    let client = node.subscribe("room:1", None).await;
    for text in ["a", "b"] {
        node.blip("room:1", text).await.expect("published");
    }
    node.publish("room:1", "c").await.expect("published");
    let seen = client.sees(3).await;
    assert_eq!(seen[..2], ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_differ_are_refused() {
    let Some(redis) = RedisServer::launch().password("secret").start() else { return };
    let _node = Node::start(config(&redis.url())).await;
    let mut other = config(&redis.url());
    other.shards = 5;
    let refused = Node::new(other, RETENTION);
    let error = refused.broker.start().await.expect_err("another number of shards");
    assert!(error.to_string().contains("spread over 4 streams, and this server is set to 5"), "{error}");
    let mut braces = config(&redis.url());
    braces.prefix = "a{b}".to_owned();
    let error = Node::new(braces, RETENTION).broker.start().await.expect_err("the hash tag would be another");
    assert!(error.to_string().contains("without braces"), "{error}");
    let nobody = Node::new(config(&format!("redis://{}", redis.address())), RETENTION);
    let error = nobody.broker.start().await.expect_err("no password");
    assert!(error.to_string().contains("NOAUTH") && error.to_string().contains("user:password@host"), "{error}");
    let stranger = Node::new(config(&format!("redis://:wrong@{}", redis.address())), RETENTION);
    let error = stranger.broker.start().await.expect_err("a wrong password").to_string();
    assert!(error.contains("refuses to serve") && !error.contains("wrong"), "{error}");
    assert!(error.contains("user:password@host"), "{error}");
    assert_eq!(stranger.broker.health().state, BusState::Down);
}
