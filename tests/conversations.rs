//! The conversations of the protocol, over streams in memory, on each broker. The harness checks every frame that arrives
//! against the contract, and that positions are dense.

mod common;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use serde_json::json;
use tightwire::Server;
use tightwire_chat::chat::{
    self, AgentEvent, AgentEventEvent, CONTRACT_VERSION, ConnectionEstablished, CriticalAlert, DashboardInitialized,
    DataResponse, DataType, Error, ErrorCode, StreamChunk, StreamEnd, StreamEndFinishReason, StreamStart,
    SubscriptionUpdated, SystemTopic, ThreadHistory, ThreadMessage, ThreadMessageCreated,
};
use tightwire_chat::responder::{Answer, Responder};
use tightwire_chat::service::{Chat, Handlers};
use tightwire_testkit::{Frame, Served, expect_seq};
use tokio::io::DuplexStream;
use tokio::time::Instant;
use uuid::Uuid;

use crate::common::bus::{Bus, Kind, on_each_bus, on_streams};

/// What a busy machine may take longer for something that comes at a time.
const SLACK: Duration = Duration::from_secs(2);

on_each_bus! { on_streams:
    the_first_frame_says_who_and_what
    a_thread_begins_with_its_history
    a_message_is_answered_in_a_stream
    everyone_in_the_thread_sees_the_same_frames
    each_data_set_comes_from_the_real_state
    the_dashboard_tells_its_state_first_and_alerts_when_answers_fail
    topics_that_do_not_exist_are_named_in_one_error
    a_violation_is_explained_and_ends_the_connection
    a_tolerant_server_keeps_the_connection
    a_ping_is_answered_with_its_own_time
    a_silent_client_is_closed
    what_was_missed_is_replayed_once_and_in_order
    whoever_asks_where_topics_are_misses_nothing_before_its_first_frame
    frames_go_on_right_behind_the_position_that_was_told
    a_responder_that_panics_ends_its_answer
    a_responder_that_says_too_much_is_ended
}

async fn the_first_frame_says_who_and_what(bus: &Bus) {
    let mut client = common::serve(bus, &["--message-burst", "7"]).await.connect().await;
    let first = client.next_frame().await;
    assert_eq!(first.wire_type, "connection_established");
    let data: ConnectionEstablished = first.data_as();
    assert_eq!((data.contract_version.as_str(), data.limits.message_burst), (CONTRACT_VERSION, 7));
    assert_eq!(first.topic, SystemTopic.to_string());
}

async fn a_thread_begins_with_its_history(bus: &Bus) {
    let mut client = common::serve(bus, &[]).await.connect().await;
    client.expect("connection_established").await;
    let reply = client.request("subscribe_thread", "thread:new", json!({})).await;
    assert_eq!(reply.wire_type, "thread_history");
    let history: ThreadHistory = reply.data_as();
    assert_eq!((history.messages.len(), history.seq, history.thread_id.as_str()), (0, 0, "new"));
}

async fn a_message_is_answered_in_a_stream(bus: &Bus) {
    let mut client = common::serve(bus, &[]).await.connect().await;
    client.expect("connection_established").await;
    client.request("subscribe_thread", "thread:t", json!({})).await;
    let id = client.send("send_message", "thread:t", json!({"content": "What does 4408 mean?"})).await;
    let frames = expect_seq!(client, [thread_message_created, stream_start, stream_chunk+, stream_end])
        .on("thread:t")
        .within(Duration::from_secs(30))
        .await;
    assert!(
        frames.iter().all(|frame| frame.correlation_id == Some(id)),
        "every frame of the answer refers to the question"
    );

    let created: ThreadMessageCreated = frames[0].data_as();
    let start: StreamStart = frames[1].data_as();
    let end: StreamEnd = frames[frames.len() - 1].data_as();
    assert_eq!(start.in_reply_to, created.message.message_id);
    let mut text = String::new();
    for (index, frame) in frames[2..frames.len() - 1].iter().enumerate() {
        let chunk: StreamChunk = frame.data_as();
        assert_eq!((chunk.index, chunk.stream_id), (index as u64, start.stream_id));
        text.push_str(&chunk.delta);
    }
    assert_eq!((end.chunks, end.finish_reason), ((frames.len() - 3) as u64, StreamEndFinishReason::Stop));
    assert!(text.contains("pong_timeout"), "the built-in responder answers from the contract: {text}");

    // What was seen live is what the history says.
    let history: ThreadHistory = client.request("subscribe_thread", "thread:t", json!({})).await.data_as();
    let contents: Vec<_> = history.messages.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(contents, ["What does 4408 mean?", text.as_str()]);
    assert_eq!(history.messages[1].message_id, end.message_id);
    assert_eq!(history.seq, frames[frames.len() - 1].position().expect("published").seq);
}

