//! The limits endpoint says what is in force, of every setting that is a limit. That is about settings only, also those of a
//! broker, so that none is needed.

use std::net::SocketAddr;

use serde_json::Value;
use tightwire::settings::{Row, ServerSettings, Settings as _};
use tightwire_chat::chat::CONTRACT;
use tightwire_chat::settings::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Settings with a number that limits nothing.
const NO_LIMITS: [&str; 3] = ["auth_leeway_ms", "node_interval_ms", "redis_shards"];

/// What the endpoint of a server with these flags answers.
async fn limits(flags: &[String]) -> Value {
    let arguments = ["tightwire-chat", "--auth-disabled"].into_iter().map(str::to_owned).chain(flags.iter().cloned());
    let settings = Settings::read(arguments).expect("the flags are right");
    let server = tightwire_chat::server(&settings).expect("the settings say who may connect");
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(server.serve_stream(far, SocketAddr::from(([127, 0, 0, 1], 1))));
    let request = "GET /api/dashboard/websocket/limits HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    near.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = String::new();
    near.read_to_string(&mut answer).await.expect("the server answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    serde_json::from_str(body).expect("JSON")
}

/// The rows whose value is a number, with another number than the default.
fn numbers() -> Vec<(Row, u64)> {
    let rows = ServerSettings::rows(&CONTRACT).into_iter().filter(|row| !NO_LIMITS.contains(&row.key));
    rows.filter_map(|row| row.default.parse().ok().map(|number: u64| (row, number + 1))).collect()
}

#[tokio::test]
async fn every_limit_is_served_under_the_name_of_its_setting() {
    let numbers = numbers();
    let flags = numbers.iter().flat_map(|(row, number)| [format!("--{}", row.flag()), number.to_string()]);
    // Some limits are there with Redis only, which nothing here talks to.
    let redis = ["--redis-url".to_owned(), "redis://u:hunter2@127.0.0.1:1".to_owned()];
    let answer = limits(&flags.chain(redis).collect::<Vec<_>>()).await;
    assert!(!answer.to_string().contains("hunter2"), "{answer}");
    assert_eq!(answer["contract_version"], CONTRACT.version);
    let served = |key| answer["limits"].get(key).or(answer["heartbeat"].get(key));
    for (row, number) in &numbers {
        assert_eq!(served(row.key), Some(&Value::from(*number)), "{} at {answer}", row.key);
    }
    let count = |part: &str| answer[part].as_object().map_or(0, serde_json::Map::len);
    assert_eq!(count("limits") + count("heartbeat"), numbers.len(), "a limit that is no setting: {answer}");
}

#[tokio::test]
async fn policies_are_served_too() {
    let answer = limits(&[]).await;
    assert_eq!(answer["policies"], serde_json::json!({"tolerant": false, "slow_consumer": "disconnect"}));
    let answer = limits(&["--tolerant".to_owned(), "--slow-consumer=drop_oldest".to_owned()]).await;
    assert_eq!(answer["policies"], serde_json::json!({"tolerant": true, "slow_consumer": "drop_oldest"}));
}
