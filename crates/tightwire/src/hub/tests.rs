//! The hub against a model: whoever is subscribed gets every frame that is published meanwhile, once and in order, however
//! walks, subscriptions and publishing are interleaved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use tightwire_proto::contract::{Contract, Delivery};
use tightwire_proto::envelope::{Head, Stamp};
use tightwire_proto::frame::OutboundFrame;
use tracing::Span;
use uuid::Uuid;

use super::failures::Failures;
use super::*;

fn frame(topic: &str, number: usize) -> OutboundFrame {
    let head = Head {
        stamp: Stamp { id: Uuid::nil(), unix_ms: 0, correlation_id: Uuid::nil() },
        wire_type: "t".into(),
        topic: topic.into(),
        delivery: Delivery::Durable,
        heartbeat: false,
    };
    head.encode(&number).expect("it encodes")
}

#[derive(Clone, Debug)]
enum Op {
    Publish { topic: usize },
    Attach { topic: usize, peer: usize },
    Detach { topic: usize, peer: usize },
    CatchUp { topic: usize, peer: usize },
    Step { most: usize },
}

const TOPICS: [&str; 3] = ["a", "b", "c"];
const PEERS: usize = 6;

fn op() -> impl Strategy<Value = Op> {
    let (topic, peer) = (0..TOPICS.len(), 0..PEERS);
    prop_oneof![
        4 => topic.clone().prop_map(|topic| Op::Publish { topic }),
        3 => (topic.clone(), peer.clone()).prop_map(|(topic, peer)| Op::Attach { topic, peer }),
        2 => (topic.clone(), peer.clone()).prop_map(|(topic, peer)| Op::Detach { topic, peer }),
        1 => (topic, peer).prop_map(|(topic, peer)| Op::CatchUp { topic, peer }),
        4 => (1..4_usize).prop_map(|most| Op::Step { most }),
    ]
}

proptest! {
    #[test]
    fn everyone_gets_what_is_published_while_they_are_subscribed(ops in prop::collection::vec(op(), 1..120)) {
        let counters = Arc::new(Counters::new(&Contract::EMPTY));
        let peers: Vec<_> = (0..PEERS).map(|_| Peer::without_socket(&counters)).collect();
        let shard = Shard::default();
        let mut subscribed = BTreeSet::new();
        // By connection and topic. Frames of different topics have no order.
        let mut expected = BTreeMap::<_, Vec<u8>>::new();
        let mut failures = Failures::default();
        let found = |peer: usize, topic: usize| peers[peer].outbound().waiting_for(TOPICS[topic]);
        for (number, op) in ops.into_iter().enumerate() {
            match op {
                Op::Publish { topic } => {
                    let frame = frame(TOPICS[topic], number);
                    for (topic, peer) in subscribed.iter().filter(|(subscribed, _)| *subscribed == topic) {
                        expected.entry((*peer, *topic)).or_default().extend_from_slice(frame.wire());
                    }
                    shard.pending().push(frame, Span::none());
                }
                Op::Attach { topic, peer } => {
                    prop_assert_eq!(shard.attach(&TOPICS[topic].into(), &peers[peer]), subscribed.insert((topic, peer)));
                }
                Op::Detach { topic, peer } => {
                    let was_there = shard.detach(TOPICS[topic], &peers[peer], &mut failures);
                    prop_assert_eq!(was_there, subscribed.remove(&(topic, peer)));
                    // All of it, at once; and nothing comes after it, as the end shows.
                    prop_assert_eq!(found(peer, topic), expected.get(&(peer, topic)).cloned().unwrap_or_default());
                }
                Op::CatchUp { topic, peer } => {
                    shard.catch_up(TOPICS[topic], &peers[peer], &mut failures);
                    prop_assert_eq!(found(peer, topic), expected.get(&(peer, topic)).cloned().unwrap_or_default());
                }
                Op::Step { most } => shard.step(most, &counters, &mut failures),
            }
        }
        while !shard.pending().is_written() {
            shard.step(2, &counters, &mut failures);
        }
        for (peer, topic) in (0..PEERS).flat_map(|peer| (0..TOPICS.len()).map(move |topic| (peer, topic))) {
            prop_assert_eq!(found(peer, topic), expected.remove(&(peer, topic)).unwrap_or_default());
        }
    }
}

/// Two topics of the hub that share a shard, or that do not.
fn two_topics(hub: &Hub, share: bool) -> [Arc<str>; 2] {
    let first = Arc::<str>::from("topic:0");
    let second = (1..).map(|number| Arc::<str>::from(format!("topic:{number}")));
    let second = second.into_iter().find(|second| (hub.index(second) == hub.index(&first)) == share);
    [first, second.expect("there are many topics")]
}