async fn everyone_in_the_thread_sees_the_same_frames(bus: &Bus) {
    let served = common::serve(bus, &[]).await;
    let (mut ada, mut bob, mut eve) = (served.connect().await, served.connect().await, served.connect().await);
    for (client, thread) in [(&mut ada, "thread:t"), (&mut bob, "thread:t"), (&mut eve, "thread:other")] {
        client.expect("connection_established").await;
        client.request("subscribe_thread", thread, json!({})).await;
    }
    ada.send("send_message", "thread:t", json!({"content": "hello"})).await;
    let mut seen = Vec::new();
    for client in [&mut ada, &mut bob] {
        let frames = expect_seq!(client, [thread_message_created, stream_start, stream_chunk+, stream_end])
            .within(Duration::from_secs(30))
            .await;
        seen.push(frames.iter().map(|frame| (frame.id, frame.position())).collect::<Vec<_>>());
    }
    assert_eq!(seen[0], seen[1], "the same frames, with the same ids and positions");
    eve.expect_none(bus.silence()).await;
}

async fn each_data_set_comes_from_the_real_state(bus: &Bus) {
    let mut client = common::serve(bus, &["--connections", "10"]).await.connect().await;
    client.expect("connection_established").await;
    for data_type in [DataType::AgentStatus, DataType::CoordinationMetrics, DataType::SystemHealth] {
        let reply = client.request("request_data", "dashboard", json!({"data_type": data_type})).await;
        assert_eq!(reply.wire_type, "data_response");
        match reply.data_as() {
            DataResponse::AgentStatus(data) => assert_eq!(data.agents[0].agent_id, "guide"),
            DataResponse::CoordinationMetrics(data) => assert!((data.success_rate - 1.0).abs() < f64::EPSILON),
            DataResponse::SystemHealth(data) => {
                let connections = data.components.iter().find(|part| part.name == "connections");
                assert_eq!(connections.and_then(|part| part.detail.as_deref()), Some("1 of 10"));
            }
        }
    }
    let request = json!({"data_type": "agent_status", "params": {"agent_id": "nobody"}});
    let reply = client.request("request_data", "dashboard", request).await;
    assert_eq!(reply.wire_type, "data_error");
}

async fn the_dashboard_tells_its_state_first_and_alerts_when_answers_fail(bus: &Bus) {
    let mut client = common::serve(bus, &[]).await.connect().await;
    client.expect("connection_established").await;
    let reply =
        client.request("subscribe", "system", json!({"topics": ["dashboard", "agent:guide", "dashboard"]})).await;
    assert_eq!(reply.data, json!({"topics": ["agent:guide", "dashboard"]}));
    let state: DashboardInitialized = client.expect_message().await;
    assert_eq!(state.snapshot.agents.len(), 1);

    for _ in 0..3 {
        client.send("send_message", "thread:t", json!({"content": "/fail"})).await;
        let within = Duration::from_secs(30);
        let started: AgentEvent = client.expect_message::<AgentEvent>().anywhere().within(within).await;
        assert_eq!(started.event, AgentEventEvent::TaskStarted);
        let end: StreamEnd = client.expect_message::<StreamEnd>().anywhere().within(within).await;
        assert_eq!(end.finish_reason, StreamEndFinishReason::Error);
        let failed: AgentEvent = client.expect_message::<AgentEvent>().anywhere().within(within).await;
        assert_eq!(failed.event, AgentEventEvent::TaskFailed);
    }
    let alert: CriticalAlert = client.expect_message::<CriticalAlert>().anywhere().await;
    assert_eq!(alert.source, "agent:guide");
}

