//! What the generated Rust client relies on: its tests against the recording provider, which make `contracts/rust-client-v1.json`.
//! `make pact-capture` runs them; `UPDATE_PACTS=1` writes the file.

use std::path::Path;

use serde_json::{Value, json};
use tightwire::client::{Client, ClientConfig, ClientError, RequestError, Side};
use tightwire_chat::chat::{
    AgentActivity, AgentEventEvent, AgentTopic, ChatClient, ClientPing, DashboardTopic, DataParams, DataResponse,
    DataType, ErrorCode, RequestData, RequestDataReply, SendMessage, SendMessageReply, ServerFrame,
    StreamEndFinishReason, SubscribeThread, SystemTopic, ThreadTopic, Topic,
};
use tightwire_testkit::pact::provider::matchers::{datetime, each_like, instant, integer, like, number, regex, uuid};
use tightwire_testkit::pact::provider::{Consumer, Draft, Outcome, Provider, Recording};
use uuid::Uuid;

/// How the connection itself tells the time.
const MILLISECONDS: &str = "yyyy-MM-dd'T'HH:mm:ss.SSSX";
const NOW: &str = "2026-01-01T00:00:00.000Z";

#[tokio::test]
async fn its_contract_says_what_it_relies_on() {
    let provider = provider().await;
    exercise(&provider).await;
    let outcome = provider.finish();
    assert!(outcome.is_right(), "{outcome}");
}

#[tokio::test]
async fn its_contract_is_the_same_on_every_run() {
    let (first, second) = (provider().await, provider().await);
    exercise(&first).await;
    exercise(&second).await;
    assert_eq!(first.pact().to_text(), second.pact().to_text());
}

#[tokio::test]
async fn whoever_expects_something_else_is_told_what_differs() {
    let provider = provider().await;
    let consumer = provider.consumer();
    consumer.expect(&ping().ws("deadline_ms", 60_000));
    let client = connect(&consumer).await;
    client.ping(SystemTopic, ClientPing { timestamp: None }).await.expect("a pong");
    consumer.passed();
    // Whatever the environment says: nothing but this was recorded, and that is not what the file has.
    let Outcome::Different(_, differences) = provider.compare() else { panic!("it is the same") };
    let changed = "`the Rust client's ping is answered` has changed:\n  \
                   /comments/x-ws/deadline_ms: the file has 500, the tests rely on 60000";
    assert!(differences.iter().any(|difference| difference == changed), "{differences:#?}");
}

async fn provider() -> Provider {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("contracts/rust-client-v1.json");
    let recording = Recording::of(&root.join("asyncapi/chat.yml"), "rust-client", "chat", file);
    Provider::start(recording.expect("a sound document")).await.expect("it listens")
}

async fn exercise(provider: &Provider) {
    greeting(provider.consumer()).await;
    heartbeat(provider.consumer()).await;
    history(provider.consumer()).await;
    answer(provider.consumer()).await;
    data(provider.consumer()).await;
    no_data(provider.consumer()).await;
    subscriptions(provider.consumer()).await;
    refusal(provider.consumer()).await;
    violation(provider.consumer()).await;
    events(provider.consumer()).await;
}

/// The client, before it is greeted.
async fn reach(consumer: &Consumer) -> ChatClient {
    let client = Client::connect(&consumer.url(), ClientConfig::default()).await;
    client.expect("the provider listens").into()
}

/// The client, which has been greeted.
async fn connect(consumer: &Consumer) -> ChatClient {
    let mut client = reach(consumer).await;
    let first = next(&mut client).await;
    assert!(matches!(first, ServerFrame::ConnectionEstablished { .. }), "{first:?}");
    client
}

async fn next(client: &mut ChatClient) -> ServerFrame {
    client.next().await.expect("the connection lives").expect("the frame follows the contract")
}

fn id(number: u8) -> String {
    format!("0190b6a2-7c1e-7b6a-9a64-0000000000{number:02x}")
}

fn thread(name: &str) -> ThreadTopic {
    ThreadTopic::new(name).expect("a thread's id")
}

