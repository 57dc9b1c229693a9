//! Plans written by hand: that the driver does what they say, and that the model takes what a sound server does.

use std::sync::Arc;

use serde_json::{Value, json};
use tightwire_testkit::fuzz::plan::MARKER;
use tightwire_testkit::fuzz::{Payload, Plan, Sent, Step};
use uuid::Uuid;

use crate::common::bus::{Bus, on_each_bus};
use crate::common::chat;
use crate::stage::{driver, options, protocol};

on_each_bus! { on_streams:
    a_conversation_of_two
    topics_come_and_go
    a_replay_is_what_was_live
    a_replay_may_come_behind_live_frames
    violations_end_the_connection
    violations_are_tolerated
    sizes_and_rates_are_kept
    frames_below_the_contract
}

fn message(wire_type: &str, topic: &str, data: Value) -> Sent {
    let topic = topic.replace('#', MARKER);
    let frame = json!({"v": 1, "id": Uuid::new_v4(), "type": wire_type, "topic": topic, "ts": 1, "data": data});
    Sent::valid(wire_type, frame)
}

fn topics(topics: &[&str]) -> Value {
    json!({"topics": topics.iter().map(|topic| topic.replace('#', MARKER)).collect::<Vec<_>>()})
}

fn send(client: usize, sent: Sent) -> Step {
    Step::Send { client, sent }
}

const SETTLE: Step = Step::Settle { sequences: false };
const END: Step = Step::Settle { sequences: true };

/// Carries the steps out; nothing must be found. How many frames were received, and the codes of the closes.
async fn check(bus: &Bus, steps: Vec<Step>) -> (u64, Vec<(u16, u64)>) {
    let driver = driver(chat(bus, &[]).await, &Arc::new(protocol())).with(options(bus));
    let outcome = driver.run(&Plan { steps }).await;
    if let Some(finding) = outcome.finding {
        panic!("{finding}");
    }
    (outcome.coverage.received, outcome.coverage.closes.into_iter().collect())
}

async fn a_conversation_of_two(bus: &Bus) {
    let (received, _) = check(
        bus,
        vec![
            send(0, message("subscribe_thread", "thread:#", json!({}))),
            send(1, message("send_message", "thread:#", json!({"content": "What does 4408 mean?"}))),
            send(0, message("ping", "system", json!({}))),
            END,
            send(1, message("request_data", "dashboard", json!({"data_type": "agent_status"}))),
            Step::Close { client: 0 },
            send(0, message("subscribe_thread", "thread:#", json!({"limit": 1}))),
        ],
    )
    .await;
    assert!(received > 20, "{received}");
}

async fn topics_come_and_go(bus: &Bus) {
    check(
        bus,
        vec![
            send(0, message("subscribe", "system", topics(&["thread:#", "dashboard", "agent:guide", "thread:#"]))),
            SETTLE,
            send(0, message("subscribe", "system", topics(&["agent:nobody", "thread:##", "no topic", "system"]))),
            send(1, message("send_message", "thread:#", json!({"content": "hello"}))),
            send(0, message("unsubscribe", "system", topics(&["thread:#", "dashboard"]))),
            send(0, message("send_message", "thread:#", json!({"content": "/fail"}))),
            Step::Vanish { client: 1 },
        ],
    )
    .await;
}

/// A subscription to the topic `thread:#` after a frame that somebody has seen.
fn resume(client: usize, back: usize, by_id: bool) -> Step {
    let payload = Payload::Resume { topic: format!("thread:{MARKER}"), back, by_id };
    send(client, Sent { message: None, payload, intent: Default::default() })
}

async fn a_replay_is_what_was_live(bus: &Bus) {
    let (received, _) = check(
        bus,
        vec![
            send(0, message("send_message", "thread:#", json!({"content": "hello"}))),
            END,
            resume(1, 5, false),
            resume(0, 3, true),
            resume(2, 0, false),
        ],
    )
    .await;
    assert!(received > 20, "{received}");
}

/// Whoever is subscribed already gets live frames until the server begins to hold them back for the replay.
async fn a_replay_may_come_behind_live_frames(bus: &Bus) {
    check(
        bus,
        vec![
            send(0, message("send_message", "thread:#", json!({"content": "hello"}))),
            send(1, message("subscribe", "system", topics(&["thread:#"]))),
            SETTLE,
            resume(1, 3, true),
            send(0, message("send_message", "thread:#", json!({"content": "once more"}))),
        ],
    )
    .await;
}

/// Two frames that violate the contract: one for its schema, one that is not even JSON.
fn violations() -> [Sent; 2] {
    let mut closed = message("ping", "system", json!({"extra": 1}));
    closed.intent = tightwire_testkit::fuzz::Intent::Invalid {
        keyword: "additionalProperties".to_owned(),
        pointer: "/data".to_owned(),
    };
    let text = Sent {
        message: None,
        payload: Payload::Text("{\"v\":1".to_owned()),
        intent: tightwire_testkit::fuzz::Intent::Invalid { keyword: "json".to_owned(), pointer: String::new() },
    };
    [closed, text]
}

async fn violations_end_the_connection(bus: &Bus) {
    let [closed, text] = violations();
    let (_, closes) = check(bus, vec![send(0, closed), SETTLE, send(0, text), SETTLE]).await;
    assert_eq!(closes, [(1002, 2)]);
}

async fn violations_are_tolerated(bus: &Bus) {
    let mut options = options(bus);
    options.bounds.closes_on_violation = false;
    let driver = driver(chat(bus, &["--tolerant", "true"]).await, &Arc::new(protocol())).with(options);
    let [closed, text] = violations();
    let ping = message("ping", "system", json!({}));
    let steps = vec![send(0, closed), send(0, text), SETTLE, send(0, ping)];
    let outcome = driver.run(&Plan { steps }).await;
    if let Some(finding) = outcome.finding {
        panic!("{finding}");
    }
    assert!(outcome.coverage.closes.is_empty() && outcome.coverage.connections == 2, "{}", outcome.coverage);
}

async fn sizes_and_rates_are_kept(bus: &Bus) {
    let large = |bytes| Sent { message: None, payload: Payload::Large { bytes }, intent: Default::default() };
    let mut steps = vec![send(0, large(64 * 1024 + 1)), SETTLE, send(1, large((1 << 20) + 1)), SETTLE];
    steps.extend((0..60).map(|_| send(2, message("ping", "system", json!({})))));
    steps.extend([SETTLE, Step::Wait { ms: 2000 }, send(2, message("ping", "system", json!({})))]);
    let (_, closes) = check(bus, steps).await;
    assert_eq!(closes, [(1009, 1)]);
}

async fn frames_below_the_contract(bus: &Bus) {
    let Payload::Json(json) = message("ping", "system", json!({})).payload else { return };
    let pieces = Sent {
        message: Some("ping".to_owned()),
        payload: Payload::Fragments { json, pieces: 7 },
        intent: Default::default(),
    };
    let bytes = Sent::breach(Payload::Bytes(vec![0xff]), 1007);
    let raw = Sent::breach(Payload::Raw(tightwire_testkit::RawFrame::text("x").unmasked().to_bytes()), 1002);
    let ping = Sent { message: None, payload: Payload::Ping(b"here".to_vec()), intent: Default::default() };
    let binary = Sent { message: None, payload: Payload::Binary(Vec::new()), intent: Default::default() };
    let (_, closes) =
        check(bus, vec![send(0, pieces), send(0, ping), SETTLE, send(0, binary), send(1, bytes), send(2, raw), SETTLE])
            .await;
    assert_eq!(closes, [(1002, 1), (1003, 1), (1007, 1)]);
}