async fn topics_that_do_not_exist_are_named_in_one_error(bus: &Bus) {
    let mut client = common::serve(bus, &[]).await.connect().await;
    client.expect("connection_established").await;
    let topics = json!({"topics": ["thread:t", "agent:nobody", "nonsense"]});
    let id = client.send("subscribe", "system", topics).await;
    let error: Error = client.expect_message::<Error>().answering(id).await;
    assert_eq!(error.code, ErrorCode::InvalidTopic);
    assert_eq!(error.topics.as_deref(), Some(&["agent:nobody".to_owned(), "nonsense".to_owned()][..]));
    let updated = client.expect("subscription_updated").answering(id).await;
    assert_eq!(updated.data, json!({"topics": ["thread:t"]}));
}

async fn a_violation_is_explained_and_ends_the_connection(bus: &Bus) {
    let mut client = common::serve(bus, &[]).await.connect().await;
    client.expect("connection_established").await;
    let id = client.send_unchecked("send_message", "thread:t", json!({"contents": "secret", "metadata": 1})).await;
    let error: Error = client.expect_message::<Error>().answering(id).await;
    assert_eq!(error.code, ErrorCode::ContractViolation);
    let mut violations: Vec<_> =
        error.violations.iter().flatten().map(|each| (each.pointer.as_str(), each.keyword.as_str())).collect();
    violations.sort_unstable();
    assert_eq!(
        violations,
        [("/data/content", "required"), ("/data/contents", "additionalProperties"), ("/data/metadata", "type")]
    );
    assert!(!client.transcript().split("error").last().unwrap_or_default().contains("secret"), "values are not echoed");
    client.expect_close(1002).await;
}

async fn a_tolerant_server_keeps_the_connection(bus: &Bus) {
    let mut client = common::serve(bus, &["--tolerant"]).await.connect().await;
    client.expect("connection_established").await;
    client.send_text("{\"v\":1").await;
    client.expect_message::<Error>().await;
    assert_eq!(client.request("ping", "system", json!({})).await.wire_type, "pong");
}

async fn a_ping_is_answered_with_its_own_time(bus: &Bus) {
    let mut client = common::serve(bus, &[]).await.connect().await;
    client.expect("connection_established").await;
    let timestamp = "2026-01-01T00:00:00Z";
    let pong = client.request("ping", "system", json!({"timestamp": timestamp})).await;
    assert_eq!(pong.data, json!({"timestamp": timestamp}));
}

async fn a_silent_client_is_closed(bus: &Bus) {
    let (ping, pong) = bus.paused_or((30_000, 60_000), (100, 300));
    let flags = ["--ping-interval-ms", &ping.to_string(), "--pong-timeout-ms", &pong.to_string()];
    let served = common::serve(bus, &flags).await.with(|harness| harness.answer_pings(false));
    let mut client = served.connect().await;
    client.expect("connection_established").await;
    let connected = Instant::now();
    // A little before its time: the server's clock for the connection began before ours.
    let early = Duration::from_millis(50);
    client.expect("ping").within(Duration::from_millis(ping) + SLACK).await;
    assert!(connected.elapsed() + early >= Duration::from_millis(ping), "a ping after {:?}", connected.elapsed());
    client.expect_close(4408).anywhere().within(Duration::from_millis(pong) + SLACK).await;
    let patience = Duration::from_millis(ping + pong);
    assert!(connected.elapsed() + early >= patience, "closed after {:?}", connected.elapsed());
}

async fn what_was_missed_is_replayed_once_and_in_order(bus: &Bus) {
    let served = common::serve(bus, &[]).await;
    let mut first = served.connect().await;
    first.expect("connection_established").await;
    first.request("subscribe_thread", "thread:t", json!({})).await;
    first.send("send_message", "thread:t", json!({"content": "one"})).await;
    let seen = expect_seq!(first, [thread_message_created, stream_start]).await;
    let position = seen[1].position().expect("published");
    let _ = first.close().await;

    let mut again = served.connect().await;
    again.expect("connection_established").await;
    let after = json!({"topics": ["thread:t"], "after": {"thread:t": position}});
    again.send("subscribe", "system", after).await;
    again.expect("subscription_updated").await;
    let frames = expect_seq!(again, [stream_chunk+, stream_end]).within(Duration::from_secs(30)).await;
    assert_eq!(frames[0].position().expect("published").seq, position.seq + 1);

    let unknown = json!({"topics": ["thread:t"], "after": {"thread:t": Uuid::nil()}});
    again.send("subscribe", "system", unknown).await;
    again.expect("replay_gap").on("thread:t").anywhere().await;
}

