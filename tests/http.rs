//! The chat server over plain HTTP: what it publishes and sends as events follows the contract, which it shows.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tightwire::proto::reference::{Direction, Reference};
use tightwire_chat::chat::CONTRACT;
use tightwire_chat::settings::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// A stream on which a chat server was sent this request.
async fn ask(server: &Server, head: &str, body: &str) -> DuplexStream {
    let (mut near, far) = tokio::io::duplex(256 * 1024);
    tokio::spawn(server.serve_stream(far, SocketAddr::from(([127, 0, 0, 1], 1))));
    let length = body.len();
    let request =
        format!("{head} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n");
    near.write_all(format!("{request}Connection: close\r\n\r\n{body}").as_bytes()).await.expect("the server reads");
    near
}

type Server = tightwire::Server<tightwire_chat::chat::ChatServer<tightwire_chat::service::Handlers>>;

fn server() -> Server {
    let settings = Settings::read(["tightwire-chat", "--auth-disabled"]).expect("the flags are right");
    tightwire_chat::server(&settings).expect("the settings say who may connect")
}

/// The status and the body of what is answered.
async fn answer(server: &Server, head: &str, body: &str) -> (u16, String) {
    let mut response = String::new();
    ask(server, head, body).await.read_to_string(&mut response).await.expect("the server answers");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
    (head[9..12].parse().expect("a status"), body.to_owned())
}

fn agent_event(status: &str) -> String {
    let data = json!({"agent_id": "guide", "event": "task_started", "status": status, "details": {}});
    json!({"topic": "agent:guide", "type": "agent_event", "data": data}).to_string()
}

#[tokio::test]
async fn what_is_published_is_checked_by_the_contract() {
    let server = server();
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

#[tokio::test]
async fn events_are_frames_of_the_contract() {
    let server = server();
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

#[tokio::test]
async fn the_contract_is_shown() {
    let server = server();
    let (status, body) = answer(&server, "GET /asyncapi.yml", "").await;
    assert_eq!((status, body.as_str()), (200, include_str!("../asyncapi/chat.yml")));
    let (status, page) = answer(&server, "GET /docs", "").await;
    assert_eq!(status, 200);
    for message in CONTRACT.to_server.iter().chain(CONTRACT.to_client) {
        assert!(page.contains(&format!("<code>{}</code>", message.wire_type)), "{}", message.wire_type);
    }
    for code in CONTRACT.close_codes {
        assert!(page.contains(&format!("<td>{}</td><td>{}</td>", code.code, code.name)), "{}", code.name);
    }
    assert!(page.contains("thread:{thread_id}") && page.contains("href=\"asyncapi.yml\""));
}
