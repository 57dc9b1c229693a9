//! The connection itself: its greeting, its heartbeat, its subscriptions, and what is refused.

use serde_json::{Value, json};
use tightwire::client::{ClientError, RequestError, Side};
use tightwire_chat::chat::{AgentTopic, ClientPing, ErrorCode, SendMessage, ServerFrame, SystemTopic};
use tightwire_testkit::pact::provider::matchers::{datetime, each_like, integer, like, regex, uuid};
use tightwire_testkit::pact::provider::{Consumer, Draft};

use crate::{MILLISECONDS, NOW, connect, id, next, reach, thread};

pub(crate) async fn greeting(consumer: Consumer) {
    let limits = ["max_message_bytes", "messages_per_second", "message_burst", "subscriptions_per_connection"];
    let limits = limits.into_iter().chain(["outbound_queue_frames", "outbound_queue_bytes", "idle_timeout_ms"]);
    let limits: serde_json::Map<String, Value> = limits.map(|limit| (limit.to_owned(), integer(100))).collect();
    let established = json!({
        "connection_id": uuid(&id(1)),
        "contract_version": regex(r"^\d+\.\d+\.\d+$", "1.0.0"),
        "server_time": datetime(MILLISECONDS, NOW),
        "ping_interval_ms": integer(30_000),
        "pong_timeout_ms": integer(60_000),
        "limits": limits,
    });
    consumer.expect(
        &Draft::new("the Rust client is greeted")
            .push("connection_established", "system", established)
            .ws("deadline_ms", 1000),
    );
    let mut client = reach(&consumer).await;
    let ServerFrame::ConnectionEstablished { data, .. } = next(&mut client).await else { panic!("not greeted") };
    assert_eq!(data.connection_id.to_string(), id(1));
    assert_eq!((data.ping_interval_ms, data.limits.message_burst), (30_000, 100));
    consumer.passed();
}

pub(crate) fn ping() -> Draft {
    Draft::new("the Rust client's ping is answered")
        .request("ping", "system", json!({}))
        .response("pong", "system", json!({"timestamp": datetime(MILLISECONDS, NOW)}))
        .ws("deadline_ms", 500)
}

pub(crate) async fn heartbeat(consumer: Consumer) {
    consumer.expect(&ping());
    let client = connect(&consumer).await;
    let pong = client.ping(SystemTopic, ClientPing { timestamp: None }).await.expect("a pong");
    assert_eq!(serde_json::to_value(pong.timestamp).expect("JSON"), "2026-01-01T00:00:00Z");
    consumer.passed();
}

pub(crate) async fn subscriptions(consumer: Consumer) {
    let topic = "thread:rust-topics";
    let position = json!({"epoch": like("e"), "seq": integer(7)});
    consumer.expect(
        &Draft::new("the Rust client is told where the topics are that it subscribes to")
            .given("an empty thread", json!({"thread_id": "rust-topics"}))
            .request("subscribe", "system", json!({"topics": [topic], "positions": true}))
            .response("subscription_updated", "system", json!({"topics": [topic], "positions": {topic: position}}))
            .ws("deadline_ms", 1000),
    );
    consumer.expect(
        &Draft::new("the Rust client leaves a topic")
            .request("unsubscribe", "system", json!({"topics": [topic]}))
            .response("subscription_updated", "system", json!({"topics": []}))
            .ws("deadline_ms", 1000),
    );
    let client = connect(&consumer).await;
    let told = client.subscribe([thread("rust-topics")]).await.expect("subscribed");
    let positions = told.positions.expect("the client asks for them");
    assert_eq!((positions[topic].epoch.as_str(), positions[topic].seq), ("e", 7));
    assert_eq!(client.unsubscribe([thread("rust-topics")]).await.expect("unsubscribed").topics, Vec::<String>::new());
    consumer.passed();
}

pub(crate) async fn refusal(consumer: Consumer) {
    let error = json!({
        "code": "invalid_topic",
        "message": like("There is no agent with this id."),
        "timestamp": datetime(MILLISECONDS, NOW),
        "topics": ["agent:nobody"],
    });
    consumer.expect(
        &Draft::new("the Rust client is refused a topic that there is not")
            .given("there is no agent", json!({"agent_id": "nobody"}))
            .request("subscribe", "system", json!({"topics": ["agent:nobody"], "positions": true}))
            .response("error", "system", error)
            .response("subscription_updated", "system", json!({"topics": []}))
            .ws("deadline_ms", 1000),
    );
    let client = connect(&consumer).await;
    let refused = client.subscribe([AgentTopic::new("nobody").expect("an agent's id")]).await;
    let Err(RequestError::Refused(error)) = refused else { panic!("not refused: {refused:?}") };
    assert_eq!(
        (error.code, error.topics.as_deref()),
        (ErrorCode::InvalidTopic, Some(&["agent:nobody".to_owned()][..]))
    );
    // The connection lives.
    client.ping(SystemTopic, ClientPing { timestamp: None }).await.expect("a pong");
    consumer.passed();
}

pub(crate) async fn violation(consumer: Consumer) {
    let violation = json!({"pointer": "/data/content", "keyword": "minLength", "message": like("is too short")});
    let error = json!({
        "code": "contract_violation",
        "message": like("The frame does not follow the contract."),
        "timestamp": datetime(MILLISECONDS, NOW),
        "violations": each_like(1, violation),
    });
    consumer.expect(
        &Draft::new("the Rust client is told what breaks the contract, and the connection is closed")
            .request("send_message", "thread:rust-violation", json!({"content": ""}))
            .response("error", "system", error)
            .ws("deadline_ms", 1000)
            .ws("close", 1002),
    );
    let mut client = connect(&consumer).await;
    let message = SendMessage { content: String::new(), metadata: None };
    let mut answer = client.send_message(thread("rust-violation"), message).await.expect("sent");
    let refused = answer.next().await.expect("a step");
    let Err(RequestError::Refused(error)) = refused else { panic!("not refused: {refused:?}") };
    let violations = error.violations.expect("they are named");
    assert_eq!((violations[0].pointer.as_str(), violations[0].keyword.as_str()), ("/data/content", "minLength"));
    drop(answer);
    let end = client.next().await.expect("the end").expect_err("closed");
    let ClientError::Closed(closed) = end else { panic!("not closed: {end}") };
    assert_eq!((closed.code, closed.by, closed.reconnect), (1002, Side::Server, Some(false)));
    consumer.passed();
}