async fn whoever_asks_where_topics_are_misses_nothing_before_its_first_frame(bus: &Bus) {
    let served = common::serve(bus, &[]).await;
    let mut writer = served.connect().await;
    writer.expect("connection_established").await;
    writer.send("send_message", "thread:full", json!({"content": "one"})).await;
    let before = expect_seq!(writer, [thread_message_created, stream_start, stream_chunk+, stream_end]).await;
    let newest = before[before.len() - 1].position().expect("published");

    let mut reader = served.connect().await;
    reader.expect("connection_established").await;
    let topics = json!({"topics": ["thread:empty", "thread:full", "thread:nobody"], "positions": true});
    let reply = reader.request("subscribe", "system", topics).await;
    let SubscriptionUpdated { positions, .. } = reply.data_as();
    let told = positions.expect("it was asked for");
    assert_eq!(told.keys().collect::<Vec<_>>(), ["thread:empty", "thread:full", "thread:nobody"]);
    assert_eq!((told["thread:full"].seq, &*told["thread:full"].epoch), (newest.seq, &*newest.epoch));
    assert_eq!(told["thread:empty"].seq, 0);
    // Only what is new to the connection and begins with what comes next is told, and only to whoever asks.
    let topics =
        json!({"topics": ["thread:full", "thread:other"], "after": {"thread:other": newest}, "positions": true});
    let reply = reader.request("subscribe", "system", topics).await;
    assert_eq!(reply.data_as::<SubscriptionUpdated>().positions.expect("it was asked for").len(), 0);
    let reply = reader.request("subscribe", "system", json!({"topics": ["thread:late"]})).await;
    assert_eq!(reply.data_as::<SubscriptionUpdated>().positions, None);
    // It has had no frame of a thread when its connection is lost.
    let _ = reader.close().await;

    for (topic, position) in told.iter().filter(|(topic, _)| *topic != "thread:nobody") {
        writer.send("send_message", topic, json!({"content": "two"})).await;
        let missed = expect_seq!(writer, [thread_message_created, stream_start, stream_chunk+, stream_end]).await;
        let mut again = served.connect().await;
        again.expect("connection_established").await;
        let after = json!({"topics": [topic], "after": {topic: position}, "positions": true});
        again.send("subscribe", "system", after).await;
        again.expect("subscription_updated").await;
        let replayed = expect_seq!(again, [thread_message_created, stream_start, stream_chunk+, stream_end]).await;
        let ids = |frames: &[Frame]| frames.iter().map(|frame| frame.id).collect::<Vec<_>>();
        assert_eq!(ids(&replayed), ids(&missed), "{topic}");
        again.expect_none(bus.silence()).await;
    }
}

async fn frames_go_on_right_behind_the_position_that_was_told(bus: &Bus) {
    let served = served_by(bus, Endless { piece: "x", pause: Duration::from_millis(1) }).await;
    let mut writer = served.connect().await;
    writer.expect("connection_established").await;
    writer.send("send_message", "thread:t", json!({"content": "go on"})).await;
    let mut reader = served.connect().await;
    reader.expect("connection_established").await;
    let mut told_before = 0;
    for round in 0..15 {
        reader.send("subscribe", "system", json!({"topics": ["thread:t"], "positions": true})).await;
        let reply = reader.expect("subscription_updated").anywhere().await;
        let told = reply.data_as::<SubscriptionUpdated>().positions.expect("it was asked for")["thread:t"].seq;
        assert!(round == 0 || told > told_before, "{told} after {told_before}: nothing was published meanwhile");
        told_before = told;
        // The harness checks that those after it are dense.
        for next in 1..=3 {
            let frame = reader.next_frame().await;
            assert_eq!((&*frame.topic, frame.position().expect("published").seq), ("thread:t", told + next));
        }
        reader.send("unsubscribe", "system", json!({"topics": ["thread:t"]})).await;
        reader.expect("subscription_updated").anywhere().await;
    }
}

/// A responder with a fault: it panics at once, or after a piece.
struct Faulty;

