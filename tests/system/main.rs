//! Several chat servers as one system, over a real Redis: each test has servers of its own, as processes.

mod cut_off;

use std::time::Duration;

use serde_json::json;
use tightwire_chat::chat::{
    AgentActivity, AgentUpdate, CONTRACT, DataResponse, HealthStatus, StreamChunk, StreamEnd, StreamEndFinishReason,
    StreamStart, SystemHealth, SystemUpdate, ThreadHistory,
};
use tightwire_testbed::RedisServer;
use tightwire_testkit::{Contract, ServerProcess, WsClient, WsHarness, expect_seq};

/// How long anything may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn start(redis: &RedisServer, name: &str, flags: &[&str]) -> ServerProcess {
    start_at(&redis.url(), name, flags).await
}

/// The same with Redis at a URL.
async fn start_at(url: &str, name: &str, flags: &[&str]) -> ServerProcess {
    let own =
        ["--bind", "{addr}", "--auth-disabled", "--redis-url", url, "--node-name", name, "--node-interval-ms", "200"];
    let flags: Vec<&str> = own.into_iter().chain(flags.iter().copied()).collect();
    ServerProcess::command(env!("CARGO_BIN_EXE_tightwire-chat")).args(flags).ready_when_http("/health").start().await
}

async fn connect(server: &ServerProcess) -> WsClient {
    let contract = Contract::from_bundle(CONTRACT.schema_bundle).expect("the generated bundle is right");
    let mut client = WsHarness::new(contract).connect(server.ws_url("/ws")).await;
    client.expect("connection_established").await;
    client
}

async fn history(client: &mut WsClient, thread: &str) -> ThreadHistory {
    client.request("subscribe_thread", format!("thread:{thread}"), json!({"limit": 200})).await.data_as()
}

async fn health(client: &mut WsClient) -> SystemHealth {
    let reply = client.request("request_data", "dashboard", json!({"data_type": "system_health"})).await;
    let DataResponse::SystemHealth(health) = reply.data_as() else { panic!("{reply:?}") };
    health
}

fn detail<'a>(health: &'a SystemHealth, name: &str) -> (HealthStatus, &'a str) {
    let component = health.components.iter().find(|component| component.name == name).expect("it is there");
    (component.status, component.detail.as_deref().expect("every component says something"))
}

