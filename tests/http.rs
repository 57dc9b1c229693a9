//! The chat server over plain HTTP: what it publishes and sends as events follows the contract, which it shows.

mod common;

use serde_json::{Value, json};
use tightwire::proto::reference::{Direction, Reference};
use tightwire_chat::chat::CONTRACT;
use tokio::io::AsyncReadExt;

use crate::common::bus::{Bus, Kind, on_each_bus, on_streams};
use crate::common::{answer, ask, chat};

on_each_bus! { on_streams:
    what_is_published_is_checked_by_the_contract
    events_are_frames_of_the_contract
    the_contract_is_shown
}

fn agent_event(status: &str) -> String {
    let data = json!({"agent_id": "guide", "event": "task_started", "status": status, "details": {}});
    json!({"topic": "agent:guide", "type": "agent_event", "data": data}).to_string()
}

async fn what_is_published_is_checked_by_the_contract(bus: &Bus) {
    let server = chat(bus, &[]).await;
    let (status, body) = answer(&server, "POST /api/publish", &agent_event("busy")).await;
    assert_eq!(status, 200, "{body}");
    let (status, body) = answer(&server, "POST /api/publish", &agent_event("bored")).await;
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let violation = &body["violations"][0];
    assert_eq!((status, &violation["pointer"], &violation["keyword"]), (400, &json!("/data/status"), &json!("enum")));
    let (status, body) = answer(&server, "GET /api/ws/replay?topic=agent:guide", "").await;
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &body["latest_seq"], &body["frames"][0]["data"]["status"]), (200, &json!(1), &json!("busy")));
}

async fn events_are_frames_of_the_contract(bus: &Bus) {
    let server = chat(bus, &[]).await;
    let mut stream = ask(&server, "GET /sse?topics=dashboard,agent:guide,thread:welcome", "").await;
    let reference = Reference::new(CONTRACT.schema_bundle, Direction::ToClient);
    let (mut text, mut published, mut kinds) = (String::new(), false, Vec::new());
    while !kinds.contains(&"agent_event".to_owned()) {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.expect("the server sends");
        assert!(count > 0, "{text}");
        text += std::str::from_utf8(&part[..count]).expect("ASCII");
        kinds.clear();
        for data in text.split('\n').filter_map(|line| line.strip_prefix("data: ")).filter(|data| data.ends_with('}')) {
            let frame = reference.check(data.as_bytes()).unwrap_or_else(|why| panic!("{data}: {why:?}"));
            kinds.push(frame.wire_type().to_owned());
        }
        if !published && kinds.contains(&"dashboard_initialized".to_owned()) {
            published = true;
            assert_eq!(answer(&server, "POST /api/publish", &agent_event("busy")).await.0, 200);
        }
    }
    assert_eq!(kinds, ["connection_established", "subscription_updated", "dashboard_initialized", "agent_event"]);
}

async fn the_contract_is_shown(bus: &Bus) {
    let server = chat(bus, &[]).await;
    let (status, body) = answer(&server, "GET /asyncapi.yml", "").await;
    assert_eq!((status, body.as_str()), (200, include_str!("../asyncapi/chat.yml")));
    for (path, file) in [
        ("", include_str!("../generated/docs/index.html")),
        ("contract.json", include_str!("../generated/docs/contract.json")),
        ("docs.css", include_str!("../generated/docs/docs.css")),
        ("docs.js", include_str!("../generated/docs/docs.js")),
    ] {
        let (status, body) = answer(&server, &format!("GET /docs/{path}"), "").await;
        assert!(status == 200 && body == file, "{status} for /docs/{path}");
    }
}

/// What the names of all tests on a broker rest on.
#[test]
#[should_panic(expected = "on another broker")]
fn a_server_on_another_broker_is_found_out() {
    on_streams(Kind::Memory, async |bus| drop(chat(bus, &["--redis-url", "redis://127.0.0.1:1"]).await));
}
