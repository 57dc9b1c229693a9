//! What the provider says without being told: the session's own frames, made of the document's examples.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use tightwire_spec::ir::{Direction, Message, SessionRole};
use uuid::Uuid;

use super::envelope::EPOCH;
use super::protocol::Protocol;

/// The first frame on a connection.
pub(super) fn greeting(protocol: &Protocol) -> Option<Value> {
    let message = protocol.playing(SessionRole::ConnectionEstablished)?;
    let mut data = Protocol::example(message);
    let own = [
        ("connection_id", json!(Uuid::now_v7())),
        ("contract_version", json!(protocol.ir().info.version)),
        ("server_time", json!(now())),
    ];
    for (name, value) in own {
        if let Some(member) = data.get_mut(name) {
            *member = value;
        }
    }
    frame(protocol, message, data)
}

/// The answer to a `ping`: with its own `timestamp`, where it has one.
pub(super) fn pong(protocol: &Protocol, ping: &Value) -> Option<Value> {
    let timestamp = ping.pointer("/data/timestamp").cloned().unwrap_or_else(|| json!(now()));
    frame(protocol, protocol.playing(SessionRole::Pong)?, json!({"timestamp": timestamp}))
}

/// The answer to a `subscribe` or `unsubscribe`: the topics now, and where they are, for those who ask.
pub(super) fn subscriptions(
    protocol: &Protocol,
    request: &Value,
    topics: &BTreeSet<String>,
    positions: &BTreeMap<String, u64>,
) -> Option<Value> {
    let mut data = json!({"topics": topics});
    if request.pointer("/data/positions") == Some(&json!(true)) {
        let position = |topic: &String| json!({"epoch": EPOCH, "seq": positions.get(topic).copied().unwrap_or(0)});
        let positions: Map<String, Value> = topics.iter().map(|topic| (topic.clone(), position(topic))).collect();
        data["positions"] = positions.into();
    }
    frame(protocol, protocol.playing(SessionRole::SubscriptionUpdated)?, data)
}

/// What the client hears of a frame that nothing expects.
pub(super) fn error(protocol: &Protocol, problem: &str) -> Option<Value> {
    let message = protocol.playing(SessionRole::Error)?;
    let mut data = Protocol::example(message);
    if let Some(text) = data.get_mut("message") {
        *text = json!(problem);
    }
    frame(protocol, message, data)
}

/// A frame with the topic of the message's example. `None` where the document has other ideas of such a frame: then the
/// client is told nothing, and a test has to say what it is told.
fn frame(protocol: &Protocol, message: &Message, data: Value) -> Option<Value> {
    let topic = message.examples.first().and_then(|example| example.payload.get("topic")).cloned();
    let topic = topic.or_else(|| protocol.session_topic().map(Value::from))?;
    let frame = json!({
        "v": 1,
        "id": Uuid::nil(),
        "type": message.wire_type,
        "topic": topic,
        "ts": 0,
        "correlation_id": Uuid::nil(),
        "data": data,
    });
    protocol.document.violations(Direction::ToClient, message, &frame).is_empty().then_some(frame)
}

fn now() -> String {
    tightwire::proto::session::messages::rfc3339(crate::frame::unix_ms())
}