impl Responder for Faulty {
    fn agent_id(&self) -> &'static str {
        "faulty"
    }

    fn name(&self) -> &'static str {
        "Faulty"
    }

    fn answer(&self, question: &ThreadMessage, _history: &[ThreadMessage]) -> Answer {
        assert_ne!(question.content, "at once", "a planted fault");
        let piece = stream::iter([Ok("one piece".to_owned())]);
        Box::pin(piece.chain(stream::once(async { panic!("a planted fault") })))
    }
}

/// A server whose answers come from that responder.
async fn served_by<R: Responder>(
    bus: &Bus,
    responder: R,
) -> Served<impl Fn(DuplexStream) -> BoxFuture<'static, ()> + Clone + use<R>> {
    let settings = common::settings(bus, &[]).server;
    let chat = Arc::new(Chat::new(responder));
    let config = settings.config().expect("they say who may connect");
    let server = Server::new(chat::service(Handlers(Arc::clone(&chat))), config);
    chat.attach(&server, settings.connections);
    common::reach(bus, &server).await;
    common::harness(server)
}

async fn a_responder_that_panics_ends_its_answer(bus: &Bus) {
    let mut client = served_by(bus, Faulty).await.connect().await;
    client.expect("connection_established").await;
    for content in ["at once", "later"] {
        client.send("send_message", "thread:t", json!({"content": content})).await;
        let frames = expect_seq!(client, [thread_message_created, stream_start, stream_chunk+, stream_end]).await;
        let end: StreamEnd = frames[frames.len() - 1].data_as();
        assert_eq!(end.finish_reason, StreamEndFinishReason::Error);
    }
    let reply = client.request("request_data", "dashboard", json!({"data_type": "agent_status"})).await;
    assert_eq!(
        (&reply.data["data"]["agents"][0]["failed"], &reply.data["data"]["agents"][0]["status"]),
        (&json!(2), &json!("idle"))
    );
}

/// A responder that does not come to an end: it says the same again after a pause, for ever.
struct Endless {
    piece: &'static str,
    pause: Duration,
}

impl Responder for Endless {
    fn agent_id(&self) -> &'static str {
        "endless"
    }

    fn name(&self) -> &'static str {
        "Endless"
    }

    fn answer(&self, _question: &ThreadMessage, _history: &[ThreadMessage]) -> Answer {
        let (piece, pause) = (self.piece, self.pause);
        Box::pin(stream::repeat(piece).then(move |piece| async move {
            tokio::time::sleep(pause).await;
            Ok(piece.to_owned())
        }))
    }
}

/// After how many pieces the answer ends, when, and why.
async fn check_endless(bus: &Bus, responder: Endless, expected: (u64, u64, StreamEndFinishReason)) {
    let mut client = served_by(bus, responder).await.connect().await;
    client.expect("connection_established").await;
    let begun = Instant::now();
    client.send("send_message", "thread:t", json!({"content": "go on"})).await;
    client.request("subscribe_thread", "thread:t", json!({})).await;
    let hour = Duration::from_secs(3600);
    let end: StreamEnd = client.expect_message::<StreamEnd>().anywhere().within(hour).await;
    // What is said at once takes as long as reading it does, which is not measured here.
    assert_eq!((end.chunks, begun.elapsed().as_secs() / 10 * 10, end.finish_reason), expected);
    let history: ThreadHistory = client.request("subscribe_thread", "thread:t", json!({})).await.data_as();
    assert_eq!(history.messages.len(), 2, "what was said belongs into the history");
}

/// In memory only: it takes ten minutes, and what is waited for is not the broker.
#[test]
fn a_responder_that_does_not_end_is_ended() {
    on_streams(Kind::Memory, async |bus| {
        let hour = Duration::from_secs(3600);
        // Nothing but "(no answer)".
        check_endless(bus, Endless { piece: "x", pause: hour }, (1, 60, StreamEndFinishReason::Error)).await;
        let slow = Endless { piece: "x", pause: Duration::from_secs(50) };
        check_endless(bus, slow, (12, 600, StreamEndFinishReason::Error)).await;
    });
}

async fn a_responder_that_says_too_much_is_ended(bus: &Bus) {
    let piece = &*"x".repeat(16 * 1024).leak();
    let talkative = Endless { piece, pause: Duration::from_millis(1) };
    check_endless(bus, talkative, (16, 0, StreamEndFinishReason::Length)).await;
}
