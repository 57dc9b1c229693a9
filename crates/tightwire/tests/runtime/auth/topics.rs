//! What a token lets its bearer read, write and call.

use serde_json::{Value, json};
use tightwire::{Config, Server};
use tokio::net::{TcpListener, TcpStream};

use super::tokens::{config, signed};
use crate::client::{Client, settle};
use crate::protocol::Rooms;

/// Sends frames (type, topic, data) as the bearer of a token with these claims, over a real socket, and then a ping; the
/// events after the first one, up to the pong or the end.
#[track_caller]
fn check(config: Config, claims: Value, frames: &[(&str, &str, Value)], expected: &[&str]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let found = runtime.block_on(async {
        let server = Server::new(Rooms::default(), config);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(server.clone().run(listener, std::future::pending()));
        let stream = TcpStream::connect(address).await.expect("connected");
        let header = format!("Bearer {}", signed(claims));
        let mut client = Client::over_with(stream, "/ws", &[("authorization", &header)]).await;
        assert_eq!(client.event().await, "connection_established");
        for (wire_type, topic, data) in frames {
            client.send(wire_type, topic, data.clone()).await;
        }
        // Frames are answered one after the other, and this one last.
        client.send("fail", "room:last", json!({})).await;
        let mut found = Vec::new();
        while !found.last().is_some_and(|last: &String| last.starts_with("close") || last == "error not_found") {
            found.push(client.event().await);
        }
        found.retain(|event| event != "error not_found");
        drop(client);
        settle(&server).await;
        found
    });
    assert_eq!(found, expected);
}

fn subscribe(topics: &[&str]) -> (&'static str, &'static str, Value) {
    ("subscribe", "system", json!({ "topics": topics }))
}

#[test]
fn topics_outside_the_token_are_named_in_one_error_and_the_others_applied() {
    check(
        config(),
        json!({"topics": ["room:a*", "room:last"]}),
        &[subscribe(&["room:b", "room:a1", "room:c", "nowhere", "room:a2"])],
        &["error invalid_topic: nowhere room:b room:c", "subscription_updated [room:a1 room:a2]"],
    );
    check(
        config(),
        json!({"topics": {"read": ["room:*"], "write": ["room:last"]}}),
        &[subscribe(&["room:secret", "room:b"])],
        &["error topic_forbidden: room:secret", "subscription_updated [room:b]"],
    );
    check(config(), json!({}), &[subscribe(&["room:b"])], &["subscription_updated [room:b]"]);
}

#[test]
fn reading_is_not_writing() {
    let post = |room| ("post", room, json!({"text": "x"}));
    check(
        config(),
        json!({"topics": {"read": ["room:a"], "write": ["room:b", "room:last"]}}),
        &[subscribe(&["room:a", "room:b"]), post("room:a"), post("room:b")],
        &["error topic_forbidden: room:b", "subscription_updated [room:a]", "error topic_forbidden: room:a"],
    );
    // An operation that subscribes reads.
    check(
        config(),
        json!({"topics": {"read": ["room:a"], "write": ["room:b", "room:last"]}}),
        &[("join", "room:a", json!({})), ("join", "room:b", json!({}))],
        &["joined 0", "posted#1 joining", "error topic_forbidden: room:b"],
    );
}

#[test]
fn who_goes_on_asking_is_closed_with_4403() {
    let refused = "error topic_forbidden: room:b";
    let frames: Vec<_> = (0..6).map(|_| ("post", "room:b", json!({"text": "x"}))).collect();
    let claims = || json!({"topics": ["room:a", "room:last"]});
    check(config(), claims(), &frames[..4], &[refused; 4]);
    check(config(), claims(), &frames, &[refused, refused, refused, refused, refused, "close 4403"]);
    // What the application refuses may be allowed later.
    let secret: Vec<_> = (0..6).map(|_| subscribe(&["room:secret"])).collect();
    let twice = ["error topic_forbidden: room:secret", "subscription_updated []"];
    check(config(), json!({}), &secret, &twice.repeat(6));
}

#[test]
fn an_operation_with_roles_needs_one_of_them() {
    let restart = [("restart", "room:a", json!({}))];
    check(config(), json!({}), &restart, &["error unauthorized"]);
    check(config(), json!({"roles": ["viewer", "operators"]}), &restart, &["error unauthorized"]);
    check(config(), json!({"roles": ["viewer", "admin"]}), &restart, &["you restarted"]);
}

#[test]
fn where_nobody_is_asked_for_a_token_everyone_may() {
    let frames = [("restart", "room:a", json!({})), subscribe(&["room:b"])];
    check(Config::default(), json!({}), &frames, &["you restarted", "subscription_updated [room:b]"]);
}
