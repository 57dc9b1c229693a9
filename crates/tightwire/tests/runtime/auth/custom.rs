//! Clients that the application knows by its own means.

use futures_util::StreamExt;
use serde_json::json;
use tightwire::auth::{Authenticate, Credentials, Denied};
use tightwire::{Auth, Config, Identity, Server};

use super::handshake::{ADA, Door, response};
use crate::client::{Client, REMOTE, settle};
use crate::exchange::Exchange;
use crate::flat;
use crate::protocol::Rooms;

/// Whoever brings the word "open", wherever; with it a name of a cookie or of `Authorization: Basic` counts.
struct Porter;

impl Authenticate for Porter {
    async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<Identity, Denied> {
        assert!(credentials.client_address().is_some() && !format!("{credentials:?}").contains("open"));
        let said = credentials.header("X-Api-Key").map(str::to_owned);
        let said = said.or_else(|| credentials.query("api key")).or_else(|| credentials.cookie("session"));
        let said = said.or_else(|| credentials.token().map(str::to_owned)).or_else(|| Some(credentials.basic()?.1));
        match &*said.ok_or(Denied::Missing)? {
            "open" => {
                let name = credentials.basic().map_or_else(|| "ada".to_owned(), |(name, _)| name);
                let identity = Identity::new(name).with_roles(["admin"]).with_topics(["room:a"], ["room:*"]);
                Ok(identity.with_claim("path", credentials.path()))
            }
            "expired" => Err(Denied::Expired),
            "broken" => Err(Denied::Unavailable),
            "slow" => std::future::pending().await,
            _ => Err(Denied::Invalid),
        }
    }

    fn challenge(&self) -> &'static str {
        "Basic realm=\"rooms\""
    }
}

fn config() -> Config {
    Config { auth: Auth::custom(Porter), ..Config::default() }
}

#[tokio::test]
async fn what_a_request_says_is_the_applications_to_judge() {
    let door = Door::open(config()).await;
    assert_eq!(door.events_with("", &[("x-api-key", "open")]).await, ADA);
    assert_eq!(door.events_with("?api%20key=op%65n", &[]).await, ADA);
    assert_eq!(door.events_with("", &[("cookie", "a=b; session=open")]).await, ADA);
    assert_eq!(door.events_with("", &[("sec-websocket-protocol", "rooms, bearer.open")]).await, ADA);
    // `eve:open`.
    let eve = door.events_with("", &[("authorization", "Basic ZXZlOm9wZW4=")]).await;
    assert_eq!(eve, ["connection_established", "you eve"]);
    for (name, value) in [("x-api-key", "shut"), ("x-api-key", "expired"), ("x-other", "open")] {
        assert_eq!(door.events_with("", &[(name, value)]).await, ["close 4401"], "{name}: {value}");
    }
}

#[tokio::test(start_paused = true)]
async fn flat_protocols_have_no_other_way() {
    let server = Server::new(Exchange::default(), config());
    let first = async |key| {
        let mut socket = flat::connect(&server, "/v2", &[("x-api-key", key)]).await;
        let message = socket.next().await.expect("a message").expect("a message");
        message.as_close().map_or(0, |(code, _)| u16::from(code))
    };
    assert_eq!(first("open").await, 0, "a frame");
    assert_eq!(first("shut").await, 4401);
    assert_eq!(server.stats().unauthorized_total(), 1);
}

/// A client must not be told to stay away because a database does not answer.
#[tokio::test(start_paused = true)]
async fn who_cannot_be_known_now_may_come_back() {
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let limits = "/api/dashboard/websocket/limits";
    let server = Server::new(Rooms::default(), config());
    let get = async |path, headers: &str| {
        let (near, far) = tokio::io::duplex(16 * 1024);
        tokio::spawn(server.serve_stream(far, REMOTE));
        response(near, path, headers).await
    };
    for (key, seconds) in [("broken", 0), ("slow", 10)] {
        let begun = tokio::time::Instant::now();
        let response = get("/ws", &format!("{upgrade}X-Api-Key: {key}\r\n")).await;
        assert!(response.starts_with("HTTP/1.1 503 ") && response.contains("retry-after: 5\r\n"), "{response}");
        assert_eq!(begun.elapsed().as_secs(), seconds);
        let response = get(limits, &format!("X-Api-Key: {key}\r\n")).await;
        assert!(response.starts_with("HTTP/1.1 503 ") && !response.contains("authenticate"), "{response}");
    }
    let response = get(limits, "").await;
    assert!(response.contains("www-authenticate: Basic realm=\"rooms\"\r\n"), "{response}");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_renewed_by_the_application_too() {
    let server = Server::new(Rooms::default(), config());
    let (near, far) = tokio::io::duplex(16 * 1024);
    tokio::spawn(server.serve_stream(far, REMOTE));
    let mut client = Client::over_with(near, "/ws", &[("x-api-key", "open")]).await;
    assert_eq!(client.event().await, "connection_established");
    for (token, expected) in
        [("open", "authenticated"), ("broken", "error unavailable"), ("open", "authenticated"), ("shut", "close 4401")]
    {
        client.send("authenticate", "system", json!({ "token": token })).await;
        assert_eq!(client.event().await, expected);
    }
    drop(client);
    settle(&server).await;
}

#[tokio::test(start_paused = true)]
async fn topics_and_roles_are_those_that_the_application_gives() {
    let server = Server::new(Rooms::default(), config());
    let (near, far) = tokio::io::duplex(16 * 1024);
    tokio::spawn(server.serve_stream(far, REMOTE));
    let mut client = Client::over_with(near, "/ws", &[("x-api-key", "open")]).await;
    assert_eq!(client.event().await, "connection_established");
    client.send("subscribe", "system", json!({"topics": ["room:a", "room:b"]})).await;
    assert_eq!(client.event().await, "error topic_forbidden: room:b");
    assert_eq!(client.event().await, "subscription_updated [room:a]");
    client.send("restart", "room:b", json!({})).await;
    assert_eq!(client.event().await, "you restarted");
    drop(client);
    settle(&server).await;
}
