//! Idempotency keys of `POST /api/publish`: whoever asks again, on whatever node, is answered the same and publishes
//! nothing.

use serde_json::{Value, json};
use tightwire::Config;

use super::reader::Reader;
use super::system::{Kind, System};
use crate::http::{Answer, Site};

async fn publish(site: &Site, key: &str, text: &str) -> Answer {
    let body = json!({"topic": "room:a", "type": "posted", "data": {"text": text}, "idempotency_key": key});
    site.ask("POST", "/api/publish", &[("content-type", "application/json")], &body.to_string()).await
}

async fn answer(site: &Site, key: &str, text: &str) -> Value {
    let answer = publish(site, key, text).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

pub(super) async fn a_request_that_comes_twice_publishes_once(kind: Kind) {
    let system = System::open(kind, Config::default()).await;
    let mut reader = Reader::of(system.node(1), "a").await;
    // What is refused may be corrected.
    assert_eq!(publish(system.node(0), "order 7", "").await.status, 400);
    let first = answer(system.node(0), "order 7", "x").await;
    let frame = reader.next().await;
    assert_eq!(first, json!({"id": frame["id"], "position": {"epoch": frame["epoch"], "seq": 1}}));
    for node in 0..2 {
        assert_eq!(answer(system.node(node), "order 7", "x").await, first);
        assert_eq!(publish(system.node(node), "order 7", "y").await.status, 409);
    }
    // Another key is another publication, also of the same.
    assert_eq!(answer(system.node(1), "order 8", "x").await["position"]["seq"], 2);
    reader.expect(&["posted#2 x"]).await;
    assert_eq!(publish(system.node(1), "", "x").await.status, 400);
    // What came later does not change what was answered.
    assert_eq!(answer(system.node(1), "order 7", "x").await, first);
    system.node(0).post("a", "last").await;
    reader.expect(&["posted#3 last"]).await;
}

pub(super) async fn requests_that_come_at_once_publish_once(kind: Kind) {
    let system = System::open(kind, Config::default()).await;
    let mut reader = Reader::of(system.node(1), "a").await;
    for round in 1..=10 {
        let key = format!("round {round}");
        let ask = |node| publish(system.node(node), &key, "x");
        let answers = futures_util::future::join_all((0..6).map(ask)).await;
        // Who comes while the first is still at it may be told to try again.
        let done: Vec<Value> = answers
            .iter()
            .inspect(|answer| assert!([200, 409].contains(&answer.status), "{answer:?}"))
            .filter(|answer| answer.status == 200)
            .map(Answer::json)
            .collect();
        assert!(!done.is_empty() && done.iter().all(|answer| *answer == done[0]), "{done:?}");
        assert_eq!(done[0]["position"]["seq"], round);
        for node in 0..2 {
            assert_eq!(answer(system.node(node), &key, "x").await, done[0]);
        }
        reader.expect(&[&format!("posted#{round} x")]).await;
    }
}
