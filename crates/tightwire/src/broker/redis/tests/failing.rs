//! Connections that are cut, answers that are lost, and a Redis that says nothing: what was acknowledged is there once,
//! and what was not is told.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tightwire_proto::contract::Delivery;
use tightwire_proto::frame::Position;
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::Retention;
use tightwire_testbed::{ChaosProxy, Direction, RedisServer};
use tokio::time::sleep;
use uuid::Uuid;

use super::node::{Node, RETENTION, config, eventually};
use crate::broker::{Broker, BusState, Once, Published};
use crate::fixture::publication;
use crate::publisher::PublishError;

/// How many frames there are in the history of `room:1`.
fn kept(redis: &RedisServer) -> i64 {
    redis.ask(&["XLEN", "tightwire:{3}:topic:room:1"]).number().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_whose_answer_is_lost_is_not_doubled() {
    let Some(redis) = RedisServer::start() else { return };
    let proxy = ChaosProxy::start(redis.address());
    let node = Node::start(config(&redis.url_at(proxy.address()))).await;
    let other = Node::start(config(&redis.url())).await;
    let client = other.subscribe("room:1", None).await;
    proxy.stall(Direction::ToClient);
    let publishing = node.publish("room:1", "a");
    let losing = async {
        eventually("published", || (kept(&redis) == 1).then_some(())).await;
        proxy.reset();
        proxy.heal();
    };
    let (position, ()) = tokio::join!(publishing, losing);
    let position = position.expect("published");
    assert_eq!((position.seq, kept(&redis)), (1, 1));
    assert_eq!(node.publish("room:1", "b").await.expect("published").seq, 2);
    let epoch = &position.epoch;
    assert_eq!(client.sees(2).await, [format!("{epoch}:1 a"), format!("{epoch}:2 b")]);
    assert_eq!(node.counters.bus_retried_total.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_after_its_repetition_is_not_published_again() {
    let Some(redis) = RedisServer::start() else { return };
    let proxy = ChaosProxy::start(redis.address());
    let node = Node::start(config(&redis.url_at(proxy.address()))).await;
    node.publish("room:1", "a").await.expect("published");
    // The reader's question waits there too, and others may follow.
    proxy.stall(Direction::ToServer);
    let publishing = node.publish("room:1", "b");
    let losing = async {
        proxy.until_held(Direction::ToServer, 400);
        sleep(Duration::from_millis(100)).await;
        proxy.detach();
    };
    let (position, ()) = tokio::join!(publishing, losing);
    assert_eq!((position.expect("published").seq, kept(&redis)), (2, 2));
    proxy.deliver_late();
    assert_eq!(kept(&redis), 2);
    assert_eq!(node.publish("room:1", "c").await.expect("published").seq, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_all_the_time_lose_and_double_nothing() {
    const PUBLISHERS: usize = 8;
    const EACH: usize = 100;
    let Some(redis) = RedisServer::start() else { return };
    let proxy = Arc::new(ChaosProxy::start(redis.address()));
    let retention = Retention { frames: 10_000, bytes: 1 << 24, ..RETENTION };
    let mut patient = config(&redis.url_at(proxy.address()));
    patient.publish_timeout = Duration::from_secs(60);
    let node = Arc::new(Node::start_with(patient, retention).await);
    let client = node.subscribe("room:1", None).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let breaking = tokio::spawn({
        let (proxy, is_done) = (Arc::clone(&proxy), Arc::clone(&is_done));
        async move {
            while !is_done.load(Ordering::Relaxed) {
                sleep(Duration::from_millis(150)).await;
                proxy.reset();
            }
        }
    });
    let publishers = (0..PUBLISHERS).map(|publisher| {
        let node = Arc::clone(&node);
        tokio::spawn(async move {
            for number in 0..EACH {
                node.insist("room:1", &format!("{publisher}.{number}")).await;
                sleep(Duration::from_millis(2)).await;
            }
        })
    });
    for publisher in publishers.collect::<Vec<_>>() {
        publisher.await.expect("published");
    }
    is_done.store(true, Ordering::Relaxed);
    breaking.await.expect("broken often enough");
    let seen = client.sees(PUBLISHERS * EACH).await;
    let epoch = seen[0].split(':').next().expect("an epoch").to_owned();
    let mut texts = HashSet::new();
    for (seq, frame) in (1..).zip(&seen) {
        let text = frame.strip_prefix(&format!("{epoch}:{seq} "));
        assert!(texts.insert(text.expect("the next frame")), "{frame} was published twice");
    }
    assert_eq!(texts.len(), PUBLISHERS * EACH);
    assert!(node.counters.bus_lost_total.get() > 3, "the connections did not break");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_full_refuses_and_what_is_in_it_is_published() {
    let Some(redis) = RedisServer::start() else { return };
    let mut small = config(&redis.url());
    small.publish_queue_frames = 3;
    let node = Node::start(small).await;
    redis.pause();
    let publish = |text: &'static str| node.publish("room:1", text);
    let first = publish("a");
    let rest = async {
        // The first is on its way.
        sleep(Duration::from_millis(200)).await;
        let waiting = async { tokio::join!(publish("b"), publish("c"), publish("d")) };
        let refused = async {
            sleep(Duration::from_millis(50)).await;
            let began = Instant::now();
            let error = publish("e").await.expect_err("there is no room");
            assert!(matches!(&error, PublishError::Unavailable(why) if why.contains("too many")), "{error}");
            assert!(began.elapsed() < Duration::from_millis(100));
            redis.resume();
        };
        tokio::join!(waiting, refused).0
    };
    let (a, (b, c, d)) = tokio::join!(first, rest);
    assert_eq!([a, b, c, d].map(|position| position.expect("published").seq), [1, 2, 3, 4]);
    assert_eq!(node.counters.bus_queue_frames.get(), 0);
    let mut tiny = config(&redis.url());
    tiny.publish_queue_bytes = 10;
    let node = Node::start(tiny).await;
    redis.pause();
    let resuming = async {
        sleep(Duration::from_millis(100)).await;
        let (_, refused) = tokio::join!(node.publish("room:1", "g"), async {
            sleep(Duration::from_millis(20)).await;
            let refused = node.publish("room:1", "h").await;
            redis.resume();
            refused
        });
        refused
    };
    let (sent, refused) = tokio::join!(node.publish("room:1", "f"), resuming);
    sent.expect("an empty queue has room for anything");
    assert!(matches!(refused, Err(PublishError::Unavailable(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_is_told_whether_it_is_known() {
    let Some(redis) = RedisServer::start() else { return };
    let mut hasty = config(&redis.url());
    hasty.publish_timeout = Duration::from_millis(400);
    let node = Node::start(hasty).await;
    redis.pause();
    let second = async {
        sleep(Duration::from_millis(100)).await;
        node.publish("room:1", "not sent").await
    };
    let (first, second) = tokio::join!(node.publish("room:1", "sent"), second);
    assert!(matches!(first, Err(PublishError::Unconfirmed(_))), "{first:?}");
    assert!(matches!(second, Err(PublishError::Unavailable(_))), "{second:?}");
    redis.resume();
    eventually("published", || (kept(&redis) == 1).then_some(())).await;
    assert_eq!(node.insist("room:1", "third").await.seq, 2);
    let begin = ReplayStart::Position((&Position { seq: 0, ..node.position("room:1").await }).into());
    assert_eq!(node.history("room:1", &begin).await, Ok(vec!["sent".to_owned(), "third".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_everything_fails_at_once_until_it_is_back() {
    let Some(mut redis) = RedisServer::launch().append_only().start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    let first = node.publish("room:1", "a").await.expect("published");
    assert_eq!(node.broker.health().state, BusState::Up);
    redis.stop();
    eventually("the breaker opens", || {
        let is_down = node.broker.health().state == BusState::Down;
        let group = &node.broker.core.groups[0];
        let circuits = [group.publishing.circuit(Instant::now()), group.reading.circuit(Instant::now())];
        (is_down && circuits == [super::super::Circuit::Open; 2]).then_some(())
    })
    .await;
    let began = Instant::now();
    for _ in 0..100 {
        let refused = node.publish("room:1", "b").await;
        assert!(matches!(refused, Err(PublishError::Unavailable(_))), "{refused:?}");
        assert!(node.broker.position("room:1").await.is_err());
        assert!(node.broker.history("room:1", &ReplayStart::FrameId(Uuid::nil())).await.is_err());
    }
    assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
    redis.start_again();
    eventually("it is back", || (node.broker.health().state == BusState::Up).then_some(())).await;
    assert_eq!(node.insist("room:1", "c").await.seq, 2);
    let epoch = &first.epoch;
    assert_eq!(client.sees(2).await, [format!("{epoch}:1 a"), format!("{epoch}:2 c")], "no gap: nothing was lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_starts_before_its_redis() {
    let Some(mut redis) = RedisServer::start() else { return };
    redis.stop();
    let node = Node::start(config(&redis.url())).await;
    assert_eq!(node.broker.health().state, BusState::Down);
    assert!(matches!(node.publish("room:1", "a").await, Err(PublishError::Unavailable(_))));
    redis.start_again();
    assert_eq!(node.insist("room:1", "b").await.seq, 1);
    eventually("both are up", || (node.broker.health().state == BusState::Up).then_some(())).await;
    let client = node.subscribe("room:1", None).await;
    node.publish("room:1", "c").await.expect("published");
    assert!(client.sees(1).await[0].ends_with(":2 c"));
}

#[test]
fn who_publishes_needs_no_runtime_but_a_server_that_runs() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::new(config(&redis.url()), RETENTION);
    let refused = futures_executor(node.publish("room:1", "a"));
    assert!(matches!(refused, Err(PublishError::Unavailable(_))), "{refused:?}");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(node.broker.start()).expect("Redis serves");
    assert_eq!(futures_executor(node.publish("room:1", "b")).expect("published").seq, 1);
}

/// Runs a future without any runtime.
fn futures_executor<T>(future: impl Future<Output = T>) -> T {
    use std::task::{Context, Poll, Wake, Waker};
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done;
        }
        std::thread::park();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_full_refuses_and_nothing_is_lost_or_doubled_after_that() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    let client = node.subscribe("room:1", None).await;
    node.publish("room:1", "first").await.expect("published");
    redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    let refused = futures_util::future::join_all((0..20).map(|number| {
        let node = &node;
        async move { node.publish("room:1", &number.to_string()).await }
    }))
    .await;
    for refused in refused {
        assert!(matches!(&refused, Err(PublishError::Unavailable(why)) if why.contains("OOM")), "{refused:?}");
    }
    redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    for number in 2..=10 {
        assert_eq!(node.publish("room:1", "more").await.expect("published").seq, number);
    }
    assert_eq!(client.sees(10).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_redis_has_forgotten_begins_anew() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::start(config(&redis.url())).await;
    for seq in 1..=3 {
        assert_eq!(node.publish("room:1", "a").await.expect("published").seq, seq);
    }
    let writers = redis.ask(&["KEYS", "tightwire:{3}:writer:*"]);
    let [writer] = writers.list() else { panic!("{writers}") };
    redis.ask(&["DEL", writer.text().expect("a key")]);
    for seq in 4..=6 {
        assert_eq!(node.publish("room:1", "a").await.expect("published").seq, seq);
    }
    assert_eq!(kept(&redis), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stands_for_one_publication_on_all_nodes() {
    let Some(redis) = RedisServer::start() else { return };
    let (one, other) = (Node::start(config(&redis.url())).await, Node::start(config(&redis.url())).await);
    let say = async |node: &Node, key: &str, said| {
        let publication = publication("room:1", Delivery::Durable, "a");
        let id = publication.head().stamp.id;
        (id, node.broker.publish_once(publication, Once { key: key.to_owned(), said }).await.expect("an answer"))
    };
    let (id, first) = say(&one, "k", 1).await;
    assert!(matches!(first, Published::Now(Position { seq: 1, .. })), "{first:?}");
    for node in [&one, &other] {
        let (_, again) = say(node, "k", 1).await;
        assert!(matches!(again, Published::Before(first, Position { seq: 1, .. }) if first == id), "{again:?}");
        let (_, otherwise) = say(node, "k", 2).await;
        assert!(matches!(otherwise, Published::Otherwise), "{otherwise:?}");
    }
    let (_, second) = say(&other, "l", 1).await;
    assert!(matches!(second, Published::Now(Position { seq: 2, .. })), "{second:?}");
    assert_eq!((kept(&redis), one.publish("room:1", "b").await.expect("published").seq), (2, 3));
}
