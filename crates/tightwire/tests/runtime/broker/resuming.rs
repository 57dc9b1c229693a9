//! Subscribing with `after`, on any node: everything missed, once, in order, then live frames; or a gap that is said aloud.

use serde_json::{Value, json};
use tightwire::Config;
use tightwire::proto::inbound::StreamPosition;

use super::reader::Reader;
use super::system::{Kind, System};
use crate::client::with_limits;
use crate::protocol::Room;

fn at(position: &StreamPosition, seq: u64) -> Value {
    json!({"epoch": position.epoch, "seq": seq})
}

pub(super) async fn what_was_missed_comes_first(kind: Kind) {
    let system = System::open(kind, Config::default()).await;
    let first = system.node(0).post("a", "1").await;
    for text in ["2", "3"] {
        system.node(0).post("a", text).await;
    }
    let mut reader = Reader::after(system.node(1), "a", at(&first, 1)).await;
    reader.expect(&["posted#2 2"]).await;
    let third = reader.next().await;
    system.node(0).post("a", "4").await;
    reader.expect(&["posted#4 4"]).await;
    // The same by the id of the last frame seen.
    let mut other = Reader::after(system.node(0), "a", third["id"].clone()).await;
    other.expect(&["posted#4 4"]).await;
    // Who has seen everything is told nothing.
    let mut latest = Reader::after(system.node(1), "a", at(&first, 4)).await;
    latest.settle().await;
    system.node(0).post("a", "5").await;
    for reader in [&mut reader, &mut other, &mut latest] {
        reader.expect(&["posted#5 5"]).await;
    }
}

