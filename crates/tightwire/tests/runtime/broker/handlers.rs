//! Handlers that publish, and their replies among live frames.

use serde_json::json;
use tightwire::Config;

use super::reader::Reader;
use super::system::{Kind, System};
use crate::client::with_limits;

pub(super) async fn what_a_frame_causes_is_correlated_with_it(kind: Kind) {
    let system = System::open(kind, Config::default()).await;
    let mut near = Reader::of(system.node(0), "a").await;
    let mut far = Reader::of(system.node(1), "a").await;
    let id = near.send("post", "room:a", json!({"text": "x"})).await;
    let frame = near.next().await;
    assert_eq!((frame["correlation_id"].as_str(), frame["seq"].as_u64()), (Some(&*id), Some(1)), "{frame}");
    assert_eq!(far.next().await, frame);
}

pub(super) async fn what_a_handler_publishes_comes_before_its_reply(kind: Kind) {
    let system = System::open(kind, Config::default()).await;
    let mut reader = Reader::of(system.node(0), "a").await;
    let mut seq = 0;
    for round in 0..20 {
        if round % 2 == 1 {
            system.node(1).post("a", "x").await;
            seq += 1;
            reader.expect(&[&format!("posted#{seq} x")]).await;
        }
        reader.send("announce", "room:a", json!({})).await;
        seq += 1;
        reader.expect(&[&format!("posted#{seq} announced"), &format!("welcome {seq}")]).await;
    }
}

/// While others publish all the time: the reply says a position, and what comes after it begins right there.
pub(super) async fn a_reply_that_subscribes_says_where_frames_go_on(kind: Kind) {
    // Nothing slows the publisher down, and a busy machine may let it go first for long.
    let config = with_limits(|limits| (limits.outbound_queue_frames, limits.outbound_queue_bytes) = (1 << 20, 1 << 30));
    let system = System::open(kind, config).await;
    let joining = async {
        for round in 0..20 {
            let mut reader = Reader::on(system.node(round)).await;
            reader.send("join", "room:a", json!({})).await;
            let reply = reader.next().await;
            assert_eq!(reply["type"], "joined", "{reply}");
            let at = reply["data"]["seq"].as_u64().expect("a position");
            let mut seq = at;
            let mut own = 0;
            while own == 0 || seq < at + 10 {
                seq += 1;
                own += reader.posted(seq - 1, seq).await.iter().filter(|text| *text == "joining").count();
            }
            // The same for who is greeted by the application.
            let mut guest = Reader::on(system.node(round)).await;
            guest.send("subscribe", "system", json!({"topics": ["room:lobby"]})).await;
            guest.expect(&["subscription_updated [room:lobby]"]).await;
            let welcome = guest.next().await;
            assert_eq!(welcome["type"], "welcome", "{welcome}");
        }
    };
    let publishing = async {
        for number in 0.. {
            system.node(number).post("a", "x").await;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = joining => {}
        () = publishing => unreachable!("it never ends"),
    }
}
