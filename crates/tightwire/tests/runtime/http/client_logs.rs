//! `POST /api/client-logs`.

use serde_json::{Value, json};
use tightwire::proto::address_rate::AddressRate;
use tightwire::{Config, Server};
use tracing::Level;

use super::Site;
use crate::auth::tokens;
use crate::handshake::request;
use crate::logs::logged;
use crate::protocol::Rooms;

const ID: &str = "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e99";

async fn status(site: &Site, headers: &[(&str, &str)], body: &Value) -> u16 {
    site.ask("POST", "/api/client-logs", headers, &body.to_string()).await.status
}

/// The lines in the server's log that this body causes.
fn lines(body: &Value) -> Vec<Value> {
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "POST /api/client-logs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let lines = logged(Level::DEBUG, async {
        let server = Server::new(Rooms::default(), Config::default());
        let response = request(&server, &head).await;
        assert!(response.starts_with("HTTP/1.1 204 "), "{response}");
    });
    lines.into_iter().filter(|line| line["source"] == "client").collect()
}

#[test]
fn lines_of_clients_say_that_they_are() {
    let said = json!({"lines": [
        {"level": "error", "message": "TypeError: x\n\u{1b}[31mERROR forged", "place": "/app.js:7", "connection_id": ID},
        {"level": "debug", "message": "quiet", "correlation_id": ID},
    ]});
    let lines = lines(&said);
    assert_eq!(lines.len(), 2, "{lines:?}");
    // Nobody raises an alarm by asking for it, and what is said stays within its line.
    let expected = json!({
        "level": "WARN", "client_level": "Error", "said": "\"TypeError: x\\n\\u{1b}[31mERROR forged\"",
        "place": "\"/app.js:7\"", "connection_id": ID, "remote": "127.0.0.1:50000", "message": "a client's log",
    });
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(lines[0][field], *value, "{field}: {}", lines[0]);
    }
    assert_eq!((&lines[1]["level"], &lines[1]["correlation_id"]), (&json!("DEBUG"), &json!(ID)));
}

#[tokio::test]
async fn what_is_no_report_is_refused() {
    let site = Site::open(Config { client_log_rate: None, ..Config::default() }).await;
    let line = |message: &str| json!({"level": "info", "message": message});
    let check = async |body: Value, expected: u16| assert_eq!(status(&site, &[], &body).await, expected, "{body}");
    check(json!({"lines": vec![line("x"); 20]}), 204).await;
    check(json!({"lines": vec![line("x"); 21]}), 400).await;
    check(json!({"lines": []}), 400).await;
    check(json!({"lines": [line("")]}), 400).await;
    check(json!({"lines": [line(&"x".repeat(4097))]}), 400).await;
    check(json!({"lines": [{"level": "fatal", "message": "x"}]}), 400).await;
    check(json!({"lines": [{"level": "info", "message": "x", "extra": 1}]}), 400).await;
    check(json!({"lines": [{"level": "info", "message": "x", "connection_id": "me"}]}), 400).await;
    check(json!({"lines": [{"level": "info", "message": "x", "place": "x".repeat(501)}]}), 400).await;
    check(json!({"lines": vec![line(&"x".repeat(4000)); 10]}), 413).await;
    check(json!("x"), 400).await;
    let elsewhere = [("origin", "https://elsewhere.example")];
    assert_eq!(status(&site, &elsewhere, &json!({"lines": [line("x")]})).await, 403);
}

#[tokio::test]
async fn a_token_is_needed_and_an_address_may_send_so_often() {
    let rate = Some(AddressRate { per_second: 1, burst: 2 });
    let site = Site::open(Config { client_log_rate: rate, ..tokens::config() }).await;
    let body = json!({"lines": [{"level": "warn", "message": "x"}]});
    let bearer = format!("Bearer {}", tokens::signed(json!({})));
    let token = [("authorization", bearer.as_str())];
    assert_eq!(status(&site, &[], &body).await, 401);
    assert_eq!(status(&site, &token, &body).await, 204);
    assert_eq!(status(&site, &token, &body).await, 429);
}
