//! The client that is generated beside the service, against the real server: over streams in memory, on each broker.

mod common;

use std::time::Duration;

use tightwire::client::{Client, ClientConfig, ClientError, RequestError, Side};
use tightwire::proto::inbound::StreamPosition;
use tightwire_chat::chat::{
    ChatClient, ClientPing, DashboardTopic, DataType, DisconnectNoticeReason, ErrorCode, RequestData, RequestDataReply,
    SendMessage, SendMessageReply, ServerFrame, SubscribeThread, SystemTopic, ThreadTopic, Topic,
};

use crate::common::bus::{Bus, on_each_bus};
use crate::common::{Chat, chat};

on_each_bus! { on_streams:
    a_request_gets_its_reply
    an_answer_in_several_frames_is_a_sequence
    the_rest_of_a_sequence_that_is_dropped_is_events
    a_refusal_is_an_error_with_the_contracts_code
    after_a_reconnect_the_missed_frames_come_first
    after_a_reconnect_the_first_frame_of_a_quiet_topic_comes_too
    the_heartbeat_is_the_clients_own_affair
}

async fn connect(server: &Chat) -> ChatClient {
    let (near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(server.serve_stream(far, common::client_address()));
    let connected = Client::connect_on(near, "ws://localhost/ws", ClientConfig::default()).await;
    let mut client = ChatClient::from(connected.expect("the handshake succeeds"));
    let first = next(&mut client).await;
    assert!(matches!(first, ServerFrame::ConnectionEstablished { topic: SystemTopic, .. }), "{first:?}");
    client
}

async fn next(client: &mut ChatClient) -> ServerFrame {
    client.next().await.expect("the connection lives").expect("the frame follows the contract")
}

fn thread(id: &str) -> ThreadTopic {
    ThreadTopic::new(id).expect("a thread's id")
}

fn message(content: &str) -> SendMessage {
    SendMessage { content: content.to_owned(), ..serde_json::from_str(r#"{"content": "x"}"#).expect("its shape") }
}

async fn a_request_gets_its_reply(bus: &Bus) {
    let server = chat(bus, &[]).await;
    let client = connect(&server).await;
    let ask = |data_type| RequestData { data_type, params: None };
    // Several at a time: each gets its own.
    let (agents, health) = tokio::join!(
        client.request_data(DashboardTopic, ask(DataType::AgentStatus)),
        client.request_data(DashboardTopic, ask(DataType::SystemHealth)),
    );
    let described = |reply: RequestDataReply| match reply {
        RequestDataReply::DataResponse(data) => serde_json::to_value(data).expect("JSON")["data_type"].clone(),
        RequestDataReply::DataError(error) => panic!("{}", error.error),
    };
    assert_eq!(described(agents.expect("a reply")), "agent_status");
    assert_eq!(described(health.expect("a reply")), "system_health");
    let history = client.subscribe_thread(thread("new"), SubscribeThread::default()).await.expect("a history");
    assert_eq!((history.thread_id.as_str(), history.messages.len()), ("new", 0));
}

async fn an_answer_in_several_frames_is_a_sequence(bus: &Bus) {
    let server = chat(bus, &[]).await;
    let (mut ada, mut bob) = (connect(&server).await, connect(&server).await);
    let topics = bob.subscribe([thread("t")]).await.expect("subscribed").topics;
    assert_eq!(topics, ["thread:t"]);

    let answer = ada.send_message(thread("t"), message("What does 4408 mean?")).await.expect("sent");
    let steps = answer.collect().await.expect("an answer");
    let [
        SendMessageReply::ThreadMessageCreated(_),
        SendMessageReply::StreamStart(start),
        chunks @ ..,
        SendMessageReply::StreamEnd(end),
    ] = steps.as_slice()
    else {
        panic!("not the sequence of the contract: {steps:?}");
    };
    let text: String = chunks
        .iter()
        .map(|step| match step {
            SendMessageReply::StreamChunk(chunk) => chunk.delta.as_str(),
            other => panic!("not a piece: {other:?}"),
        })
        .collect();
    assert!(text.contains("pong_timeout"), "{text}");
    assert_eq!((end.chunks, end.stream_id), (chunks.len() as u64, start.stream_id));

    // To others the same frames are events, with their positions.
    for position in 1..=steps.len() as u64 {
        let event = bob.next_inbound().await.expect("an event").expect("sound");
        assert_eq!(event.position.expect("it is kept").seq, position);
    }
    // And nothing of them is left over for the one who asked.
    assert!(tokio::time::timeout(bus.silence(), ada.next()).await.is_err());
}

async fn the_rest_of_a_sequence_that_is_dropped_is_events(bus: &Bus) {
    let server = chat(bus, &[]).await;
    let mut client = connect(&server).await;
    let mut answer = client.send_message(thread("t"), message("hello")).await.expect("sent");
    let first = answer.next().await.expect("a step").expect("sound");
    assert!(matches!(first, SendMessageReply::ThreadMessageCreated(_)), "{first:?}");
    drop(answer);
    let mut rest = Vec::new();
    loop {
        match next(&mut client).await {
            ServerFrame::StreamEnd { .. } => break,
            other => rest.push(other.wire_type()),
        }
    }
    assert!(rest.contains(&"stream_chunk"), "{rest:?}");
}

async fn a_refusal_is_an_error_with_the_contracts_code(bus: &Bus) {
    let server = chat(bus, &["--subscriptions-per-connection", "1"]).await;
    let mut client = connect(&server).await;
    client.subscribe([Topic::from(DashboardTopic)]).await.expect("subscribed");
    let refused = client.subscribe([thread("t")]).await;
    let Err(RequestError::Refused(error)) = refused else { panic!("not refused: {refused:?}") };
    assert_eq!(error.code, ErrorCode::TooManySubscriptions);
    // The connection lives, and the dashboard's greeting was no reply.
    assert!(matches!(next(&mut client).await, ServerFrame::DashboardInitialized { .. }));
    assert_eq!(client.unsubscribe([DashboardTopic]).await.expect("unsubscribed").topics, Vec::<String>::new());
}

async fn after_a_reconnect_the_first_frame_of_a_quiet_topic_comes_too(bus: &Bus) {
    let server = chat(bus, &[]).await;
    let (ada, bob) = (connect(&server).await, connect(&server).await);
    let told = bob.subscribe([thread("t")]).await.expect("subscribed").positions.expect("the client asks for them");
    let seen = StreamPosition { epoch: told["thread:t"].epoch.clone(), seq: told["thread:t"].seq };
    let _ = bob.close().await;
    ada.send_message(thread("t"), message("one")).await.expect("sent").collect().await.expect("an answer");

    let mut bob = connect(&server).await;
    bob.subscribe_after([(thread("t"), seen)]).await.expect("subscribed");
    assert!(matches!(next(&mut bob).await, ServerFrame::ThreadMessageCreated { .. }));
}

async fn after_a_reconnect_the_missed_frames_come_first(bus: &Bus) {
    let server = chat(bus, &[]).await;
    let (ada, mut bob) = (connect(&server).await, connect(&server).await);
    bob.subscribe([thread("t")]).await.expect("subscribed");
    ada.send_message(thread("t"), message("one")).await.expect("sent").collect().await.expect("an answer");
    let seen = bob.next_inbound().await.expect("an event").expect("sound").position.expect("it is kept");
    let ended = bob.close().await;
    assert!(
        matches!(&ended, ClientError::Closed(closed) if (closed.code, closed.by) == (1000, Side::Client)),
        "{ended}"
    );

    let mut bob = connect(&server).await;
    bob.subscribe_after([(thread("t"), seen.clone())]).await.expect("subscribed");
    let missed = bob.next_inbound().await.expect("an event").expect("sound");
    assert!(matches!(missed.frame, ServerFrame::StreamStart { .. }), "{:?}", missed.frame);
    assert_eq!(missed.position.expect("it is kept").seq, seen.seq + 1);
}

async fn the_heartbeat_is_the_clients_own_affair(bus: &Bus) {
    // An hour with the usual heartbeat, or seconds with a quick one.
    let (ping, pong, idle) = bus.paused_or((30_000, 60_000, 3_600_000), (300, 1000, 3000));
    let times = [ping, pong, idle].map(|ms: u64| ms.to_string());
    let flags = ["--ping-interval-ms", &times[0], "--pong-timeout-ms", &times[1], "--idle-timeout-ms", &times[2]];
    let server = chat(bus, &flags).await;
    let mut client = connect(&server).await;
    let pong_of = client.ping(SystemTopic, ClientPing { timestamp: None }).await;
    assert!(pong_of.is_ok(), "{pong_of:?}");
    // Without pongs the server would have closed much earlier.
    let quiet = Duration::from_millis(idle - (ping + pong) / 2);
    assert!(tokio::time::timeout(quiet, client.next()).await.is_err());
    let notice = next(&mut client).await;
    let ServerFrame::DisconnectNotice { data, .. } = notice else { panic!("not a notice: {notice:?}") };
    assert_eq!(data.reason, DisconnectNoticeReason::IdleTimeout);
    let end = client.next().await.expect("the end").expect_err("closed");
    let ClientError::Closed(closed) = end else { panic!("not closed: {end}") };
    assert_eq!((closed.code, closed.by, closed.reconnect), (4410, Side::Server, Some(true)));
    assert!(client.next().await.is_none());
}
