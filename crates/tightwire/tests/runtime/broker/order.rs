//! Positions, order, and who gets what.

use std::collections::{HashMap, HashSet};

use tightwire::Config;

use super::reader::Reader;
use super::system::{Kind, System};
use crate::client::with_limits;

pub(super) async fn positions_are_dense_and_the_same_everywhere(kind: Kind) {
    const FRAMES: u64 = 100;
    let system = System::open(kind, Config::default()).await;
    let mut readers = Vec::new();
    for number in 0..4 {
        readers.push(Reader::of(system.node(number), "a").await);
    }
    let mut positions = Vec::new();
    for number in 0..FRAMES {
        positions.push(system.node(number as usize).post("a", "x").await);
    }
    assert!(positions.iter().map(|position| position.seq).eq(1..=FRAMES));
    assert!(positions.iter().all(|position| position.epoch == positions[0].epoch));
    for position in positions {
        let first = readers[0].next().await;
        assert_eq!((first["seq"].as_u64(), first["epoch"].as_str()), (Some(position.seq), Some(&*position.epoch)));
        for reader in &mut readers[1..] {
            assert_eq!(reader.next().await, first);
        }
    }
}

pub(super) async fn everyone_sees_the_order_of_each_publisher(kind: Kind) {
    const PUBLISHERS: usize = 6;
    const EACH: usize = 50;
    let system = System::open(kind, Config::default()).await;
    let mut readers = vec![Reader::of(system.node(0), "a").await, Reader::of(system.node(1), "a").await];
    let publish = |publisher: usize| {
        let site = system.node(publisher);
        async move {
            for number in 0..EACH {
                site.post("a", &format!("{publisher} {number}")).await;
            }
        }
    };
    futures_util::future::join_all((0..PUBLISHERS).map(publish)).await;
    let mut orders = Vec::new();
    for reader in &mut readers {
        orders.push(reader.posted(0, (PUBLISHERS * EACH) as u64).await);
    }
    assert_eq!(orders[0], orders[1]);
    let mut next = HashMap::new();
    for text in &orders[0] {
        let (publisher, number) = text.split_once(' ').expect("two numbers");
        let next = next.entry(publisher).or_insert(0);
        assert_eq!(number, next.to_string(), "of publisher {publisher}");
        *next += 1;
    }
}

pub(super) async fn many_topics_have_positions_of_their_own(kind: Kind) {
    const TOPICS: usize = 300;
    let config = with_limits(|limits| limits.subscriptions_per_connection = 1000);
    let system = System::open(kind, config).await;
    let rooms: Vec<String> = (0..TOPICS).map(|number| number.to_string()).collect();
    let mut reader = Reader::on(system.node(1)).await;
    let topics: Vec<String> = rooms.iter().map(|room| format!("room:{room}")).collect();
    reader.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let publish = |room: &str| {
        let (site, room) = (system.node(0), room.to_owned());
        async move {
            for seq in 1..=2 {
                assert_eq!(site.post(&room, "x").await.seq, seq, "{room}");
            }
        }
    };
    futures_util::future::join_all(rooms.iter().map(|room| publish(room))).await;
    let mut seen: HashMap<String, u64> = HashMap::new();
    for _ in 0..2 * TOPICS {
        let frame = reader.next().await;
        let last = seen.entry(frame["topic"].as_str().expect("a topic").to_owned()).or_default();
        *last += 1;
        assert_eq!(frame["seq"], *last);
    }
    assert_eq!(seen.len(), TOPICS);
}

pub(super) async fn what_is_not_kept_has_no_position(kind: Kind) {
    let system = System::open(kind, Config::default()).await;
    let mut readers = vec![Reader::of(system.node(0), "a").await, Reader::of(system.node(1), "a").await];
    let first = system.node(0).post("a", "1").await;
    for node in 0..2 {
        assert_eq!(system.node(node).typing("a").await, first, "the topic's newest position");
    }
    system.node(1).post("a", "2").await;
    for reader in &mut readers {
        reader.expect(&["posted#1 1", "typing", "typing", "posted#2 2"]).await;
    }
    let start = serde_json::json!({"epoch": first.epoch, "seq": 0});
    let mut late = Reader::after(system.node(0), "a", start).await;
    late.expect(&["posted#1 1", "posted#2 2"]).await;
    late.settle().await;
    // A topic that never had a frame has a position all the same, which stays what it is.
    let empty = system.node(0).typing("b").await;
    assert_eq!(empty.seq, 0);
    let first = system.node(1).post("b", "1").await;
    assert_eq!(first.seq, 1);
}

pub(super) async fn who_is_not_subscribed_gets_nothing(kind: Kind) {
    let system = System::open(kind, Config::default()).await;
    // What the witness got, everyone on its node would have got.
    let mut witness = Reader::on(system.node(1)).await;
    witness.subscribe(&["room:a", "room:b"]).await;
    let mut reader = Reader::of(system.node(1), "a").await;
    system.node(0).post("b", "elsewhere").await;
    witness.expect(&["posted#1 elsewhere"]).await;
    reader.settle().await;
    system.node(0).post("a", "1").await;
    reader.expect(&["posted#1 1"]).await;
    witness.expect(&["posted#1 1"]).await;
    reader.send("unsubscribe", "system", serde_json::json!({"topics": ["room:a"]})).await;
    reader.expect(&["subscription_updated []"]).await;
    system.node(0).post("a", "2").await;
    witness.expect(&["posted#2 2"]).await;
    reader.settle().await;
    // Whoever comes back goes on with what is published from now on.
    reader.subscribe(&["room:a"]).await;
    system.node(0).post("a", "3").await;
    reader.expect(&["posted#3 3"]).await;
}

/// Also where there are many topics, each of which the broker is asked about.
pub(super) async fn who_is_told_to_be_subscribed_misses_nothing(kind: Kind) {
    const TOPICS: usize = 100;
    let system = System::open(kind, Config::default()).await;
    let mut reader = Reader::on(system.node(0)).await;
    let topics: Vec<String> = (0..TOPICS).map(|number| format!("room:{number}")).collect();
    reader.send("subscribe", "system", serde_json::json!({ "topics": topics })).await;
    assert_eq!(reader.next().await["type"], "subscription_updated");
    for number in (0..TOPICS).rev() {
        system.node(1).post(&number.to_string(), "x").await;
    }
    let mut missing: HashSet<String> = topics.into_iter().collect();
    while !missing.is_empty() {
        let frame = reader.next().await;
        assert!(missing.remove(frame["topic"].as_str().expect("a topic")), "{frame}");
    }
    reader.settle().await;
}
