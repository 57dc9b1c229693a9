//! A server that is cut off from Redis is taken for lost, though it goes on.

use serde_json::json;
use tightwire_chat::chat::{DataResponse, StreamEnd, StreamEndFinishReason, StreamStart};
use tightwire_testbed::{ChaosProxy, RedisServer};
use tightwire_testkit::{Frame, ServerProcess, WsClient};

use crate::{PATIENCE, connect, detail, health_until, history, start, start_at};

/// Two servers; the other can be cut off.
struct Servers {
    one: ServerProcess,
    other: ServerProcess,
    proxy: ChaosProxy,
    _redis: RedisServer,
}

impl Servers {
    async fn start(responder_delay_ms: &str) -> Option<Self> {
        let redis = RedisServer::start()?;
        let proxy = ChaosProxy::start(redis.address());
        let one = start(&redis, "one", &[]).await;
        let url = redis.url_at(proxy.address());
        let other = start_at(&url, "other", &["--responder-delay-ms", responder_delay_ms]).await;
        Some(Self { one, other, proxy, _redis: redis })
    }
}

/// Waits until the answer is over on the server that began it.
async fn until_failed(client: &mut WsClient) {
    let failed = async {
        loop {
            let reply = client.request("request_data", "dashboard", json!({"data_type": "agent_status"})).await;
            let DataResponse::AgentStatus(status) = reply.data_as() else { panic!("{reply:?}") };
            if (status.agents[0].failed, status.agents[0].active_streams) == (1, 0) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(PATIENCE, failed).await.expect("it ends its answer when it is back");
}

/// Reads until somebody has written `after all`; how many pieces of the answer came, all of them before its end.
async fn pieces(client: &mut WsClient, ended: &Frame) -> u64 {
    let (end, mut pieces) = (ended.data_as::<StreamEnd>(), 0);
    loop {
        let frame = client.next_frame().await;
        match frame.wire_type.as_str() {
            "stream_chunk" if frame.data["stream_id"] == *end.stream_id.to_string() => {
                assert!(frame.seq < ended.seq, "a piece after the end: {frame:?}");
                pieces += 1;
            }
            "stream_end" if frame.data["stream_id"] == *end.stream_id.to_string() => {
                assert_eq!(frame.seq, ended.seq, "another end: {frame:?}");
            }
            "thread_message_created" if frame.data["message"]["content"] == "after all" => return pieces,
            _ => {}
        }
    }
}

async fn check_one_end(responder_delay_ms: &str) {
    let Some(servers) = Servers::start(responder_delay_ms).await else { return };
    let (mut reader, mut writer) = (connect(&servers.one).await, connect(&servers.other).await);
    history(&mut reader, "t").await;
    writer.send("send_message", "thread:t", json!({"content": "hello"})).await;
    let begun = reader.expect("stream_start").anywhere().within(PATIENCE).await;
    let StreamStart { stream_id, .. } = begun.data_as();
    reader.expect("stream_chunk").anywhere().within(PATIENCE).await;
    health_until(&mut reader, |health| detail(health, "nodes").1 == "2").await;

    servers.proxy.cut();
    let ended = reader.expect("stream_end").anywhere().within(PATIENCE).await;
    let end: StreamEnd = ended.data_as();
    assert_eq!((end.stream_id, end.finish_reason), (stream_id, StreamEndFinishReason::Error));
    servers.proxy.heal();
    until_failed(&mut writer).await;
    health_until(&mut writer, |health| detail(health, "event_bus").1 == "Redis").await;

    // Whoever reads it from the beginning, on the server that began it, finds one end, and nothing after it.
    let mut late = connect(&servers.other).await;
    let after = json!({"thread:t": begun.position().expect("it is kept")});
    late.request("subscribe", "system", json!({"topics": ["thread:t"], "after": after})).await;
    reader.send("send_message", "thread:t", json!({"content": "after all"})).await;
    assert_eq!(pieces(&mut late, &ended).await, end.chunks);
    pieces(&mut reader, &ended).await;
    let answers = history(&mut late, "t").await.messages;
    let answers: Vec<_> = answers.iter().filter(|message| message.message_id == end.message_id).collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

/// Pieces wait to be published when it is back.
#[tokio::test]
async fn an_answer_whose_server_comes_back_has_one_end() {
    check_one_end("200").await;
}

/// It knows nothing of what happened meanwhile until it has the next piece.
#[tokio::test]
async fn a_slow_answer_whose_server_comes_back_has_one_end() {
    check_one_end("3000").await;
}
