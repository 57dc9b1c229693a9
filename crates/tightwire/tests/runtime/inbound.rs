//! What is done with a frame, in the protocol's order: size, rate, contract, handler.

use serde_json::json;
use tightwire::Config;
use tightwire::proto::session::ContractPolicy;
use tokio_websockets::Message;

use crate::client::Step::{OpenGate, Raw, Read, ReadAll, Send, Text};
use crate::client::{Client, check, with_limits};
use crate::protocol::Rooms;

const BAD: &str = r#"{"v":1,"id":"0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11","type":"post","topic":"room:a","ts":0}"#;

#[test]
fn the_first_frame_is_always_the_same() {
    check(Config::default(), vec![Send("ping", "system", json!({})), Read(2)], &["connection_established", "pong"]);
}

#[test]
fn a_violation_is_named_and_closes_with_1002() {
    check(
        Config::default(),
        vec![Send("ping", "system", json!({})), Text(BAD), Send("ping", "system", json!({})), ReadAll],
        &["connection_established", "pong", "error contract_violation /data:required", "close 1002"],
    );
    check(
        Config::default(),
        vec![Text("{"), ReadAll],
        &["connection_established", "error contract_violation :json", "close 1002"],
    );
}

#[test]
fn a_tolerant_server_keeps_the_connection() {
    check(
        Config { contract_policy: ContractPolicy::Tolerant, ..Config::default() },
        vec![Text(BAD), Send("ping", "system", json!({})), Read(3)],
        &["connection_established", "error contract_violation /data:required", "pong"],
    );
}

#[test]
fn a_large_frame_is_dropped_and_a_huge_one_closes() {
    let config = || with_limits(|limits| (limits.max_message_bytes, limits.max_frame_bytes) = (1000, 2000));
    let (large, huge) = ("x".repeat(1001), "x".repeat(2001));
    check(
        config(),
        vec![Text(&large), Send("ping", "system", json!({})), Read(3)],
        &["connection_established", "error message_too_large", "pong"],
    );
    check(config(), vec![Text(&huge), ReadAll], &["connection_established", "close 1009"]);
}

#[test]
fn a_flood_gets_one_error() {
    let ping = || Send("ping", "system", json!({}));
    check(
        with_limits(|limits| limits.message_burst = 2),
        // The last one violates the contract, but it is over the rate: rate comes first.
        vec![ping(), ping(), ping(), ping(), Text(BAD), Read(4)],
        &["connection_established", "pong", "pong", "error rate_limited"],
    );
}

#[test]
fn a_binary_frame_closes_with_1003() {
    check(Config::default(), vec![Raw(Message::binary(&b"x"[..])), ReadAll], &["connection_established", "close 1003"]);
}

#[test]
fn a_failure_is_an_error_about_its_topic() {
    check(
        Config::default(),
        vec![Send("fail", "room:a", json!({})), Send("ping", "system", json!({})), Read(3)],
        &["connection_established", "error not_found", "pong"],
    );
}

#[test]
fn a_panic_hurts_nobody_else() {
    check(
        Config::default(),
        vec![Send("panic", "room:a", json!({})), Read(2), Send("ping", "system", json!({})), Read(1)],
        &["connection_established", "error internal_error", "pong"],
    );
}

#[test]
fn a_handler_that_waits_holds_up_only_what_needs_it() {
    check(
        Config::default(),
        vec![
            Send("wait", "room:a", json!({})),
            Send("fail", "room:a", json!({})),
            Send("ping", "system", json!({})),
            Read(2),
            OpenGate,
            Read(1),
        ],
        &["connection_established", "pong", "error not_found"],
    );
}

#[test]
fn nobody_asks_for_credentials() {
    check(
        Config::default(),
        vec![Send("authenticate", "system", json!({"token": "x"})), Read(2)],
        &["connection_established", "error unavailable"],
    );
}

#[tokio::test(start_paused = true)]
async fn answers_are_correlated_and_the_first_frame_is_complete() {
    let server = tightwire::Server::new(Rooms::default(), Config::default());
    let mut client = Client::connect(&server, 4096).await;
    let first = client.frame().await.expect("a frame");
    assert_eq!(first["data"]["contract_version"], "1.2.3");
    assert_eq!(first["data"]["ping_interval_ms"], 30_000);
    assert_eq!(first["data"]["limits"]["max_message_bytes"], 65_536);
    let id = client.send("ping", "system", json!({"timestamp": "2026-01-01T00:00:00Z"})).await;
    let pong = client.frame().await.expect("a frame");
    assert_eq!(pong["correlation_id"], json!(id));
    assert_eq!(pong["data"]["timestamp"], "2026-01-01T00:00:00Z");
    let id = client.send("fail", "room:a", json!({})).await;
    let error = client.frame().await.expect("a frame");
    assert_eq!(error["correlation_id"], json!(id));
    assert_eq!(error["topic"], "room:a");
    assert_eq!(error["data"]["message"], "there is nothing", "what only the log should see stays there");
}
