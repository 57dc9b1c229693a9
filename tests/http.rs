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
    server_with(&[])
}

fn server_with(flags: &[&str]) -> Server {
    let arguments = ["tightwire-chat", "--auth-disabled"].iter().chain(flags);
    let settings = Settings::read(arguments).expect("the flags are right");
    tightwire_chat::server(&settings).expect("the settings say who may connect")
}

/// The status and the body of what is answered.
async fn answer(server: &Server, head: &str, body: &str) -> (u16, String) {
    let (head, body) = response(server, head, body).await;
    (head[9..12].parse().expect("a status"), body)
}

/// What is answered, before and after the empty line.
async fn response(server: &Server, head: &str, body: &str) -> (String, String) {
    let mut response = String::new();
    ask(server, head, body).await.read_to_string(&mut response).await.expect("the server answers");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_owned(), body.to_owned())
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

/// A folder as it is when the page was built, beside something that is nobody's business.
fn built() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let assets = folder.path().join("dist/assets");
    std::fs::create_dir_all(&assets).expect("writable");
    for (file, text) in [
        ("dist/index.html", "<title>the page</title>"),
        ("dist/assets/index-abc.js", "script"),
        ("dist/assets/index-abc.css", "style"),
        ("secret.txt", "secret"),
    ] {
        std::fs::write(folder.path().join(file), text).expect("writable");
    }
    folder
}

#[track_caller]
fn check_headers(head: &str, expected: &[&str]) {
    for line in expected {
        assert!(head.lines().any(|found| found == *line), "{line} is not in {head}");
    }
}

#[tokio::test]
async fn the_page_is_what_was_built() {
    let folder = built();
    let root = folder.path().join("dist");
    let server = server_with(&["--web-root", root.to_str().expect("UTF-8")]);
    let (head, body) = response(&server, "GET /", "").await;
    assert_eq!(body, "<title>the page</title>");
    check_headers(&head, &["HTTP/1.1 200 OK", "content-type: text/html", "cache-control: no-cache"]);
    for (path, kind, text) in
        [("/assets/index-abc.js", "text/javascript", "script"), ("/assets/index-abc.css", "text/css", "style")]
    {
        let (head, body) = response(&server, &format!("GET {path}"), "").await;
        assert_eq!(body, text);
        let kind = format!("content-type: {kind}");
        check_headers(&head, &[&kind, "cache-control: public, max-age=31536000, immutable"]);
        check_headers(&head, &["x-content-type-options: nosniff"]);
        assert_eq!(response(&server, &format!("HEAD {path}"), "").await.1, "");
    }
}

#[tokio::test]
async fn the_page_runs_what_the_server_serves_and_nothing_else() {
    let folder = built();
    let root = folder.path().join("dist");
    let server = server_with(&["--web-root", root.to_str().expect("UTF-8")]);
    let nowhere = server_with(&["--web-root", "/nowhere"]);
    for server in [&server, &nowhere] {
        let (head, _) = response(server, "GET /", "").await;
        let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).expect("a policy");
        let directives: Vec<_> = policy.split(';').map(str::trim).collect();
        for directive in ["default-src 'none'", "script-src 'self'", "style-src 'self'"] {
            assert!(directives.contains(&directive), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test]
async fn nothing_beside_the_page_is_served() {
    let folder = built();
    let root = folder.path().join("dist");
    let server = server_with(&["--web-root", root.to_str().expect("UTF-8")]);
    for path in
        ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets", "/no"]
    {
        let (status, body) = answer(&server, &format!("GET {path}"), "").await;
        assert!(status >= 400 && !body.contains("secret"), "{path}: {status} {body}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_built_says_what_to_do() {
    let server = server_with(&["--web-root", "/nowhere"]);
    let (head, body) = response(&server, "GET /", "").await;
    check_headers(&head, &["HTTP/1.1 404 Not Found", "content-type: text/html; charset=utf-8"]);
    assert!(body.contains("make app") && body.contains("--web-root"), "{body}");
    // The rest is there.
    assert_eq!(answer(&server, "GET /health", "").await.0, 200);
}