async fn greeting(consumer: Consumer) {
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

fn ping() -> Draft {
    Draft::new("the Rust client's ping is answered")
        .request("ping", "system", json!({}))
        .response("pong", "system", json!({"timestamp": datetime(MILLISECONDS, NOW)}))
        .ws("deadline_ms", 500)
}

async fn heartbeat(consumer: Consumer) {
    consumer.expect(&ping());
    let client = connect(&consumer).await;
    let pong = client.ping(SystemTopic, ClientPing { timestamp: None }).await.expect("a pong");
    assert_eq!(serde_json::to_value(pong.timestamp).expect("JSON"), "2026-01-01T00:00:00Z");
    consumer.passed();
}

async fn history(consumer: Consumer) {
    let topic = "thread:rust-history";
    let message = json!({
        "message_id": uuid(&id(2)),
        "thread_id": "rust-history",
        "author": {"kind": regex("^(user|agent)$", "user"), "id": like("ada")},
        "content": like("What does 4408 mean?"),
        "created_at": instant("2026-01-01T00:00:00Z"),
    });
    let history =
        json!({"thread_id": "rust-history", "messages": each_like(1, message), "epoch": like("e"), "seq": integer(2)});
    consumer.expect(
        &Draft::new("the Rust client is told the newest messages of a thread, as many as it asks for")
            .given("a thread with messages", json!({"thread_id": "rust-history", "count": 2}))
            .request("subscribe_thread", topic, json!({"limit": 1}))
            .response("thread_history", topic, history)
            .ws("deadline_ms", 1000),
    );
    let client = connect(&consumer).await;
    let asked = SubscribeThread { limit: Some(1) };
    let history = client.subscribe_thread(thread("rust-history"), asked).await.expect("a history");
    let [message] = history.messages.as_slice() else { panic!("{history:?}") };
    assert_eq!((message.author.id.as_str(), message.content.as_str()), ("ada", "What does 4408 mean?"));
    assert_eq!((history.epoch.as_str(), history.seq), ("e", 2));
    consumer.passed();
}

async fn answer(consumer: Consumer) {
    let topic = "thread:rust-answer";
    let created = json!({"message": {
        "message_id": uuid(&id(3)),
        "thread_id": "rust-answer",
        "author": {"kind": "user", "id": like("ada")},
        "content": like("What does 4408 mean?"),
        "created_at": instant("2026-01-01T00:00:00Z"),
    }});
    let chunk =
        |index: u64, delta: &str| json!({"stream_id": uuid(&id(4)), "index": integer(index), "delta": like(delta)});
    let end =
        json!({"stream_id": uuid(&id(4)), "finish_reason": "stop", "chunks": integer(2), "message_id": uuid(&id(5))});
    consumer.expect(
        &Draft::new("the Rust client's message is answered in a stream")
            .given("an empty thread", json!({"thread_id": "rust-answer"}))
            .request("send_message", topic, json!({"content": like("What does 4408 mean?")}))
            .response("thread_message_created", topic, created)
            .response(
                "stream_start",
                topic,
                json!({"stream_id": uuid(&id(4)), "agent_id": like("guide"), "in_reply_to": uuid(&id(3))}),
            )
            .response_times("+", "stream_chunk", topic, chunk(0, "No "))
            .response_times("+", "stream_chunk", topic, chunk(1, "pong."))
            .response("stream_end", topic, end)
            .ws("deadline_ms", 3000)
            .ws("first_ms", 1000)
            .ws("count", json!([{"index": "stream_chunk#/data/index", "total": "stream_end#/data/chunks"}]))
            .ws(
                "bind",
                json!({
                    "content": ["$request#/data/content", "thread_message_created#/data/message/content"],
                    "question": ["thread_message_created#/data/message/message_id", "stream_start#/data/in_reply_to"],
                    "stream": ["stream_start#/data/stream_id", "stream_chunk#/data/stream_id", "stream_end#/data/stream_id"],
                }),
            ),
    );
    let client = connect(&consumer).await;
    let message = SendMessage { content: "And 1002?".to_owned(), metadata: None };
    let answer = client.send_message(thread("rust-answer"), message).await.expect("sent");
    let steps = answer.collect().await.expect("an answer");
    let [
        SendMessageReply::ThreadMessageCreated(created),
        SendMessageReply::StreamStart(start),
        SendMessageReply::StreamChunk(first),
        SendMessageReply::StreamChunk(second),
        SendMessageReply::StreamEnd(end),
    ] = steps.as_slice()
    else {
        panic!("not the sequence of the contract: {steps:?}");
    };
    assert_eq!((created.message.content.as_str(), start.in_reply_to), ("And 1002?", created.message.message_id));
    assert_eq!(format!("{}{}", first.delta, second.delta), "No pong.");
    assert_eq!((end.stream_id, end.chunks, &end.finish_reason), (start.stream_id, 2, &StreamEndFinishReason::Stop));
    consumer.passed();
}

async fn data(consumer: Consumer) {
    let metrics = json!({"success_rate": number(0.92), "trend": regex("^(rising|steady|falling)$", "steady")});
    consumer.expect(
        &Draft::new("the Rust client is told the metrics of a time")
            .request(
                "request_data",
                "dashboard",
                json!({"data_type": "coordination_metrics", "params": {"window_s": 60}}),
            )
            .response("data_response", "dashboard", json!({"data_type": "coordination_metrics", "data": metrics}))
            .ws("deadline_ms", 1000),
    );
    let client = connect(&consumer).await;
    let params = DataParams { window_s: Some(60), ..DataParams::default() };
    let asked = RequestData { data_type: DataType::CoordinationMetrics, params: Some(params) };
    let reply = client.request_data(DashboardTopic, asked).await.expect("a reply");
    let RequestDataReply::DataResponse(DataResponse::CoordinationMetrics(metrics)) = reply else {
        panic!("not what was asked for: {reply:?}");
    };
    assert!((metrics.success_rate - 0.92).abs() < f64::EPSILON, "{metrics:?}");
    consumer.passed();
}

async fn no_data(consumer: Consumer) {
    let error = json!({
        "data_type": "agent_status",
        "error": like("There is no agent with this id."),
        "timestamp": instant("2026-01-01T00:00:00Z"),
    });
    consumer.expect(
        &Draft::new("the Rust client is told that there is no such agent")
            .given("there is no agent", json!({"agent_id": "nobody"}))
            .request(
                "request_data",
                "dashboard",
                json!({"data_type": "agent_status", "params": {"agent_id": "nobody"}}),
            )
            .response("data_error", "dashboard", error)
            .ws("deadline_ms", 1000),
    );
    let client = connect(&consumer).await;
    let params = DataParams { agent_id: Some("nobody".to_owned()), ..DataParams::default() };
    let asked = RequestData { data_type: DataType::AgentStatus, params: Some(params) };
    let reply = client.request_data(DashboardTopic, asked).await.expect("a reply");
    let RequestDataReply::DataError(error) = reply else { panic!("there is one: {reply:?}") };
    assert_eq!(error.error, "There is no agent with this id.");
    consumer.passed();
}

async fn subscriptions(consumer: Consumer) {
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

async fn refusal(consumer: Consumer) {
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

async fn violation(consumer: Consumer) {
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

async fn events(consumer: Consumer) {
    let created = json!({"message": {
        "message_id": uuid(&id(6)),
        "thread_id": "rust-events",
        "author": {"kind": "user", "id": like("bob")},
        "content": "hello",
        "created_at": instant("2026-01-01T00:00:00Z"),
    }});
    let written = json!({
        "name": "somebody writes into the thread",
        "params": {"thread_id": "rust-events", "content": "hello"},
    });
    let message = consumer.expect(
        &Draft::new("the Rust client is told what others write")
            .push("thread_message_created", "thread:rust-events", created)
            .ws("deadline_ms", 2000)
            .ws("trigger", written),
    );
    let details = json!({"agent_id": "guide", "event": "task_completed", "status": "idle"});
    let work = consumer.expect(
        &Draft::new("the Rust client is told that an agent has answered")
            .push("agent_event", "agent:guide", details)
            .ws("deadline_ms", 2000)
            .ws("trigger", json!({"name": "an agent answers", "params": {"agent_id": "guide"}})),
    );
    let mut client = connect(&consumer).await;
    let topics = [Topic::from(thread("rust-events")), AgentTopic::new("guide").expect("an agent's id").into()];
    client.subscribe(topics).await.expect("subscribed");
    consumer.push(message).await;
    let event = client.next_inbound().await.expect("an event").expect("sound");
    assert_eq!(event.position.expect("it is kept").seq, 1);
    let ServerFrame::ThreadMessageCreated { topic, data, .. } = event.frame else { panic!("{:?}", event.frame) };
    assert_eq!((topic.thread_id(), data.message.content.as_str()), ("rust-events", "hello"));
    assert_eq!(data.message.message_id, id(6).parse::<Uuid>().expect("a UUID"));
    consumer.push(work).await;
    let ServerFrame::AgentEvent { data, .. } = next(&mut client).await else { panic!("not the event") };
    assert_eq!((data.event, data.status), (AgentEventEvent::TaskCompleted, AgentActivity::Idle));
    consumer.passed();
}
