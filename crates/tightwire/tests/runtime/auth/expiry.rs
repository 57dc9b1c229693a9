//! Tokens that expire while the connection lives, and new ones. The clock of the runtime is paused; that of tokens is not,
//! so a token's time counts from when it is made.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tightwire::{Auth, Config, Jwt, Server};
use tokio_websockets::Message;

use super::tokens::{SECRET, config, signed};
use crate::client::{Client, REMOTE, settle};
use crate::exchange::Exchange;
use crate::flat;
use crate::protocol::Rooms;

/// A token that expires so many seconds from now, with other claims.
fn lasting(seconds: f64, change: Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let mut change = change;
    change["exp"] = json!(now + seconds);
    signed(change)
}

fn no_leeway() -> Config {
    let jwt = Jwt::secret(SECRET).expect("long enough").leeway(Duration::ZERO);
    Config { auth: Auth::Jwt(jwt), ..Config::default() }
}

/// What a client does at a second.
type Step = (u64, &'static str, Value);

/// Connects with a token, does the steps, answers every ping, and reads to the end.
#[track_caller]
fn check(config: Config, token: &str, steps: Vec<Step>, expected: &[&str]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let found = runtime.expect("a runtime").block_on(async {
        let server = Server::new(Rooms::default(), config);
        let (near, far) = tokio::io::duplex(16 * 1024);
        tokio::spawn(server.serve_stream(far, REMOTE));
        let mut client = Client::over_with(near, &format!("/ws?token={token}"), &[]).await;
        let begun = tokio::time::Instant::now();
        let mut steps = steps.into_iter().peekable();
        let mut found = Vec::new();
        loop {
            let next = steps.peek().map_or(Duration::MAX, |(second, ..)| Duration::from_secs(*second));
            let until = next.saturating_sub(begun.elapsed()).min(Duration::from_secs(1000));
            match tokio::time::timeout(until, client.event()).await {
                Ok(event) if event.starts_with("ping") => {
                    client.send("pong", "system", json!({"timestamp": "2026-01-01T00:00:00Z"})).await;
                }
                Ok(event) => {
                    let last = event.starts_with("close") || event.starts_with("end");
                    found.push(event);
                    if last {
                        break;
                    }
                }
                Err(_) => {
                    let (_, wire_type, data) = steps.next().expect("time passes only up to a step");
                    client.send(wire_type, "system", data).await;
                }
            }
        }
        drop(client);
        settle(&server).await;
        found
    });
    assert_eq!(found, expected);
}

fn authenticate(second: u64, token: String) -> Step {
    (second, "authenticate", json!({ "token": token }))
}

#[test]
fn an_expired_token_ends_the_connection() {
    let end = ["connection_established", "disconnect_notice authentication_expired @65", "close 4401 @65"];
    check(no_leeway(), &lasting(65.5, json!({})), vec![], &end);
    let end = ["connection_established", "disconnect_notice authentication_expired @95", "close 4401 @95"];
    check(config(), &lasting(65.5, json!({})), vec![], &end);
}

#[test]
fn a_new_token_renews_the_connection() {
    check(
        no_leeway(),
        &lasting(65.5, json!({})),
        vec![authenticate(40, lasting(100.5, json!({})))],
        &[
            "connection_established",
            "authenticated @40",
            "disconnect_notice authentication_expired @140",
            "close 4401 @140",
        ],
    );
    // It may also make the time shorter.
    check(
        no_leeway(),
        &lasting(600.0, json!({})),
        vec![authenticate(40, lasting(10.5, json!({})))],
        &[
            "connection_established",
            "authenticated @40",
            "disconnect_notice authentication_expired @50",
            "close 4401 @50",
        ],
    );
}

#[test]
fn a_wrong_token_ends_the_connection_without_a_notice() {
    for wrong in [
        "nonsense".to_owned(),
        lasting(100.0, json!({"sub": "eve"})),
        lasting(100.0, json!({"aud": "other"})),
        lasting(-100.0, json!({})),
    ] {
        let steps = vec![authenticate(5, wrong)];
        check(config(), &lasting(600.0, json!({})), steps, &["connection_established", "close 4401 @5"]);
    }
}

#[test]
fn what_the_new_token_does_not_allow_is_unsubscribed() {
    check(
        no_leeway(),
        &lasting(600.0, json!({"topics": ["room:*"]})),
        vec![
            (1, "subscribe", json!({"topics": ["room:a", "room:b", "room:c"]})),
            authenticate(2, lasting(60.5, json!({"topics": ["room:b", "room:d"]}))),
            (3, "subscribe", json!({"topics": ["room:a", "room:d"]})),
        ],
        &[
            "connection_established",
            "subscription_updated [room:a room:b room:c] @1",
            "authenticated @2",
            "error topic_forbidden: room:a room:c @2",
            "subscription_updated [room:b] @2",
            "error topic_forbidden: room:a @3",
            "subscription_updated [room:b room:d] @3",
            "disconnect_notice authentication_expired @62",
            "close 4401 @62",
        ],
    );
}

#[test]
fn a_client_is_told_until_when() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = Server::new(Rooms::default(), config());
        let (near, far) = tokio::io::duplex(16 * 1024);
        tokio::spawn(server.serve_stream(far, REMOTE));
        let mut client = Client::over_with(near, &format!("/ws?token={}", signed(json!({}))), &[]).await;
        assert_eq!(client.event().await, "connection_established");
        // The last second of the year 9999 is as late as can be said.
        for (exp, expected) in [(4_102_444_800.0, "2100-01-01T00:00:00.000Z"), (1e300, "9999-12-31T23:59:59.999Z")] {
            let id = client.send("authenticate", "system", json!({"token": signed(json!({ "exp": exp }))})).await;
            let frame = client.frame().await.expect("a frame");
            assert_eq!((&frame["type"], &frame["correlation_id"]), (&json!("authenticated"), &json!(id)));
            assert_eq!(frame["data"], json!({ "expires_at": expected }));
        }
    });
}

/// Without an envelope there is no notice, and nothing to renew a token with.
#[tokio::test(start_paused = true)]
async fn flat_protocols_end_as_well() {
    let server = Server::new(Exchange::default(), no_leeway());
    let path = |token: &str| format!("/v2?token={token}");
    let begun = tokio::time::Instant::now();
    let mut socket = flat::connect(&server, &path(&lasting(20.5, json!({}))), &[]).await;
    socket.send(Message::text(r#"{"event":"subscribe","pair":"a"}"#)).await.expect("sent");
    let mut last = None;
    while let Some(Ok(message)) = socket.next().await {
        last = message.as_close().map(|(code, _)| u16::from(code));
    }
    assert_eq!((last, begun.elapsed().as_secs()), (Some(4401), 20));
    let mut socket = flat::connect(&server, "/v2", &[]).await;
    let close = socket.next().await.expect("a message").expect("a message");
    assert_eq!(close.as_close().map(|(code, _)| u16::from(code)), Some(4401));
}