/// Asks until the answer is as expected.
async fn health_until(client: &mut WsClient, expected: impl Fn(&SystemHealth) -> bool) -> SystemHealth {
    for _ in 0..300 {
        let health = health(client).await;
        if expected(&health) {
            return health;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not within half a minute: {:?}", health(client).await)
}

#[tokio::test]
async fn a_thread_has_the_same_history_on_every_server() {
    let Some(redis) = RedisServer::start() else { return };
    let (one, other) = (start(&redis, "one", &[]).await, start(&redis, "other", &[]).await);
    let (mut ada, mut bob) = (connect(&one).await, connect(&other).await);
    assert!(history(&mut ada, "t").await.messages.is_empty());
    assert!(history(&mut bob, "t").await.messages.is_empty());
    ada.send("send_message", "thread:t", json!({"content": "hello"})).await;
    for client in [&mut ada, &mut bob] {
        expect_seq!(client, [thread_message_created, stream_start, stream_chunk+, stream_end])
            .on("thread:t")
            .within(PATIENCE)
            .await;
    }
    let (here, there) = (history(&mut ada, "t").await, history(&mut bob, "t").await);
    assert_eq!(here, there);
    assert_eq!(here.messages.len(), 2, "the question and the answer");
    // A server that comes later has never seen any of it.
    let late = start(&redis, "late", &[]).await;
    assert_eq!(history(&mut connect(&late).await, "t").await, here);
}

/// Each history, with the frames that come after its position, is the whole conversation.
#[tokio::test]
async fn nothing_is_missing_between_a_history_and_what_comes_live() {
    let Some(redis) = RedisServer::start() else { return };
    let flags = ["--messages-per-second", "1000", "--message-burst", "1000", "--responder-delay-ms", "0"];
    let (one, other) = (start(&redis, "one", &flags).await, start(&redis, "other", &flags).await);
    let mut writer = connect(&one).await;
    let writing = tokio::spawn(async move {
        for number in 0..60 {
            writer.send("send_message", "thread:t", json!({"content": number.to_string()})).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        writer
    });
    for _ in 0..10 {
        let mut reader = connect(&other).await;
        let history = history(&mut reader, "t").await;
        let known = |content: &str| history.messages.iter().filter(|message| message.content == content).count();
        let next = (0..60).find(|number: &u32| known(&number.to_string()) == 0);
        if let Some(next) = next {
            // The first that the history does not have is among what comes, with nothing left out before it.
            loop {
                let frame = reader.expect("thread_message_created").anywhere().within(PATIENCE).await;
                let content = frame.data["message"]["content"].as_str().expect("text").to_owned();
                if content == next.to_string() {
                    break;
                }
                assert_eq!(known(&content), 1, "{content} comes before {next}, which is missing");
            }
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    drop(writing.await.expect("no panic"));
}

#[tokio::test]
async fn agents_and_health_are_those_of_all_servers() {
    let Some(redis) = RedisServer::start() else { return };
    let (one, other) =
        (start(&redis, "one", &["--connections", "10"]).await, start(&redis, "other", &["--connections", "20"]).await);
    let (mut ada, mut bob) = (connect(&one).await, connect(&other).await);
    for (client, server) in [(&mut ada, "one"), (&mut bob, "other")] {
        history(client, server).await;
        client.send("send_message", format!("thread:{server}"), json!({"content": "hello"})).await;
        client.expect("stream_end").anywhere().within(PATIENCE).await;
    }
    let health = health_until(&mut ada, |health| {
        detail(health, "subscriptions").1 == "thread:{thread_id} 2" && detail(health, "connections").1 == "2 of 30"
    })
    .await;
    assert_eq!(health.overall_status, HealthStatus::Healthy, "{health:?}");
    assert_eq!((detail(&health, "nodes").1, detail(&health, "event_bus").1), ("2", "Redis"));
    assert_eq!(health.complete, Some(true));
    let nodes = health.nodes.expect("they are known");
    let names: Vec<_> = nodes.iter().map(|node| (node.name.as_str(), node.connections)).collect();
    assert_eq!(names, [("one", 1), ("other", 1)], "the oldest first");

    for client in [&mut ada, &mut bob] {
        let completed = async {
            loop {
                let reply = client.request("request_data", "dashboard", json!({"data_type": "agent_status"})).await;
                let DataResponse::AgentStatus(status) = reply.data_as() else { panic!("{reply:?}") };
                assert_eq!((status.agents.len(), status.complete), (1, Some(true)));
                if (status.agents[0].completed, status.agents[0].status) == (2, AgentActivity::Idle) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, completed).await.expect("both answers are counted on both servers");
    }
}

#[tokio::test]
async fn what_the_dashboard_is_told_last_is_true_of_all_servers() {
    let Some(redis) = RedisServer::start() else { return };
    let flags = ["--responder-delay-ms", "5"];
    let (one, other) = (start(&redis, "one", &flags).await, start(&redis, "other", &flags).await);
    let mut watcher = connect(&one).await;
    watcher.request("subscribe", "system", json!({"topics": ["dashboard"]})).await;
    let mut writers = [connect(&one).await, connect(&other).await];
    for round in 0..5 {
        for writer in &mut writers {
            writer.send("send_message", format!("thread:{round}"), json!({"content": "hello"})).await;
        }
    }
    let last = async {
        loop {
            let AgentUpdate { agent } = watcher.expect_message().anywhere().within(PATIENCE).await;
            if agent.completed == 10 {
                return agent;
            }
        }
    };
    let last = tokio::time::timeout(PATIENCE, last).await.expect("the sum of both servers is told");
    assert_eq!((last.status, last.active_streams), (AgentActivity::Idle, 0));
}

#[tokio::test]
async fn an_answer_whose_server_is_killed_is_ended_by_another() {
    let Some(redis) = RedisServer::start() else { return };
    let one = start(&redis, "one", &[]).await;
    let other = start(&redis, "other", &["--responder-delay-ms", "1000"]).await;
    let (mut reader, mut writer) = (connect(&one).await, connect(&other).await);
    history(&mut reader, "t").await;
    reader.request("subscribe", "system", json!({"topics": ["dashboard", "thread:t"]})).await;
    writer.send("send_message", "thread:t", json!({"content": "hello"})).await;
    let start: StreamStart = reader.expect_message::<StreamStart>().anywhere().within(PATIENCE).await;
    let chunk: StreamChunk = reader.expect_message::<StreamChunk>().anywhere().within(PATIENCE).await;
    health_until(&mut reader, |health| detail(health, "nodes").1 == "2").await;
    // Killed, as it is not told to end.
    drop((other, writer));
    let end: StreamEnd = reader.expect_message::<StreamEnd>().anywhere().within(PATIENCE).await;
    assert_eq!((end.stream_id, end.finish_reason), (start.stream_id, StreamEndFinishReason::Error));
    let messages = history(&mut reader, "t").await.messages;
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!((messages[1].message_id, &*messages[1].author.id), (end.message_id, "guide"));
    assert!(messages[1].content.starts_with(&chunk.delta), "{messages:?}");
    let health = health(&mut reader).await;
    assert_eq!(detail(&health, "nodes"), (HealthStatus::Healthy, "1"));
    let told = async {
        loop {
            let update: SystemUpdate = reader.expect_message().anywhere().within(PATIENCE).await;
            if update.system_health.nodes.is_some_and(|nodes| nodes.len() == 1) {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("the dashboard is told");
}

#[tokio::test]
async fn a_server_that_is_started_again_ends_what_it_has_left() {
    let Some(redis) = RedisServer::start() else { return };
    let former = start(&redis, "one", &["--responder-delay-ms", "1000"]).await;
    let mut writer = connect(&former).await;
    history(&mut writer, "t").await;
    writer.send("send_message", "thread:t", json!({"content": "hello"})).await;
    let begun = writer.expect("stream_start").anywhere().within(PATIENCE).await;
    let start_of: StreamStart = begun.data_as();
    writer.expect("stream_chunk").anywhere().within(PATIENCE).await;
    drop((former, writer));
    let again = start(&redis, "one", &[]).await;
    let mut reader = connect(&again).await;
    let after = begun.position().expect("it is kept");
    let topics = json!({"topics": ["thread:t"], "after": {"thread:t": after}});
    reader.request("subscribe", "system", topics).await;
    let end: StreamEnd = reader.expect_message::<StreamEnd>().anywhere().within(PATIENCE).await;
    assert_eq!((end.stream_id, end.finish_reason), (start_of.stream_id, StreamEndFinishReason::Error));
    assert_eq!(history(&mut reader, "t").await.messages.len(), 2);
}

#[tokio::test]
async fn without_redis_a_server_says_that_it_does_not_know_the_others() {
    let Some(mut redis) = RedisServer::start() else { return };
    let (one, _other) = (start(&redis, "one", &[]).await, start(&redis, "other", &[]).await);
    let mut client = connect(&one).await;
    health_until(&mut client, |health| detail(health, "nodes").1 == "2").await;
    redis.kill();
    let health = health_until(&mut client, |health| health.complete == Some(false)).await;
    assert_eq!(detail(&health, "nodes"), (HealthStatus::Degraded, "1; the others are not known"));
    assert_eq!(detail(&health, "event_bus").0, HealthStatus::Unhealthy);
    let error = client.request("subscribe_thread", "thread:t", json!({})).await;
    assert_eq!((error.wire_type.as_str(), error.data["code"].as_str()), ("error", Some("unavailable")));
    redis.start_again();
    health_until(&mut client, |health| health.complete == Some(true) && detail(health, "nodes").1 == "2").await;
}