pub(super) async fn the_application_reads_what_was_published(kind: Kind) {
    let system = System::open(kind, with_limits(|limits| limits.replay_frames = 2)).await;
    let first = system.node(0).post("a", "1").await;
    let (publisher, room) = (system.node(1).server.publisher(), Room::named("a"));
    let since = async |position: &StreamPosition| {
        let frames = publisher.published_since(&room, position).await.expect("it is known")?;
        Some(frames.iter().map(|frame| frame["data"]["text"].as_str().expect("text").to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(since(&first).await, Some(Vec::new()));
    let second = system.node(1).post("a", "2").await;
    system.node(0).post("a", "3").await;
    assert_eq!(since(&first).await, Some(vec!["2".to_owned(), "3".to_owned()]));
    system.node(0).post("a", "4").await;
    // The second is not kept any more. What a node has just read from Redis it may tell once more, but then all of it.
    let late = since(&first).await;
    let all = ["2", "3", "4"].map(str::to_owned).to_vec();
    assert!(late.is_none() || (matches!(kind, Kind::Redis) && late.as_ref() == Some(&all)), "{late:?}");
    assert_eq!(since(&second).await, Some(vec!["3".to_owned(), "4".to_owned()]));
}

pub(super) async fn what_cannot_be_replayed_is_a_gap(kind: Kind) {
    let system = System::open(kind, with_limits(|limits| limits.replay_frames = 2)).await;
    let mut witness = Reader::of(system.node(0), "a").await;
    let first = system.node(0).post("a", "1").await;
    let forgotten = witness.next().await["id"].clone();
    for text in ["2", "3"] {
        system.node(0).post("a", text).await;
    }
    let unknown = json!("0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e99");
    let starts = [at(&first, 0), json!({"epoch": "another", "seq": 3}), at(&first, 4), forgotten, unknown.clone()];
    for node in 0..2 {
        for start in &starts {
            let mut reader = Reader::after(system.node(node), "a", start.clone()).await;
            let gap = reader.next().await;
            let expected = json!({"epoch": first.epoch, "oldest_seq": 2, "latest_seq": 3});
            let found = ["epoch", "oldest_seq", "latest_seq"].map(|key| (key, &gap["data"][key]));
            assert!(found.iter().all(|(key, value)| **value == expected[*key]), "after {start}: {gap}");
            assert_eq!((&gap["type"], &gap["topic"]), (&json!("replay_gap"), &json!("room:a")));
            reader.settle().await;
        }
    }
    // After a gap the live frames follow.
    let mut reader = Reader::after(system.node(1), "a", json!({"epoch": "another", "seq": 3})).await;
    reader.expect(&["replay_gap 2..3"]).await;
    system.node(0).post("a", "4").await;
    reader.expect(&["posted#4 4"]).await;
    // A topic that nobody has published to has nothing to replay.
    let mut reader = Reader::after(system.node(1), "b", unknown).await;
    reader.expect(&["replay_gap 0..0"]).await;
}

/// Publishers on both nodes never stop; clients come, go and resume on either. Each must see every number once and in
/// order.
pub(super) async fn nothing_is_lost_or_doubled_while_frames_keep_arriving(kind: Kind) {
    const FRAMES: u64 = 3000;
    let config = with_limits(|limits| {
        limits.replay_frames = FRAMES;
        limits.outbound_queue_frames = FRAMES;
        limits.outbound_queue_bytes = 100 << 20;
    });
    let system = System::open(kind, config).await;
    // Where the topic begins.
    let begin = system.node(0).typing("a").await;
    assert_eq!(begin.seq, 0);
    let publishing = futures_util::future::join_all((0..3).map(|publisher| {
        let site = system.node(publisher);
        async move {
            for _ in 0..FRAMES / 3 {
                site.post("a", "x").await;
                tokio::task::yield_now().await;
            }
        }
    }));
    let reading = futures_util::future::join_all((0..4).map(|visit| {
        let (system, mut start) = (&system, at(&begin, 0));
        async move {
            let mut expected = 1;
            let mut node = visit as usize;
            while expected <= FRAMES {
                let mut reader = Reader::after(system.node(node), "a", start.clone()).await;
                node += 1;
                // Each stays for another number of frames.
                let until = FRAMES.min(expected + 97 * (visit + 1));
                while expected <= until {
                    let frame = reader.next().await;
                    assert_eq!(
                        (&frame["type"], &frame["seq"]),
                        (&json!("posted"), &json!(expected)),
                        "lost or doubled"
                    );
                    expected += 1;
                    start = json!({ "epoch": frame["epoch"], "seq": frame["seq"] });
                }
            }
        }
    }));
    futures_util::future::join(publishing, reading).await;
}

/// `GET /api/ws/replay`.
pub(super) async fn pages_follow_one_another_on_any_node(kind: Kind) {
    let system = System::open(kind, Config::default()).await;
    let mut witness = Reader::of(system.node(1), "a").await;
    let first = system.node(0).post("a", "1").await;
    for text in ["2", "3", "4", "5"] {
        system.node(0).post("a", text).await;
    }
    // A page in short, and the place for the next.
    let page = async |node: usize, query: &str| {
        let page = system.node(node).get(&format!("/api/ws/replay?topic=room:a&{query}")).await.json();
        let texts = page["frames"].as_array().expect("frames").iter();
        let texts: Vec<&str> = texts.map(|frame| frame["data"]["text"].as_str().expect("a text")).collect();
        let more = if page["more"] == true { ", more" } else { "" };
        let next = page["next"].as_str().expect("a place").to_owned();
        (format!("{} of {}{more}", texts.join(" "), page["latest_seq"]), next)
    };
    let mut after = String::new();
    for (node, expected) in [(0, "1 2 of 5, more"), (1, "3 4 of 5, more"), (0, "5 of 5"), (1, " of 5"), (0, " of 5")] {
        let (found, next) = page(node, &format!("limit=2{after}")).await;
        assert_eq!(found, expected);
        after = format!("&after={next}");
    }
    assert_eq!(page(1, &format!("after={}:2", first.epoch)).await.0, "3 4 5 of 5");
    for (node, expected) in [(0, "2 3 4 5 of 5"), (1, "3 4 5 of 5")] {
        let id = witness.next().await["id"].as_str().expect("an id").to_owned();
        assert_eq!(page(node, &format!("after={id}")).await.0, expected);
    }
}
