//! Who takes over shuts out whoever published before, on any node.

use tightwire::proto::inbound::StreamPosition;
use tightwire::{Config, FencedPublisher, PublishError, Publisher};
use tokio::time::timeout;

use super::reader::Reader;
use super::system::{Kind, PATIENCE, System};
use crate::protocol::{Posted, Room, Typing};

async fn post(fenced: &FencedPublisher<Room>, text: &str) -> Result<StreamPosition, PublishError> {
    fenced.publish(&Posted { text: text.to_owned() }).await
}

async fn taken(publisher: &Publisher, room: &str, name: &str) -> FencedPublisher<Room> {
    publisher.take_over(Room::named(room), name).await.expect("the broker is there")
}

#[track_caller]
fn check_fenced(published: Result<StreamPosition, PublishError>, name: &str) {
    let error = published.expect_err("somebody has taken over");
    assert!(matches!(&error, PublishError::Fenced(of) if **of == *name), "{error}");
}

pub(super) async fn who_was_taken_over_from_publishes_nothing(kind: Kind) {
    let system = System::open(kind, Config::default()).await;
    let [one, other] = [0, 1].map(|node| system.node(node).server.publisher());
    let mut reader = Reader::of(system.node(0), "a").await;
    let first = one.fenced(Room::named("a"), "answer");
    assert_eq!(post(&first, "1").await.expect("nobody has taken over").seq, 1);
    let second = taken(&other, "a", "answer").await;
    check_fenced(post(&first, "late").await, "answer");
    // Also before the second has said anything, and of what is not kept.
    check_fenced(first.publish(&Typing { text: "late".to_owned() }).await, "answer");
    assert_eq!(post(&second.clone(), "2").await.expect("it has taken over").seq, 2);
    let third = taken(&one, "a", "answer").await;
    check_fenced(post(&second, "late").await, "answer");
    check_fenced(post(&first, "late").await, "answer");
    assert_eq!(post(&third, "3").await.expect("it has taken over").seq, 3);
    reader.expect(&["posted#1 1", "posted#2 2", "posted#3 3"]).await;
    reader.settle().await;
}

pub(super) async fn a_fence_is_around_one_name_of_one_topic(kind: Kind) {
    let system = System::open(kind, Config::default()).await;
    let [one, other] = [0, 1].map(|node| system.node(node).server.publisher());
    let (mut here, mut there) = (Reader::of(system.node(1), "a").await, Reader::of(system.node(1), "b").await);
    let answer = one.fenced(Room::named("a"), "answer");
    drop(taken(&other, "a", "answer").await);
    let (another, elsewhere) = (one.fenced(Room::named("a"), "another"), one.fenced(Room::named("b"), "answer"));
    for (fenced, text) in [(&another, "another"), (&elsewhere, "elsewhere")] {
        post(fenced, text).await.expect("of that nobody has taken over");
    }
    check_fenced(post(&answer, "late").await, "answer");
    // What is around it may be published by everyone.
    system.node(0).post("a", "free").await;
    here.expect(&["posted#1 another", "posted#2 free"]).await;
    there.expect(&["posted#1 elsewhere"]).await;
    here.settle().await;
    there.settle().await;
}

/// Whatever is published at the moment at which somebody takes over is there before, or not at all.
pub(super) async fn nothing_comes_after_a_takeover(kind: Kind) {
    let system = System::open(kind, Config::default()).await;
    let [one, other] = [0, 1].map(|node| system.node(node).server.publisher());
    for round in 0..20 {
        let room = round.to_string();
        let first = one.fenced(Room::named(&room), "answer");
        let writing = tokio::spawn(async move {
            let mut written = 0;
            while post(&first, "piece").await.is_ok() {
                written += 1;
            }
            written
        });
        let before = loop {
            tokio::task::yield_now().await;
            let seq = system.node(1).typing(&room).await.seq;
            if seq > 0 {
                break seq;
            }
        };
        let second = taken(&other, &room, "answer").await;
        let end = post(&second, "end").await.expect("it has taken over");
        let written = timeout(PATIENCE, writing).await.expect("it ends").expect("no panic");
        assert!(written >= before);
        assert_eq!(end.seq, written + 1, "all pieces come before the end");
        assert_eq!(system.node(0).typing(&room).await, end, "and nothing after it");
    }
}