#[test]
fn a_hot_topic_does_not_starve_the_others_of_its_shard() {
    let counters = Arc::new(Counters::new(&Contract::EMPTY));
    let hub = Arc::new(Hub::new(Arc::clone(&counters)));
    let [hot, cold] = two_topics(&hub, true);
    let (crowd, reader): (Vec<_>, _) =
        ((0..1000).map(|_| Peer::without_socket(&counters)).collect(), Peer::without_socket(&counters));
    crowd.iter().for_each(|peer| hub.attach(&hot, peer));
    hub.attach(&cold, &reader);
    let shard = hub.shard(&hot);
    shard.pending().push(frame(&hot, 0), Span::none());
    hub.step(shard);
    // The walk over the crowd has begun. Someone who publishes to the hot topic without a pause, as much as is taken:
    shard.pending().push(frame(&hot, 1), Span::none());
    shard.pending().push(frame(&cold, 1), Span::none());
    let mut steps = 0;
    while reader.outbound().waiting_for(&cold).is_empty() {
        while shard.pending().push(frame(&hot, 2), Span::none()) != Duty::Flush {}
        hub.step(shard);
        steps += 1;
        assert!(steps <= 2 * (crowd.len() / STEP + 1), "one walk that has begun and one more");
    }
    hub.flush();
}

#[test]
fn whoever_subscribes_or_leaves_waits_for_a_step_and_not_for_a_walk() {
    let counters = Arc::new(Counters::new(&Contract::EMPTY));
    let hub = Arc::new(Hub::new(Arc::clone(&counters)));
    let topic = Arc::<str>::from("topic");
    let peers: Vec<_> = (0..10 * STEP).map(|_| Peer::without_socket(&counters)).collect();
    peers.iter().for_each(|peer| hub.attach(&topic, peer));
    let late = Peer::without_socket(&counters);
    let shard = hub.shard(&topic);
    shard.pending().push(frame(&topic, 0), Span::none());
    hub.step(shard);
    let reached = || peers.iter().filter(|peer| !peer.outbound().waiting_for(&topic).is_empty()).count();
    assert_eq!(reached(), STEP);
    // Neither makes the walk go on for anyone else.
    hub.attach(&topic, &late);
    hub.detach(&topic, &peers[5 * STEP]);
    assert_eq!(reached(), STEP + 1);
    hub.flush();
    assert_eq!(reached(), peers.len());
    assert!(late.outbound().waiting_for(&topic).is_empty(), "it was published before");
}

#[test]
fn topics_of_different_shards_are_walked_at_the_same_time() {
    let counters = Arc::new(Counters::new(&Contract::EMPTY));
    let hub = Arc::new(Hub::new(Arc::clone(&counters)));
    let topics = two_topics(&hub, false);
    let peers: Vec<_> =
        (0..2).map(|_| (0..3 * STEP).map(|_| Peer::without_socket(&counters)).collect::<Vec<_>>()).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    for (topic, peers) in topics.iter().zip(&peers) {
        peers.iter().for_each(|peer| hub.attach(topic, peer));
    }
    // The first walk is stuck at its first subscriber, whose connection is held; the second is not held up by it.
    let held = peers[0][0].outbound().hold_up();
    let _in_runtime = runtime.enter();
    hub.deliver(frame(&topics[0], 0));
    hub.deliver(frame(&topics[1], 0));
    let got = |which: usize| {
        peers[which].iter().filter(|peer| !peer.outbound().waiting_for(&topics[which]).is_empty()).count()
    };
    while got(1) < peers[1].len() {
        std::thread::yield_now();
    }
    drop(held);
    while got(0) < peers[0].len() {
        std::thread::yield_now();
    }
}

/// What was used and left takes no memory; what is there stays.
#[test]
fn maps_that_were_large_give_their_memory_back() {
    let counters = Arc::new(Counters::new(&Contract::EMPTY));
    let shard = Shard::default();
    let mut failures = Failures::default();
    let peers: Vec<_> = (0..2000).map(|_| Peer::without_socket(&counters)).collect();
    let names: Vec<Arc<str>> = (0..2000).map(|number| format!("topic:{number}").into()).collect();
    for (peer, name) in peers.iter().zip(&names) {
        assert!(shard.attach(&names[0], peer) && (*name == names[0] || shard.attach(name, peer)));
    }
    let (topics, subscribers) = shard.room(&names[0]);
    assert!(topics >= 2000 && subscribers >= 2000, "{topics} {subscribers}");
    for (peer, name) in peers.iter().zip(&names).skip(10) {
        assert!(shard.detach(&names[0], peer, &mut failures) && shard.detach(name, peer, &mut failures));
    }
    let (topics, subscribers) = shard.room(&names[0]);
    assert!(topics < 200 && subscribers < 200, "{topics} {subscribers}");
    for peer in &peers[..10] {
        assert!(!shard.attach(&names[0], peer), "it was there all the time");
    }
}
