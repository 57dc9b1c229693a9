//! That each defect can be seen: by the model of the session and the checks of the chat, in a plan of at most three frames
//! that was written for it. What the fuzzer has to add is to come upon such a plan.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tightwire_testkit::fuzz::plan::MARKER;
use tightwire_testkit::fuzz::{Class, Finding, Intent, Payload, Plan, Protocol, Sent, Step};
use uuid::Uuid;

use super::planted::{Planted, planted_on};
use super::{FRAMES, on_server};
use crate::common::bus::{Bus, on_each_bus};
use crate::stage::protocol;

on_each_bus! { on_streams:
    every_defect_shows_in_a_short_plan
}

async fn every_defect_shows_in_a_short_plan(bus: &Bus) {
    let protocol = Arc::new(protocol());
    for plan in plans() {
        assert!(plan.frames() <= FRAMES);
    }
    let sound = findings(bus, &protocol, None, |_| false).await;
    assert!(sound.is_empty(), "the server has no defect: {}", sound[0]);
    for planted in planted_on(bus.kind()) {
        let found = findings(bus, &protocol, Some(planted), |class| planted.classes.contains(&class)).await;
        let classes: Vec<_> = found.iter().map(|finding| finding.class).collect();
        let is_found = classes.iter().any(|class| planted.classes.contains(class));
        assert!(is_found, "{} ({}) is found as {classes:?}", planted.name, planted.what);
    }
}

/// What is found in all plans, or in those before enough was.
async fn findings(
    bus: &Bus,
    protocol: &Arc<Protocol>,
    planted: Option<&Planted>,
    enough: impl Fn(Class) -> bool,
) -> Vec<Finding> {
    let driver = on_server(bus, protocol, planted).await;
    let mut found: Vec<Finding> = Vec::new();
    for plan in plans() {
        found.extend(driver.run(&plan).await.finding);
        if found.last().is_some_and(|finding| enough(finding.class)) {
            break;
        }
    }
    found
}

/// The thread that is a plan's own.
const THREAD: &str = "thread:#";

fn plans() -> Vec<Plan> {
    let metadata: Map<String, Value> = (0..32).map(|number| (number.to_string(), json!("x"))).collect();
    let day = json!({"data_type": "coordination_metrics", "params": {"window_s": 86_400}});
    let (ping, health) = (valid("ping", "system", json!({})), json!({"data_type": "system_health"}));
    let health = valid("request_data", "dashboard", health);
    let hello = valid("send_message", THREAD, json!({"content": "hello"}));
    let history = valid("subscribe_thread", THREAD, json!({}));
    let plans = [
        vec![from(0, valid("request_data", "dashboard", day))],
        vec![from(0, health.clone())],
        vec![from(0, valid("subscribe_thread", THREAD, json!({"limit": 200})))],
        vec![from(0, invalid("subscribe_thread", THREAD, json!({"limit": 201}), "maximum", "/data/limit"))],
        vec![from(0, invalid("request_data", "dashboard", json!({"data_type": "any"}), "enum", "/data/data_type"))],
        vec![from(0, closed())],
        vec![from(0, invalid("send_message", THREAD, content(16_001), "maxLength", "/data/content"))],
        vec![from(0, valid("send_message", THREAD, json!({"content": "hello", "metadata": metadata})))],
        vec![from(0, subscribe(&[THREAD, "dashboard"]))],
        vec![from(0, subscribe(&["agent:nobody"]))],
        // Two clients.
        vec![from(1, ping.clone()), SETTLED, from(0, health)],
        vec![from(1, ping.clone()), SETTLED, from(0, subscribe(&["dashboard"]))],
        vec![from(1, ping), SETTLED, from(0, hello.clone())],
        vec![from(0, subscribe(&[THREAD])), SETTLED, from(1, hello.clone())],
        // Afterwards.
        vec![
            from(0, valid("send_message", THREAD, json!({"content": "hello", "metadata": {"a": "b"}}))),
            ENDED,
            from(0, history),
        ],
        vec![from(0, hello.clone()), SETTLED, from(0, unsubscribe(&[THREAD])), SETTLED, Step::Wait { ms: 100 }],
        vec![from(0, hello), ENDED, from(1, resume(3))],
    ];
    plans.into_iter().map(|steps| Plan { steps }).collect()
}

const SETTLED: Step = Step::Settle { sequences: false };
const ENDED: Step = Step::Settle { sequences: true };

fn from(client: usize, sent: Sent) -> Step {
    Step::Send { client, sent }
}

fn frame(wire_type: &str, topic: &str, data: Value) -> Value {
    let topic = topic.replace('#', MARKER);
    json!({"v": 1, "id": Uuid::new_v4(), "type": wire_type, "topic": topic, "ts": 1, "data": data})
}

fn valid(wire_type: &str, topic: &str, data: Value) -> Sent {
    Sent::valid(wire_type, frame(wire_type, topic, data))
}

fn invalid(wire_type: &str, topic: &str, data: Value, keyword: &str, pointer: &str) -> Sent {
    Sent::invalid(wire_type, frame(wire_type, topic, data), keyword, pointer)
}

/// A frame with a property that the contract does not know.
fn closed() -> Sent {
    let data = json!({"data_type": "system_health", "more": 1});
    invalid("request_data", "dashboard", data, "additionalProperties", "/data")
}

fn content(length: usize) -> Value {
    json!({"content": "x".repeat(length)})
}

fn topics(topics: &[&str]) -> Value {
    json!({"topics": topics.iter().map(|topic| topic.replace('#', MARKER)).collect::<Vec<_>>()})
}

fn subscribe(names: &[&str]) -> Sent {
    valid("subscribe", "system", topics(names))
}

fn unsubscribe(names: &[&str]) -> Sent {
    valid("unsubscribe", "system", topics(names))
}

fn resume(back: usize) -> Sent {
    let payload = Payload::Resume { topic: THREAD.replace('#', MARKER), back, by_id: false };
    Sent { message: None, payload, intent: Intent::Valid }
}
