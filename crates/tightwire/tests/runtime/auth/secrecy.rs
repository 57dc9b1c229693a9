//! No part of a token is ever repeated: not in a log line at any level of ours, not in a frame, not in a close.

use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use proptest::prelude::*;
use serde_json::json;
use tightwire::Server;
use tokio_websockets::Message;

use super::tokens::{config, signed};
use crate::client::{Client, REMOTE, settle};
use crate::logs::logged;
use crate::protocol::Rooms;

/// What a client reads who comes with one token in each place, and brings another later.
async fn read(first: String, place: u8, second: String) -> String {
    let server = Server::new(Rooms::default(), config());
    let (near, far) = tokio::io::duplex(16 * 1024);
    tokio::spawn(server.serve_stream(far, REMOTE));
    let bearer = format!("Bearer {first}");
    let offered = format!("rooms, bearer.{first}");
    let query = format!("/ws?token={first}");
    let mut client = match place {
        0 => Client::over_with(near, "/ws", &[("authorization", &bearer)]).await,
        1 => Client::over_with(near, "/ws", &[("sec-websocket-protocol", &offered)]).await,
        _ => Client::over_with(near, &query, &[]).await,
    };
    let id = uuid::Uuid::new_v4();
    let frame =
        json!({"v": 1, "id": id, "type": "authenticate", "topic": "system", "ts": 0, "data": {"token": second}});
    let _ = client.socket.send(Message::text(frame.to_string())).await;
    // A frame that violates the contract, and ends the connection if nothing did before.
    let broken = json!({"id": id, "type": "authenticate", "token": second});
    let _ = client.socket.send(Message::text(broken.to_string())).await;
    let mut said = String::new();
    while let Some(Ok(message)) = client.socket.next().await {
        said.push_str(&String::from_utf8_lossy(message.as_payload()));
    }
    drop(client);
    settle(&server).await;
    said
}

/// A token that is right, one whose signature is not, or no token at all.
fn tokens() -> impl Strategy<Value = String> {
    let right = "[a-z]{12}".prop_map(|name| signed(json!({"sub": name})));
    let forged = ("[a-z]{12}", "[A-Za-z0-9_-]{43}").prop_map(|(name, signature)| {
        let token = signed(json!({"sub": name}));
        let (signed, _) = token.rsplit_once('.').expect("three parts");
        format!("{signed}.{signature}")
    });
    prop_oneof![right, forged, "[A-Za-z0-9_.-]{16,200}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_of_a_token_is_repeated(first in tokens(), place in 0..3_u8, second in tokens()) {
        let said = Arc::new(Mutex::new(String::new()));
        let lines = {
            let (said, first, second) = (Arc::clone(&said), first.clone(), second.clone());
            logged(tracing::Level::TRACE, async move {
                *said.lock().expect("not poisoned") = read(first, place, second).await;
            })
        };
        let mut heard = said.lock().expect("not poisoned").clone();
        prop_assert!(!heard.is_empty() && !lines.is_empty(), "{heard} {lines:?}");
        heard.extend(lines.iter().map(ToString::to_string));
        // Shorter parts may be in there by chance.
        for part in first.split('.').chain(second.split('.')).filter(|part| part.len() >= 12) {
            prop_assert!(!heard.contains(&part[..12]), "{part} in {heard}");
        }
    }
}
