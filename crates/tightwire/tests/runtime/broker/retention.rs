//! What is kept for replay: so many frames, so many bytes, for so long.

use std::time::Duration;

use serde_json::json;
use tightwire::Config;
use tokio::time::Instant;

use super::reader::Reader;
use super::system::{Kind, PATIENCE, System};
use crate::client::with_limits;
use crate::http::Site;

/// The positions that are kept of `room:a`.
async fn kept(site: &Site) -> Vec<u64> {
    let page = site.get("/api/ws/replay?topic=room:a&limit=1000").await.json();
    page["frames"].as_array().expect("frames").iter().map(|frame| frame["seq"].as_u64().expect("a position")).collect()
}

pub(super) async fn only_so_many_frames_are_kept(kind: Kind) {
    let system = System::open(kind, with_limits(|limits| limits.replay_frames = 5)).await;
    for number in 1..=23_u64 {
        let position = system.node(0).post("a", "x").await;
        let expected: Vec<u64> = (number.saturating_sub(4).max(1)..=number).collect();
        assert_eq!(kept(system.node(1)).await, expected);
        // What is replayed is no more than that either.
        if number == 23 {
            let start = json!({"epoch": position.epoch, "seq": 18});
            let mut reader = Reader::after(system.node(1), "a", start).await;
            assert_eq!(reader.posted(18, 23).await.len(), 5);
            let start = json!({"epoch": position.epoch, "seq": 17});
            Reader::after(system.node(0), "a", start).await.expect(&["replay_gap 19..23"]).await;
        }
    }
}

/// Brokers count what a frame takes differently, so this only says how much there is at the most and at the least.
pub(super) async fn only_so_many_bytes_are_kept(kind: Kind) {
    let system = System::open(kind, Config { replay_topic_bytes: 20_000, ..Config::default() }).await;
    for _ in 0..50 {
        system.node(0).post("a", &"x".repeat(1000)).await;
    }
    let found = kept(system.node(1)).await;
    assert!((8..20).contains(&found.len()), "{found:?}");
    assert!(found.iter().copied().eq(51 - found.len() as u64..=50), "{found:?}");
    // One that is larger than all that may be kept leaves nothing, or itself.
    system.node(1).post("a", &"x".repeat(30_000)).await;
    let found = kept(system.node(0)).await;
    assert!(found.is_empty() || found == [51], "{found:?}");
    // And the topic goes on.
    assert_eq!(system.node(0).post("a", "x").await.seq, 52);
    assert_eq!(kept(system.node(1)).await.last(), Some(&52));
}

pub(super) async fn frames_are_kept_for_so_long(kind: Kind) {
    const AGE: Duration = Duration::from_millis(1500);
    let system = System::open(kind, with_limits(|limits| limits.replay_age_ms = AGE.as_millis() as u64)).await;
    let began = Instant::now();
    let first = system.node(0).post("a", "1").await;
    system.node(0).post("a", "2").await;
    let found = kept(system.node(1)).await;
    // On a machine that is too slow for this it says nothing.
    if began.elapsed() < AGE {
        assert_eq!(found, [1, 2]);
    }
    while !kept(system.node(1)).await.is_empty() {
        assert!(began.elapsed() < PATIENCE, "they are still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(began.elapsed() >= AGE, "they went too early");
    // Where the topic is is still known: who has seen everything has missed nothing, who has not is told.
    Reader::after(system.node(0), "a", json!({"epoch": first.epoch, "seq": 2})).await.settle().await;
    let mut reader = Reader::after(system.node(1), "a", json!({"epoch": first.epoch, "seq": 1})).await;
    reader.expect(&["replay_gap 0..2"]).await;
    let third = system.node(0).post("a", "3").await;
    assert_eq!((third.seq, &third.epoch), (3, &first.epoch));
    reader.expect(&["posted#3 3"]).await;
}
